"""Verification of certificates offline."""
