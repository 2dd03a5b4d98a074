"""Onboarding over HTTP."""

from onboarding.inbound.http import clock, keys, members, parties, sessions

ROUTERS = (parties.router, members.router, keys.router, sessions.router, clock.router)
