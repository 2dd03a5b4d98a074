"""The business of circulation in plain Python."""
