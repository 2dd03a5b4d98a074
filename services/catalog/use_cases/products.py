"""Making products of datasets, and publishing them."""

import json
from dataclasses import dataclass
from typing import Any

from catalog.domain.dataset import Dataset
from catalog.domain.events import ProductPublished
from catalog.domain.product import Product, ProductState
from catalog.domain.refusals import NothingPublishedYet, ProductNotFound
from catalog.domain.specification import need_met, specification_of
from catalog.ports import Cataloguing, Entry, Work
from catalog.use_cases.datasets import owned_dataset
from kernel.callers import Caller
from kernel.canonical import canonical
from kernel.ids import new_id
from kernel.work import Ticket


@dataclass(frozen=True)
class Making:
    """What a product shall be."""

    dataset_id: str
    name: str
    name_en: str
    description: str
    description_en: str
    specification: dict[str, Any]  # Any: unchecked JSON


async def make_product(app: Cataloguing, caller: Caller, once: Ticket, making: Making) -> tuple[Product, Dataset]:
    """A draft, with its specification checked and digested."""
    written, digest, deliveries = specification_of(making.specification)
    async with app.work(once) as work:
        dataset = await owned_dataset(work, caller, making.dataset_id)
        if not dataset.latest_version_id:
            raise NothingPublishedYet(dataset_id=dataset.id)
        product = Product(
            id=new_id("prd"), dataset_id=dataset.id, owner_party_id=caller.party_id, name=making.name,
            name_en=making.name_en, description=making.description, description_en=making.description_en,
            specification=written, specification_digest=digest, deliveries=deliveries, created_at=work.now,
        )  # fmt: skip
        await work.products.add(product)
        return work.settle((product, dataset))


async def publish_product(app: Cataloguing, caller: Caller, once: Ticket, product_id: str) -> tuple[Product, Dataset]:
    """Publish it, where the newest version has what the specification reads."""
    async with app.work(once) as work:
        product = await work.products.get(product_id)
        if product.owner_party_id != caller.party_id:
            raise ProductNotFound(product_id=product_id)
        published = product.published(work.now)
        dataset = await work.datasets.get(product.dataset_id)
        need_met(json.loads(product.specification), await _files(work, dataset))
        await work.products.save(published)
        await work.entries.put(_entry(published, dataset, work))
        deposit = canonical({
            "type": "ProductPublished", "product_id": product.id, "dataset_id": dataset.id,
            "owner_party_id": caller.party_id, "specification_digest": product.specification_digest,
            "published_at": work.now.isoformat(),
        })  # fmt: skip
        work.tell(ProductPublished(published, dataset, work.now), about=product.id, deposit=deposit)
        return work.settle((published, dataset))


async def _files(work: Work, dataset: Dataset) -> dict[str, set[str]]:
    profile = (await work.versions.look(dataset.latest_version_id)).profile
    return {file["name"]: {column["name"] for column in file.get("columns", [])} for file in profile["files"]}


def _entry(product: Product, dataset: Dataset, work: Work) -> Entry:
    return Entry(
        id=product.id, kind="product", title=product.name, title_en=product.name_en, description=product.description,
        description_en=product.description_en, theme=dataset.theme, form=dataset.form,
        lineage_root=dataset.lineage_root, published_at=work.now,
    )  # fmt: skip


async def read_product(app: Cataloguing, caller: Caller, product_id: str) -> tuple[Product, Dataset]:
    """A published product, or the caller's own."""
    async with app.work(None) as work:
        product = await work.products.get(product_id)
        if product.state is ProductState.DRAFT and product.owner_party_id != caller.party_id:
            raise ProductNotFound(product_id=product_id)
        return product, await work.datasets.get(product.dataset_id)


async def list_products(app: Cataloguing, caller: Caller, limit: int, after: str) -> list[tuple[Product, Dataset]]:
    """Published ones and the caller's own, newest first."""
    async with app.work(None) as work:
        products = await work.products.page(caller.party_id, limit, after)
        return [(product, await work.datasets.get(product.dataset_id)) for product in products]
