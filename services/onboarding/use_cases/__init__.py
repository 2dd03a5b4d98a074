"""What can be asked of onboarding, one function each."""
