"""Looking at many predictions: one page, what deserves a look first, verdicts."""
