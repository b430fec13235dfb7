"""Rules: their model, their selectors, their one door to RE2, how they load, compile and prove themselves."""
