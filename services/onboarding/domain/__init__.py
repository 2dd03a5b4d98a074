"""The business of taking part, in plain Python."""
