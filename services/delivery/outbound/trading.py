"""Holding the price of a use, asked of trading."""

from delivery.domain.use import Use
from kernel.rpc import Peer
from yaosu.trading.v1.trading_service_pb2 import HoldForUseRequest
from yaosu.trading.v1.trading_service_pb2_grpc import TradingServiceStub


class GrpcTrade:
    """See ``ports.Trade``."""

    def __init__(self, peer: Peer) -> None:
        self._peer, self._stub = peer, peer.stub(TradingServiceStub)

    async def hold_for_use(self, use: Use) -> int:
        """See the port."""
        request = HoldForUseRequest(
            use_id=use.id, contract_id=use.asked.contract_id, mode=use.asked.mode, policy_case=use.asked.policy_case
        )
        return int((await self._peer.call(self._stub.HoldForUse, request)).held_fen)
