"""What is on offer, asked of catalog."""

import json
from collections.abc import Collection, Sequence
from datetime import date

from kernel.canonical import sha256_hex
from kernel.refusals import NotFound
from kernel.rpc import Peer
from rights.domain.filing import Subject
from rights.domain.sketch import marks
from rights.ports import Asset, Content, Measured
from yaosu.catalog.v1 import catalog_service_pb2 as contract
from yaosu.catalog.v1.catalog_service_pb2_grpc import CatalogServiceStub


class GrpcCatalog:
    """See ``ports.Catalog``."""

    def __init__(self, peer: Peer) -> None:
        self._peer, self._stub = peer, peer.stub(CatalogServiceStub)

    async def asset(self, dataset_id: str, product_id: str) -> Asset | None:
        """A dataset or product and its lineage, or nothing."""
        try:
            if product_id:
                told = (
                    await self._peer.call(self._stub.GetProduct, contract.GetProductRequest(product_id=product_id))
                ).product
                return Asset(told.dataset_id, told.product_id, told.lineage_root, told.owner_party_id)
            dataset = await self._dataset(dataset_id)
        except NotFound:
            return None
        return Asset(dataset.dataset_id, "", dataset.lineage_root, dataset.owner_party_id)

    async def _dataset(self, dataset_id: str) -> contract.Dataset:
        answer = await self._peer.call(self._stub.GetDataset, contract.GetDatasetRequest(dataset_id=dataset_id))
        dataset: contract.Dataset = answer.dataset
        return dataset

    async def version(self, version_id: str, product_id: str = "") -> Measured | None:
        """A published version, as what it would be registered."""
        try:
            answer = await self._peer.call(self._stub.GetVersion, contract.GetVersionRequest(version_id=version_id))
            version: contract.Version = answer.version
            owner = version.dataset.owner_party_id
            authorisation_id = version.dataset.authorisation_id
            if product_id:
                request = contract.GetProductRequest(product_id=product_id)
                product = (await self._peer.call(self._stub.GetProduct, request)).product
                owner = product.owner_party_id
                authorisation_id = product.authorisation_id or authorisation_id
        except NotFound:
            return None
        ends_on, in_force = await self._term(authorisation_id)
        dataset = version.dataset
        subject = Subject(
            version.dataset_id or dataset.dataset_id, product_id, version.version_id, version.digest,
            dataset.lineage_root, dataset.form, dataset.source_kind, owner, authorisation_id, ends_on, in_force,
            list(dataset.source_dataset_ids),
        )  # fmt: skip
        profile = json.loads(version.profile or "{}")
        return Measured(subject, content_of(version), profile.get("quality", []), sha256_hex(version.profile.encode()))

    async def _term(self, authorisation_id: str) -> tuple[date | None, bool]:
        if not authorisation_id:
            return None, True
        request = contract.GetAuthorisationRequest(authorisation_id=authorisation_id)
        told = (await self._peer.call(self._stub.GetAuthorisation, request)).authorisation
        return date.fromisoformat(told.ends_on), told.in_force

    async def owners(self, dataset_ids: Sequence[str]) -> Collection[str]:
        """Who owns these datasets."""
        return {(await self._dataset(dataset_id)).owner_party_id for dataset_id in dataset_ids}


def content_of(version: contract.Version) -> Content:
    """What a version consists of, from its manifest and sketch."""
    files = json.loads(version.manifest)["files"]
    sketch = json.loads(version.sketch or "{}")
    return Content(
        version.version_id, version.dataset_id or version.dataset.dataset_id, version.dataset.lineage_root,
        sorted({file["sha256"] for file in files}), sketch, marks(sketch),
    )  # fmt: skip
