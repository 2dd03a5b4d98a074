"""Products over HTTP."""

import json
from datetime import datetime
from typing import Self

from catalog.domain.dataset import Dataset
from catalog.domain.product import Product, ProductState
from catalog.inbound.http.datasets import OWNERS
from catalog.inbound.http.ports_of import Id, Json, PageView, Ports, Words
from catalog.use_cases import products
from catalog.use_cases.products import Making
from kernel.web import CallerOf, Code, Name, OnceKey, PageOf, Router, Shape, Text, View, allow

router = Router(prefix="/products", tags=["products 数据产品"])


class ProductMaking(Shape):
    """A product; the vocabulary of specifications is on catalog's page."""

    dataset_id: Code
    name: Name
    name_en: Words = ""
    description: Text
    description_en: Words = ""
    specification: Json


class ProductView(View):
    """A product with the ceiling price that counts."""

    product_id: str
    dataset_id: str
    owner_party_id: str
    supplier_party_id: str
    name: str
    name_en: str
    description: str
    description_en: str
    specification: Json
    specification_digest: str
    deliveries: list[str]
    lineage_root: str
    authorisation_id: str
    latest_version_id: str
    state: ProductState
    ceiling_price_fen: int | None
    ceiling_unit: str | None
    published_at: datetime | None

    @classmethod
    def of(cls, found: tuple[Product, Dataset]) -> Self:
        """From the product and its dataset."""
        product, dataset = found
        return cls.model_validate({
            **{name: value for name, value in vars(product).items() if name in cls.model_fields},
            "product_id": product.id, "specification": json.loads(product.specification),
            "supplier_party_id": dataset.supplier_party_id, "lineage_root": dataset.lineage_root,
            "authorisation_id": dataset.authorisation_id, "latest_version_id": dataset.latest_version_id,
        })  # fmt: skip


class ProductsView(PageView):
    """A page of products."""

    items: list[ProductView]


@router.post("", status_code=201, dependencies=[allow(*OWNERS)])
async def make_product(making: ProductMaking, ports: Ports, caller: CallerOf, once: OnceKey) -> ProductView:
    """Make a draft of a product."""
    return ProductView.of(await products.make_product(ports, caller, once, Making(**vars(making))))


@router.post("/{product_id}:publish", dependencies=[allow(*OWNERS)])
async def publish_product(product_id: Id, ports: Ports, caller: CallerOf, once: OnceKey) -> ProductView:
    """Publish it; its specification never changes from then on."""
    return ProductView.of(await products.publish_product(ports, caller, once, product_id))


@router.get("", dependencies=[allow()])
async def list_products(ports: Ports, caller: CallerOf, page: PageOf) -> ProductsView:
    """Published products and one's own, newest first."""
    found = await products.list_products(ports, caller, page.limit, page.after)
    return ProductsView.around([ProductView.of(each) for each in found], page.limit, "product_id")


@router.get("/{product_id}", dependencies=[allow()])
async def read_product(product_id: Id, ports: Ports, caller: CallerOf) -> ProductView:
    """One product."""
    return ProductView.of(await products.read_product(ports, caller, product_id))
