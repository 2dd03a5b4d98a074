"""The closed set of kinds of refusal; a service's refusals are facts beneath them."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Refusal(Exception):  # noqa: N818 - a refusal is a fact of the business, not a fault of the program
    """A request that was understood and not done.

    The class name is the fact, the docstring says what happened and what to do, ``zh`` says it in Chinese.
    The facts given become members of the problem document and must be JSON values.
    """

    zh: ClassVar[str] = ""
    kind: ClassVar[str] = "Refusal"

    def __init__(self, **facts: Any) -> None:  # Any: JSON values, checked where the problem is written
        super().__init__(self.reason_of())
        self.facts: dict[str, Any] = facts

    @classmethod
    def reason_of(cls) -> str:
        """The name of the fact, e.g. ``RightAlreadyPledged``."""
        return cls.__name__

    @property
    def reason(self) -> str:
        """The name of the fact, the same in every service it passes through."""
        return self.reason_of()

    @property
    def slug(self) -> str:
        """The name as it stands in a problem type, e.g. ``right-already-pledged``."""
        return _HUMP.sub("-", self.reason).lower()

    @property
    def title(self) -> str:
        """The name as words, e.g. ``Right already pledged``."""
        return self.slug.replace("-", " ").capitalize()

    @property
    def detail(self) -> str:
        """What happened and what to do, in English."""
        return " ".join((type(self).__doc__ or "").split())

    @property
    def detail_zh(self) -> str:
        """What happened and what to do, in Chinese."""
        return type(self).zh


class Malformed(Refusal):
    """The request does not have the form that is asked for."""

    kind = "Malformed"


class Unreadable(Malformed):
    """The body could not be read. Send one JSON document in UTF-8, each name once, numbers within JSON's range."""

    zh = "无法读取请求正文。请发送一个 UTF-8 编码的 JSON 文档，同名成员只能出现一次，数值须在 JSON 范围内。"


class Unidentified(Refusal):
    """The caller did not show who it is, or what it showed is not valid."""

    kind = "Unidentified"


class Unpaid(Refusal):
    """The money for it is not there."""

    kind = "Unpaid"


class Forbidden(Refusal):
    """The caller is known and may not do this."""

    kind = "Forbidden"


class NotFound(Refusal):
    """There is nothing of that name, or nothing the caller may see."""

    kind = "NotFound"


class Conflict(Refusal):
    """The state of things does not allow it."""

    kind = "Conflict"


class Stale(Refusal):
    """The thing has changed since the caller saw it."""

    kind = "Stale"


class TooLarge(Refusal):
    """It is larger than what is taken."""

    kind = "TooLarge"


class Unsupported(Refusal):
    """It comes in a form that is not taken."""

    kind = "Unsupported"


class Exhausted(Refusal):
    """Too much was asked in too short a time."""

    kind = "Exhausted"


class Unavailable(Refusal):
    """Something that is needed does not answer now; the same request may go through later."""

    kind = "Unavailable"


KINDS: Mapping[str, type[Refusal]] = {
    kind.__name__: kind
    for kind in (
        Malformed, Unidentified, Unpaid, Forbidden, NotFound, Conflict, Stale, TooLarge, Unsupported, Exhausted,
        Unavailable,
    )
}  # fmt: skip


class StateChanged(Stale):
    """Somebody else changed it at the same time. Read it again and repeat the step if it still makes sense."""

    zh = "该对象刚被他人修改。请重新读取，确认仍需要后再操作。"


class RoleMissing(Forbidden):
    """None of the caller's roles may do this. Ask an administrator of your party for one of the roles named."""

    zh = "当前身份没有所需角色。请向本单位管理员申请列出的角色之一。"


class PartyBarred(Forbidden):
    """The party is suspended and may do nothing until it is reinstated. Turn to the market operator."""

    zh = "该主体已被暂停，恢复前不得进行任何操作。请联系市场运营方。"


class TemporarilyUnavailable(Unavailable):
    """A part of the market does not answer now. Try again in a moment, with the same Idempotency-Key."""

    zh = "市场的某个部分暂时没有响应。请稍后使用同一 Idempotency-Key 重试。"


def carried(kind: str, reason: str, detail: str, detail_zh: str, facts: Mapping[str, Any]) -> Refusal:
    """A refusal that another service made, as it arrives here: same kind, same name, same words."""
    parent = KINDS.get(kind, Unavailable)
    fact = type(reason, (parent,), {"__doc__": detail, "zh": detail_zh})
    refusal: Refusal = fact(**facts)
    return refusal
