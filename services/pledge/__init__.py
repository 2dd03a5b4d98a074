"""Pledge: what data cost, and what is lent against it."""
