"""Whom we call: our tables, the catalog, onboarding, evidence."""
