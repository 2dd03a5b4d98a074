"""The promises under faults: a market, clients that remember, something that breaks things, and a verdict."""
