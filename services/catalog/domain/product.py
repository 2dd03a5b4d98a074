"""Products: what is offered of a dataset, by a specification that never changes once published."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from catalog.domain.refusals import ProductNotDraft


class ProductState(StrEnum):
    """DRAFT → PUBLISHED → WITHDRAWN."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True)
class Product:
    """A data product 数据产品."""

    id: str
    dataset_id: str
    owner_party_id: str
    name: str
    name_en: str
    description: str
    description_en: str
    specification: str
    specification_digest: str
    deliveries: tuple[str, ...]
    created_at: datetime
    state: ProductState = ProductState.DRAFT
    published_at: datetime | None = None
    ceiling_price_fen: int | None = None
    ceiling_unit: str | None = None
    version: int = 1

    def published(self, at: datetime) -> "Product":
        """From now on it may be listed, and its specification stands."""
        if self.state is not ProductState.DRAFT:
            raise ProductNotDraft(product_id=self.id, state=self.state)
        return replace(self, state=ProductState.PUBLISHED, published_at=at)
