"""Onboarding over HTTP."""

from onboarding.inbound.http import clock, keys, members, outside_identities, parties, sessions

ROUTERS = (parties.router, members.router, outside_identities.router, keys.router, sessions.router, clock.router)
