-- Posted messages stay as they are when their story is edited: nothing reads these any more.
DROP TABLE correction;
DROP TABLE shown;
