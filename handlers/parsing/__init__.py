"""What people type: dates, timetables and schedule orders."""
