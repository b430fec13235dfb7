"""Rules: model, selectors, the one door to RE2, how they load, compile and prove themselves."""
