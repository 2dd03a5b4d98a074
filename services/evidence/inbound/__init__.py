"""Who calls evidence."""
