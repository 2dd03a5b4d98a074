"""The clocks of the other services, set over gRPC."""

from collections.abc import Callable, Sequence

from google.protobuf.timestamp_pb2 import Timestamp

from kernel.rpc import Peer
from onboarding.domain.clock import ClockSetting
from yaosu.kernel.v1.clock_service_pb2 import SetClockRequest
from yaosu.kernel.v1.clock_service_pb2_grpc import ClockServiceStub

DEADLINE_SECONDS = 5.0


class PeerClocks:
    """``ClockService`` of each service named."""

    def __init__(
        self, peers: Callable[[str], Peer], names: Sequence[str], deadline_seconds: float = DEADLINE_SECONDS
    ) -> None:
        self.names = tuple(names)
        self._peers, self._deadline_seconds = peers, deadline_seconds

    async def set(self, service: str, setting: ClockSetting) -> None:
        """Have a service keep the pair; one that keeps a later pair already is left alone."""
        peer = self._peers(service)
        business_at, machine_at = Timestamp(), Timestamp()
        business_at.FromDatetime(setting.business_at)
        machine_at.FromDatetime(setting.machine_at)
        request = SetClockRequest(business_at=business_at, machine_at=machine_at)
        await peer.call(peer.stub(ClockServiceStub).SetClock, request, deadline_seconds=self._deadline_seconds)
