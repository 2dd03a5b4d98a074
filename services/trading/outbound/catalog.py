"""What is on offer, asked of catalog."""

from kernel.refusals import NotFound
from kernel.rpc import Peer
from trading.domain.listings import Product
from yaosu.catalog.v1.catalog_service_pb2 import GetProductRequest, GetVersionRequest
from yaosu.catalog.v1.catalog_service_pb2_grpc import CatalogServiceStub


class GrpcCatalog:
    """See ``ports.Catalog``."""

    def __init__(self, peer: Peer) -> None:
        self._peer, self._stub = peer, peer.stub(CatalogServiceStub)

    async def product(self, product_id: str) -> Product | None:
        """A product, or nothing."""
        try:
            answer = await self._peer.call(self._stub.GetProduct, GetProductRequest(product_id=product_id))
        except NotFound:
            return None
        told = answer.product
        return Product(
            told.product_id, told.dataset_id, told.owner_party_id, told.name, told.specification_digest,
            told.lineage_root, told.authorisation_id, told.supplier_party_id, told.state,
            told.ceiling_price_fen if told.HasField("ceiling_price_fen") else None, tuple(told.deliveries),
        )  # fmt: skip

    async def dataset_of_version(self, version_id: str) -> str | None:
        """The dataset a version belongs to, or nothing."""
        try:
            answer = await self._peer.call(self._stub.GetVersion, GetVersionRequest(version_id=version_id))
        except NotFound:
            return None
        return str(answer.version.dataset_id)
