"""Many clean events in one envelope of the spool, and out of it again."""
