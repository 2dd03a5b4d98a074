"""Pledge: loans, the order of a pledge, bookings and the watch."""
