"""Named validators, one family a file: candidate text in, checked spans out."""
