"""Who calls onboarding."""
