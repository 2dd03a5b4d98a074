"""Refusals as RFC 9457 problem documents: the one place that knows HTTP numbers."""

import json

from kernel.refusals import Malformed, NotFound, Refusal

PROBLEM = "application/problem+json"
_STATUSES = {
    "Malformed": 422, "Unidentified": 401, "Unpaid": 402, "Forbidden": 403, "NotFound": 404, "Conflict": 409,
    "Stale": 412, "TooLarge": 413, "Unsupported": 415, "Exhausted": 429, "Unavailable": 503,
}  # fmt: skip


class KeyMissing(Malformed):
    """This operation needs an Idempotency-Key header. Send a new random value of up to 128 characters."""

    zh = "此操作需要 Idempotency-Key 请求头。请发送一个不超过 128 个字符的新随机值。"


class InvalidFields(Malformed):
    """Some members are missing, unknown or out of range. Each is named with what is wrong about it."""

    zh = "部分字段缺失、未知或超出范围，各项问题见 errors。"


class RouteUnknown(NotFound):
    """There is nothing at this address. See the OpenAPI document of the service."""

    zh = "该地址不存在。请查看该服务的 OpenAPI 文档。"


class MethodUnknown(Malformed):
    """This address does not take this method. See the OpenAPI document of the service."""

    zh = "该地址不支持此方法。请查看该服务的 OpenAPI 文档。"


def status_of(refusal: Refusal) -> int:
    """The HTTP status: by the kind; 400 for an unreadable body or a missing key, 405 for a wrong method."""
    by_reason = {"KeyMissing": 400, "Unreadable": 400, "MethodUnknown": 405}
    return by_reason.get(refusal.reason, _STATUSES[refusal.kind])


def type_of(refusal: Refusal) -> str:
    """The problem type, a relative URI that the documentation resolves."""
    return f"/problems/{refusal.slug}"


def problem_of(refusal: Refusal, instance: str = "") -> bytes:
    """The whole document; the refusal's facts are its extension members."""
    document = {
        **refusal.facts,
        "type": type_of(refusal),
        "title": refusal.title,
        "status": status_of(refusal),
        "reason": refusal.reason,
        "detail": refusal.detail,
        "detail_zh": refusal.detail_zh,
    }
    if instance:
        document["instance"] = instance
    return json.dumps(document, ensure_ascii=False, default=str).encode()
