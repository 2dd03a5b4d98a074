"""Measurements of the whole market on this machine: ``make bench``."""
