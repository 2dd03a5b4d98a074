"""Who may call what: every operation, every kind of caller, own and others' objects, held against one table."""
