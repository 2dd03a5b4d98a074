"""Which services a market has, in the order in which they are opened."""

SERVICES = ("onboarding", "catalog", "rights", "trading", "delivery", "pledge", "evidence")
