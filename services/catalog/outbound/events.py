"""Catalog's facts and events as contracts."""

from google.protobuf.message import Message

from catalog.domain.authorisation import Authorisation
from catalog.domain.dataset import Dataset
from catalog.domain.events import (
    AuthorisationEnded,
    AuthorisationGranted,
    CeilingPriceSet,
    ProductPublished,
    VersionPublished,
)  # fmt: skip
from catalog.domain.product import Product
from yaosu.catalog.v1 import catalog_service_pb2, events_pb2


def as_contract(event: object) -> Message:
    """The protobuf message of a domain event."""
    match event:
        case VersionPublished():
            return events_pb2.VersionPublished(
                version_id=event.version.id, dataset=dataset_message(event.dataset), number=event.version.number,
                digest=event.version.digest, published_at=event.published_at,
            )  # fmt: skip
        case ProductPublished():
            return events_pb2.ProductPublished(
                product=product_message(event.product, event.dataset), published_at=event.published_at
            )
        case AuthorisationGranted():
            in_force = event.authorisation.in_force(event.granted_at.date())
            message = authorisation_message(event.authorisation, in_force=in_force)
            return events_pb2.AuthorisationGranted(authorisation=message, granted_at=event.granted_at)
        case AuthorisationEnded():
            return events_pb2.AuthorisationEnded(
                authorisation_id=event.authorisation_id, reason=event.reason, ended_at=event.ended_at
            )
        case CeilingPriceSet():
            return events_pb2.CeilingPriceSet(
                product_id=event.product_id, authorisation_id=event.authorisation_id,
                ceiling_price_fen=event.ceiling_price_fen, set_at=event.set_at,
            )  # fmt: skip
    words = f"no contract for {type(event).__name__}"
    raise TypeError(words)


def dataset_message(dataset: Dataset) -> catalog_service_pb2.Dataset:
    """A dataset for the other services."""
    return catalog_service_pb2.Dataset(
        dataset_id=dataset.id, owner_party_id=dataset.owner_party_id, title=dataset.title, title_en=dataset.title_en,
        form=dataset.form, source_kind=dataset.source_kind, lineage_root=dataset.lineage_root,
        authorisation_id=dataset.authorisation_id, source_dataset_ids=dataset.source_dataset_ids,
        latest_version_id=dataset.latest_version_id, supplier_party_id=dataset.supplier_party_id,
    )  # fmt: skip


def product_message(product: Product, dataset: Dataset) -> catalog_service_pb2.Product:
    """A product for the other services."""
    return catalog_service_pb2.Product(
        product_id=product.id, dataset_id=dataset.id, owner_party_id=product.owner_party_id, name=product.name,
        name_en=product.name_en, specification=product.specification,
        specification_digest=product.specification_digest, lineage_root=dataset.lineage_root,
        authorisation_id=dataset.authorisation_id, supplier_party_id=dataset.supplier_party_id, state=product.state,
        latest_version_id=dataset.latest_version_id, ceiling_price_fen=product.ceiling_price_fen,
        deliveries=product.deliveries,
    )  # fmt: skip


def authorisation_message(authorisation: Authorisation, *, in_force: bool) -> catalog_service_pb2.Authorisation:
    """An authorisation for the other services."""
    return catalog_service_pb2.Authorisation(
        authorisation_id=authorisation.id, implementing_body_id=authorisation.implementing_body_id,
        operator_party_id=authorisation.operator_party_id, supplier_party_ids=authorisation.supplier_party_ids,
        scope=authorisation.scope, scenario=authorisation.scenario, starts_on=authorisation.starts_on.isoformat(),
        ends_on=authorisation.ends_on.isoformat(), in_force=in_force,
    )  # fmt: skip
