"""Products in PostgreSQL, each with the ceiling price that counts."""

from typing import Any

from sqlalchemy import Row, Select, insert, or_, select, true

from catalog.domain.product import Product, ProductState
from catalog.domain.refusals import ProductNotFound
from catalog.outbound.tables import ceiling_prices, products
from kernel.connection import Connection
from kernel.storage import change

_CEILING = (
    select(ceiling_prices.c.ceiling_price_fen, ceiling_prices.c.unit)
    .where(ceiling_prices.c.product_id == products.c.id)
    .order_by(ceiling_prices.c.id.desc())
    .limit(1)
    .lateral("ceiling")
)


class SqlProducts:
    """See ``ports.Products``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, product: Product) -> None:
        """See the port."""
        values = {key: value for key, value in vars(product).items() if not key.startswith("ceiling_")}
        await self._conn.execute(insert(products).values({**values, "deliveries": list(product.deliveries)}))

    async def get(self, product_id: str) -> Product:
        """See the port."""
        row = (await self._conn.execute(_all().where(products.c.id == product_id))).one_or_none()
        if row is None:
            raise ProductNotFound(product_id=product_id)
        return _product(row)

    async def save(self, product: Product) -> None:
        """See the port."""
        values = {"state": product.state, "published_at": product.published_at}
        await change(self._conn, products, key={"id": product.id}, version=product.version, values=values)

    async def page(self, party_id: str, limit: int, after: str) -> list[Product]:
        """See the port."""
        seen = or_(products.c.state == ProductState.PUBLISHED, products.c.owner_party_id == party_id)
        query = _all().where(seen).order_by(products.c.id.desc()).limit(limit)
        if after:
            query = query.where(products.c.id < after)
        return [_product(row) for row in await self._conn.execute(query)]


def _all() -> Select[Any]:  # Any: a table's columns are typed by the table
    columns = (*products.c, _CEILING.c.ceiling_price_fen, _CEILING.c.unit.label("ceiling_unit"))
    return select(*columns).select_from(products.outerjoin(_CEILING, onclause=true()))


def _product(row: Row[Any]) -> Product:  # Any: as above
    return Product(
        id=row.id, dataset_id=row.dataset_id, owner_party_id=row.owner_party_id, name=row.name, name_en=row.name_en,
        description=row.description, description_en=row.description_en, specification=row.specification,
        specification_digest=row.specification_digest, deliveries=tuple(row.deliveries), created_at=row.created_at,
        state=ProductState(row.state), published_at=row.published_at, ceiling_price_fen=row.ceiling_price_fen,
        ceiling_unit=row.ceiling_unit, version=row.version,
    )  # fmt: skip
