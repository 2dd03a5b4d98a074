"""Proofs of deposit, asked of evidence."""

from datetime import UTC

from kernel.refusals import NotFound
from kernel.rpc import Peer
from rights.ports import Proof
from yaosu.evidence.v1.evidence_service_pb2 import GetProofRequest
from yaosu.evidence.v1.evidence_service_pb2_grpc import EvidenceServiceStub


class GrpcEvidence:
    """See ``ports.Evidence``."""

    def __init__(self, peer: Peer) -> None:
        self._peer, self._stub = peer, peer.stub(EvidenceServiceStub)

    async def proof(self, sha256: str, extra: bytes = b"") -> Proof | None:
        """The proof, or nothing while no checkpoint covers the bytes."""
        request = GetProofRequest(deposit_sha256=sha256, extra_data=extra)
        try:
            answer = await self._peer.call(self._stub.GetProof, request)
        except NotFound:
            return None
        return Proof(answer.tlog_proof, answer.deposited_at.ToDatetime(tzinfo=UTC))
