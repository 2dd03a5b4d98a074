"""Trading over HTTP."""

from trading.inbound.http import contracts, listings, money, settling

ROUTERS = [listings.router, contracts.router, money.router, settling.router]
