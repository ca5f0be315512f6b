"""The options of each config group, one file for each: type, default, range and its words."""
