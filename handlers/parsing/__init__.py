"""Parsers for what people type: dates, timetables and orders for a schedule."""
