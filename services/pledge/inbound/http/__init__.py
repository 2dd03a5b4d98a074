"""Pledge over HTTP."""

from pledge.inbound.http.bookings import router as bookings
from pledge.inbound.http.loans import router as loans
from pledge.inbound.http.pledges import router as pledges
from pledge.inbound.http.watches import router as watches

ROUTERS = [bookings, loans, pledges, watches]
