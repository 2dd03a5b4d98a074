"""Who takes part in the market, what they may do there, and how they show who they are."""
