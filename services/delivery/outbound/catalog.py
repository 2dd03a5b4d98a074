"""What is on offer and its bytes, asked of catalog."""

from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime

from delivery.domain.files import Manifest
from delivery.ports import ProductOffered
from kernel.calendar import end_of_day
from kernel.rpc import Peer
from yaosu.catalog.v1.catalog_service_pb2 import (
    GetAuthorisationRequest,
    GetProductRequest,
    GetVersionRequest,
    IndexSubjectsRequest,
    ReadFileRequest,
)  # fmt: skip
from yaosu.catalog.v1.catalog_service_pb2_grpc import CatalogServiceStub

MANIFESTS_MAX = 256


class GrpcCatalog:
    """See ``ports.Catalog``."""

    def __init__(self, peer: Peer) -> None:
        self._peer, self._stub = peer, peer.stub(CatalogServiceStub)
        self._manifests: OrderedDict[str, Manifest] = OrderedDict()

    async def product(self, product_id: str) -> ProductOffered:
        """See the port."""
        product = (await self._peer.call(self._stub.GetProduct, GetProductRequest(product_id=product_id))).product
        return ProductOffered(
            product_id=product.product_id, dataset_id=product.dataset_id, name=product.name,
            specification=product.specification, specification_digest=product.specification_digest,
            authorisation_id=product.authorisation_id, latest_version_id=product.latest_version_id,
        )  # fmt: skip

    async def authorised_until(self, authorisation_id: str) -> datetime:
        """See the port."""
        request = GetAuthorisationRequest(authorisation_id=authorisation_id)
        authorisation = (await self._peer.call(self._stub.GetAuthorisation, request)).authorisation
        return end_of_day(date.fromisoformat(authorisation.ends_on))

    async def manifest(self, version_id: str) -> Manifest:
        """See the port; a version never changes, so its manifest is asked for once."""
        known = self._manifests.get(version_id)
        if known is None:
            version = (await self._peer.call(self._stub.GetVersion, GetVersionRequest(version_id=version_id))).version
            known = self._manifests[version_id] = Manifest.read(version.manifest, version.digest)
            if len(self._manifests) > MANIFESTS_MAX:
                self._manifests.popitem(last=False)
        return known

    async def read_file(self, version_id: str, file_name: str) -> AsyncIterator[bytes]:
        """See the port."""
        request = ReadFileRequest(version_id=version_id, file_name=file_name)
        async for part in self._peer.stream(self._stub.ReadFile, request):
            yield part.chunk

    async def index_subjects(
        self, version_id: str, contract_key: bytes
    ) -> AsyncIterator[Sequence[tuple[str, str, str]]]:
        """See the port."""
        request = IndexSubjectsRequest(version_id=version_id, contract_key=contract_key)
        async for part in self._peer.stream(self._stub.IndexSubjects, request):
            yield [(entry.row_token, entry.subject_token, entry.identity_pseudonym) for entry in part.entries]
