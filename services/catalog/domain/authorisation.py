"""Authorised operation of public data 公共数据授权运营: who may operate what, for how long, and how dear."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from catalog.domain.refusals import (
    AuthorisationAlreadyEnded,
    AuthorisationNotInForce,
    NotNamedInAuthorisation,
    TermBackwards,
    TermTooLong,
)  # fmt: skip
from catalog.domain.themes import Theme

TERM_YEARS_MAX = 5  # 发改数据规〔2025〕27号


class AuthorisationState(StrEnum):
    """GRANTED until its term is over or somebody ends it."""

    GRANTED = "GRANTED"
    ENDED = "ENDED"


class PriceUnit(StrEnum):
    """What a ceiling price is for."""

    CALL = "call"
    FILE = "file"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True)
class Authorisation:
    """One agreement of an implementing body with an operator; both dates are included."""

    id: str
    implementing_body_id: str
    operator_party_id: str
    supplier_party_ids: tuple[str, ...]
    scope: str
    scenario: str
    theme: Theme
    starts_on: date
    ends_on: date
    granted_at: datetime
    state: AuthorisationState = AuthorisationState.GRANTED
    ended_at: datetime | None = None
    end_reason: str | None = None
    version: int = 1

    def check_term(self) -> None:
        """At most five years, forwards, and not wholly past."""
        if self.ends_on < self.starts_on or self.ends_on < self.granted_at.date():
            raise TermBackwards
        if self.ends_on >= _years_later(self.starts_on, TERM_YEARS_MAX):
            raise TermTooLong(years_max=TERM_YEARS_MAX)

    def in_force(self, on: date) -> bool:
        """Whether it may be relied on that day."""
        return self.state is AuthorisationState.GRANTED and self.starts_on <= on <= self.ends_on

    def need_in_force(self, on: date) -> None:
        """Refuse when it may not be relied on."""
        if not self.in_force(on):
            raise AuthorisationNotInForce(authorisation_id=self.id)

    def need_named(self, supplier_party_id: str, operator_party_id: str) -> None:
        """Refuse when it does not name both."""
        if operator_party_id != self.operator_party_id or supplier_party_id not in self.supplier_party_ids:
            raise NotNamedInAuthorisation(authorisation_id=self.id)

    def ended(self, reason: str, at: datetime) -> "Authorisation":
        """It is over from this moment on."""
        if self.state is AuthorisationState.ENDED:
            raise AuthorisationAlreadyEnded(authorisation_id=self.id)
        return replace(self, state=AuthorisationState.ENDED, ended_at=at, end_reason=reason)


@dataclass(frozen=True)
class CeilingPrice:
    """The most that may be asked for a product (发改价格〔2025〕65号); the newest one counts."""

    id: str
    authorisation_id: str
    product_id: str
    ceiling_price_fen: int
    unit: PriceUnit
    basis: str
    set_at: datetime


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return date(day.year + years, 3, 1)
