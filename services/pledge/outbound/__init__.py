"""Whom pledge calls: its database, the rights registry, onboarding, the outside registry."""
