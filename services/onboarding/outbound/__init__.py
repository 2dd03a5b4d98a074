"""Whom onboarding calls."""
