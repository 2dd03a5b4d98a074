"""The gRPC edge: who may call which method, refusals as ``ErrorInfo``, and the client that raises them again."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc
import structlog
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from kernel.callers import current_caller
from kernel.metrics import CALLS
from kernel.refusals import Refusal, TemporarilyUnavailable, carried
from kernel.tls import CertifiedChannel, certified_names
from kernel.tokens import CallingService, ServiceKeys, TokenInvalid, TokenMissing

DEADLINE_SECONDS = 20.0
RETRY_DELAY_SECONDS = 0.1
MESSAGE_BYTES_MAX = 8 * 1024 * 1024
DOMAIN = "yaosu"
CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
)
_DETAILS = "grpc-status-details-bin"
_CODES = {
    "Malformed": grpc.StatusCode.INVALID_ARGUMENT,
    "Unidentified": grpc.StatusCode.UNAUTHENTICATED,
    "Unpaid": grpc.StatusCode.FAILED_PRECONDITION,
    "Forbidden": grpc.StatusCode.PERMISSION_DENIED,
    "NotFound": grpc.StatusCode.NOT_FOUND,
    "Conflict": grpc.StatusCode.FAILED_PRECONDITION,
    "Stale": grpc.StatusCode.ABORTED,
    "TooLarge": grpc.StatusCode.OUT_OF_RANGE,
    "Unsupported": grpc.StatusCode.INVALID_ARGUMENT,
    "Exhausted": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "Unavailable": grpc.StatusCode.UNAVAILABLE,
}
_calling: ContextVar[CallingService] = ContextVar("calling")
Answer = TypeVar("Answer")
log = structlog.get_logger()


def calling() -> CallingService:
    """Inside a servicer's method: which service calls, and for whom."""
    return _calling.get()


@dataclass(frozen=True)
class _Asked:
    """A request with the digest of its bytes, as they came."""

    request: Any  # Any: the contract's messages
    sha256: str


def _asked(read: Callable[[bytes], object]) -> Callable[[bytes], _Asked]:
    return lambda came: _Asked(read(came), hashlib.sha256(came).hexdigest())


class Door(grpc.aio.ServerInterceptor):
    """Lets only the named services into each method, and turns refusals into statuses."""

    def __init__(
        self, service: str, keys: ServiceKeys, callers: Mapping[str, frozenset[str]], *, certified: bool = False
    ) -> None:
        self._service, self._keys, self._callers, self._certified = service, keys, callers, certified

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],  # Any: grpc's own handler object
        details: grpc.HandlerCallDetails,
    ) -> Any:
        """Wrap the handler that grpc found for the call."""
        handler = await continuation(details)
        if handler is None or not str(details.method).startswith("/yaosu."):
            return handler
        token = dict(details.invocation_metadata).get("authorization", "")
        method = str(details.method)
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(
                self._guard_stream(handler.unary_stream, str(token), method),
                _asked(handler.request_deserializer), handler.response_serializer,
            )  # fmt: skip
        return grpc.unary_unary_rpc_method_handler(
            self._guard(handler.unary_unary, str(token), method),
            _asked(handler.request_deserializer), handler.response_serializer,
        )  # fmt: skip

    def _admit(self, token: str, method: str, request_sha256: str, context: grpc.aio.ServicerContext) -> None:
        if not token:
            raise TokenMissing
        certified = certified_names(context) or frozenset() if self._certified else None
        caller = self._keys.calling(token, method, request_sha256, certified)
        if caller.name not in self._callers.get(method.rsplit("/", 1)[1], frozenset()):
            raise TokenInvalid
        _calling.set(caller)
        current_caller.set(caller.subject)

    def _guard(self, handle: Any, token: str, method: str) -> Any:  # Any: grpc's untyped handlers
        async def guarded(asked: _Asked, context: grpc.aio.ServicerContext) -> Any:
            try:
                self._admit(token, method, asked.sha256, context)
                answer = await handle(asked.request, context)
            except Refusal as refusal:
                await self._refuse(context, method, refusal)
            except Exception as error:  # noqa: BLE001 - the edge: whatever it is, the peer gets a plain answer
                await self._fail(context, method, error)
            CALLS.labels(self._service, method, "ok").inc()
            return answer

        return guarded

    def _guard_stream(self, handle: Any, token: str, method: str) -> Any:  # Any: grpc's untyped handlers
        async def guarded(asked: _Asked, context: grpc.aio.ServicerContext) -> AsyncIterator[Any]:
            try:
                self._admit(token, method, asked.sha256, context)
                async for part in handle(asked.request, context):
                    yield part
            except Refusal as refusal:
                await self._refuse(context, method, refusal)
            except Exception as error:  # noqa: BLE001 - the edge: whatever it is, the peer gets a plain answer
                await self._fail(context, method, error)
            CALLS.labels(self._service, method, "ok").inc()

        return guarded

    async def _refuse(self, context: grpc.aio.ServicerContext, method: str, refusal: Refusal) -> None:
        CALLS.labels(self._service, method, refusal.reason).inc()
        code = _CODES[refusal.kind]
        context.set_trailing_metadata(((_DETAILS, _status_of(refusal, code).SerializeToString()),))
        await context.abort(code, refusal.reason)

    async def _fail(self, context: grpc.aio.ServicerContext, method: str, error: Exception) -> None:
        if isinstance(error, grpc.aio.AbortError):
            raise error
        CALLS.labels(self._service, method, "failed").inc()
        log.error("call failed", service=self._service, method=method, exc_info=error)
        await context.abort(grpc.StatusCode.INTERNAL, "internal")


def _status_of(refusal: Refusal, code: grpc.StatusCode) -> Status:
    info = ErrorInfo(reason=refusal.reason, domain=DOMAIN, metadata={
        "kind": refusal.kind, "detail": refusal.detail, "detail_zh": refusal.detail_zh,
        "facts": json.dumps(refusal.facts, ensure_ascii=False),
    })  # fmt: skip
    packed = AnyMessage()
    packed.Pack(info)
    return Status(code=code.value[0], message=refusal.reason, details=[packed])


class Peer:
    """Another service, as seen from ours."""

    def __init__(self, name: str, channel: grpc.aio.Channel | CertifiedChannel, keys: ServiceKeys) -> None:
        self.name, self._keys = name, keys
        self._channel: Any = channel  # Any: a certified one is a channel to a stub, though not by its class

    def stub(self, stub: Callable[[grpc.aio.Channel], Answer]) -> Answer:
        """A generated stub on this peer's channel."""
        return stub(self._channel)

    def _metadata(self, method: Any, request: Any) -> tuple[tuple[str, str], ...]:  # Any: a contract's method, message
        path = method._method.decode()  # noqa: SLF001 - grpc.aio offers no public name of a multicallable's path
        digest = hashlib.sha256(request.SerializeToString()).hexdigest()
        return (("authorization", self._keys.call_token(self.name, path, digest, current_caller.get())),)

    async def call(self, method: Any, request: object, *, deadline_seconds: float = DEADLINE_SECONDS) -> Any:
        """The answer; a refusal is raised as it was made.

        While the peer is away the call is repeated until the deadline: every method of ours may be repeated.
        """
        ends_at = asyncio.get_running_loop().time() + deadline_seconds
        while True:
            left = ends_at - asyncio.get_running_loop().time()
            try:
                return await method(request, timeout=max(left, 0.1), metadata=self._metadata(method, request))
            except grpc.aio.AioRpcError as error:
                refusal = _refusal_of(error)
                if refusal.reason != "TemporarilyUnavailable" or left < RETRY_DELAY_SECONDS or _is_final(error):
                    raise refusal from error
            await asyncio.sleep(RETRY_DELAY_SECONDS)

    async def stream(
        self, method: Any, request: object, *, deadline_seconds: float = 600.0
    ) -> AsyncIterator[Any]:  # Any: the contract's messages
        """The parts of a streamed answer, in order."""
        try:
            async for part in method(request, timeout=deadline_seconds, metadata=self._metadata(method, request)):
                yield part
        except grpc.aio.AioRpcError as error:
            raise _refusal_of(error) from error


def _is_final(error: grpc.aio.AioRpcError) -> bool:
    return error.code() is not grpc.StatusCode.UNAVAILABLE


def _refusal_of(error: grpc.aio.AioRpcError) -> Refusal:
    told_besides: Any = error.trailing_metadata() or ()  # Any: the stubs do not know that these are pairs
    for name, value in told_besides:
        if name == _DETAILS:
            status = Status.FromString(value)
            info = ErrorInfo()
            if status.details and status.details[0].Unpack(info):
                told = info.metadata
                facts = json.loads(told["facts"])
                return carried(told["kind"], info.reason, told["detail"], told["detail_zh"], facts)
    log.warning("peer failed", code=error.code().name, details=error.details())
    return TemporarilyUnavailable()
