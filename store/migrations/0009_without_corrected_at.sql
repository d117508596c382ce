-- Written where a message was found as it should be, with a call or without one, and never read.
ALTER TABLE correction DROP COLUMN corrected_at;
