"""Trading over HTTP."""

from trading.inbound.http import certificates, contracts, listings, money, settling

ROUTERS = [listings.router, contracts.router, money.router, settling.router, certificates.router]
