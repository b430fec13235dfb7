"""The workbench: explains, lints, drafts and tries rules, for people who write them."""
