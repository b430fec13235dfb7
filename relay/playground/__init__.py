"""The playground: a page on the admin port where a rule is written and tried; it keeps nothing."""
