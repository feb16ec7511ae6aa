"""The phases of a performance plan around the hunt: quantify, diagnose, verify, alarm, deadlines."""
