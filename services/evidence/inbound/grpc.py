"""Evidence over gRPC: proofs for the services that write certificates."""

from evidence.ports import Recording
from evidence.use_cases import proofs
from yaosu.evidence.v1.evidence_service_pb2 import GetProofRequest, GetProofResponse
from yaosu.evidence.v1.evidence_service_pb2_grpc import EvidenceServiceServicer

CALLERS = {"GetProof": {"rights", "trading", "pledge"}}


class Prover(EvidenceServiceServicer):
    """See the contract."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    async def GetProof(self, request: GetProofRequest, _context: object) -> GetProofResponse:  # noqa: N802 - the contract's name
        """See the contract."""
        proof = await proofs.prove_inclusion(self._recording, request.deposit_sha256, request.extra_data)
        return GetProofResponse(index=proof.index, tlog_proof=proof.text, deposited_at=proof.deposited_at)
