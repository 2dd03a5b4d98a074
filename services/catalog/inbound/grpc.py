"""Catalog over gRPC: what the other services ask when an answer is needed now."""

from collections.abc import AsyncIterator
from typing import Protocol

from catalog.domain.authorisation import Authorisation
from catalog.domain.dataset import Dataset
from catalog.domain.product import Product
from catalog.domain.refusals import ContractKeyMalformed
from catalog.ports import Cataloguing
from catalog.use_cases import lending, subjects
from kernel.canonical import canonical
from yaosu.catalog.v1 import catalog_service_pb2 as contract
from yaosu.catalog.v1.catalog_service_pb2_grpc import CatalogServiceServicer

READERS = {"rights", "trading", "delivery", "pledge"}
CALLERS = {
    "GetDataset": READERS, "GetVersion": READERS, "GetProduct": READERS, "GetAuthorisation": READERS,
    "ReadFile": {"rights", "delivery"}, "IndexSubjects": {"delivery"},
}  # fmt: skip
KEY_BYTES = 32


class Messages(Protocol):
    """Facts as contracts; outbound has them, since events carry them too."""

    def dataset_message(self, dataset: Dataset) -> contract.Dataset:
        """A dataset."""

    def product_message(self, product: Product, dataset: Dataset) -> contract.Product:
        """A product."""

    def authorisation_message(self, authorisation: Authorisation, *, in_force: bool) -> contract.Authorisation:
        """An authorisation."""


class Librarian(CatalogServiceServicer):
    """See the contract."""

    def __init__(self, cataloguing: Cataloguing, messages: Messages) -> None:
        self._app, self._messages = cataloguing, messages

    async def GetDataset(  # noqa: N802 - the contract's name
        self, request: contract.GetDatasetRequest, _context: object
    ) -> contract.GetDatasetResponse:
        """See the contract."""
        dataset = await lending.lend_dataset(self._app, request.dataset_id)
        return contract.GetDatasetResponse(dataset=self._messages.dataset_message(dataset))

    async def GetVersion(  # noqa: N802 - as above
        self, request: contract.GetVersionRequest, _context: object
    ) -> contract.GetVersionResponse:
        """See the contract."""
        version, dataset, look = await lending.lend_version(self._app, request.version_id)
        return contract.GetVersionResponse(version=contract.Version(
            version_id=version.id, dataset_id=dataset.id, number=version.number, digest=version.digest,
            manifest=version.manifest, profile=canonical(look.profile).decode(),
            sketch=canonical(look.sketch).decode(), published_at=version.published_at,
            dataset=self._messages.dataset_message(dataset),
        ))  # fmt: skip

    async def GetProduct(  # noqa: N802 - as above
        self, request: contract.GetProductRequest, _context: object
    ) -> contract.GetProductResponse:
        """See the contract."""
        product, dataset = await lending.lend_product(self._app, request.product_id)
        return contract.GetProductResponse(product=self._messages.product_message(product, dataset))

    async def GetAuthorisation(  # noqa: N802 - as above
        self, request: contract.GetAuthorisationRequest, _context: object
    ) -> contract.GetAuthorisationResponse:
        """See the contract."""
        authorisation, in_force = await lending.lend_authorisation(self._app, request.authorisation_id)
        message = self._messages.authorisation_message(authorisation, in_force=in_force)
        return contract.GetAuthorisationResponse(authorisation=message)

    async def ReadFile(  # noqa: N802 - as above
        self, request: contract.ReadFileRequest, _context: object
    ) -> AsyncIterator[contract.ReadFileResponse]:
        """See the contract."""
        async for piece in lending.read_file(self._app, request.version_id, request.file_name):
            yield contract.ReadFileResponse(chunk=piece)

    async def IndexSubjects(  # noqa: N802 - as above
        self, request: contract.IndexSubjectsRequest, _context: object
    ) -> AsyncIterator[contract.IndexSubjectsResponse]:
        """See the contract."""
        if len(request.contract_key) != KEY_BYTES:
            raise ContractKeyMalformed
        async for batch in subjects.index_subjects(self._app, request.version_id, request.contract_key):
            yield contract.IndexSubjectsResponse(entries=[
                contract.SubjectEntry(row_token=row, subject_token=subject, identity_pseudonym=person)
                for row, subject, person in batch
            ])  # fmt: skip
