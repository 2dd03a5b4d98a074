"""Onboarding: parties, doors, keys, people and the clock."""
