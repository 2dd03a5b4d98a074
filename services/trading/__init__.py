"""Circulation: listings, contracts, the ledger of sales, settlement and trade certificates."""
