"""Rooms: locked processes in which questions about persons are answered."""
