"""Trading's gRPC door: contracts for those who act on them, and holds for delivery."""

from trading.domain.holds import Use
from trading.outbound.events import contract_message
from trading.ports import Trading
from trading.use_cases import contracts, uses
from yaosu.trading.v1.trading_service_pb2 import (
    GetContractRequest,
    GetContractResponse,
    HoldForUseRequest,
    HoldForUseResponse,
)  # fmt: skip
from yaosu.trading.v1.trading_service_pb2_grpc import TradingServiceServicer

CALLERS = {"GetContract": {"delivery", "pledge", "rights"}, "HoldForUse": {"delivery"}}


class Seller(TradingServiceServicer):
    """``yaosu.trading.v1.TradingService``."""

    def __init__(self, app: Trading) -> None:
        self._app = app

    async def GetContract(self, request: GetContractRequest, _context: object) -> GetContractResponse:  # noqa: N802 - the contract's name
        """See the contract."""
        contract = await contracts.show_contract(self._app, request.contract_id)
        return GetContractResponse(contract=contract_message(contract))

    async def HoldForUse(self, request: HoldForUseRequest, _context: object) -> HoldForUseResponse:  # noqa: N802 - the contract's name
        """See the contract."""
        use = Use(request.use_id, request.contract_id, request.mode, request.policy_case)
        return HoldForUseResponse(held_fen=await uses.hold_for_use(self._app, use))
