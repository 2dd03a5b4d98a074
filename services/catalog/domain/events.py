"""What catalog tells."""

from dataclasses import dataclass
from datetime import datetime

from catalog.domain.authorisation import Authorisation
from catalog.domain.dataset import Dataset
from catalog.domain.product import Product
from catalog.domain.version import Version


@dataclass(frozen=True)
class VersionPublished:
    """A version stands and will not change."""

    version: Version
    dataset: Dataset
    published_at: datetime


@dataclass(frozen=True)
class ProductPublished:
    """A product may be listed."""

    product: Product
    dataset: Dataset
    published_at: datetime


@dataclass(frozen=True)
class AuthorisationGranted:
    """Public data may be operated."""

    authorisation: Authorisation
    granted_at: datetime


@dataclass(frozen=True)
class AuthorisationEnded:
    """Public data may no longer be operated under it."""

    authorisation_id: str
    reason: str
    ended_at: datetime


@dataclass(frozen=True)
class CeilingPriceSet:
    """No higher price may be asked for the product."""

    product_id: str
    authorisation_id: str
    ceiling_price_fen: int
    set_at: datetime
