"""Loans against data, the pledges that secure them, and what the data cost: the rules."""
