"""Whom we call: our tables, the other services, the payer."""
