"""Rights over HTTP."""

from rights.inbound.http import certificates, encumbrances, registrations, reports, reviews

ROUTERS = [registrations.router, reviews.router, certificates.router, encumbrances.router, reports.router]
