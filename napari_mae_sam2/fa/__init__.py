"""A fluorescein angiography frame as a grader knows it: pixels, field, measurements."""
