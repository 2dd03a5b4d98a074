"""Eight callers at a barrier: exactly one wins, and each side wins sometimes; with the planted bugs that break it."""
