"""What evidence refuses."""

from kernel.refusals import Malformed, NotFound


class DepositNotFound(NotFound):
    """No deposit has this digest. Send the lower-case hex SHA-256 of the exact bytes that were deposited."""

    zh = "没有该摘要对应的存证。请提供所存原文字节的 SHA-256（小写十六进制）。"


class DepositNotCoveredYet(NotFound):
    """The deposit waits for its place in the log. Ask again in a second."""

    zh = "该存证尚未写入日志。请稍后（约一秒）再查询。"


class NothingDepositedYet(NotFound):
    """The log is empty, so nothing was signed yet. Ask again once something was deposited."""

    zh = "日志为空，尚未签发检查点。请在有存证之后再查询。"


class CheckpointNotFound(NotFound):
    """No checkpoint was signed at this size. Take the newest one, or a size that a checkpoint names."""

    zh = "该树大小没有签发过检查点。请读取最新检查点，或使用某个检查点所载的大小。"


class TreeSmaller(NotFound):
    """The log is not that large yet. Ask for sizes up to that of the newest checkpoint."""

    zh = "日志尚未达到该大小。请使用不超过最新检查点的大小。"


class SizesOutOfOrder(Malformed):
    """A consistency proof goes from a smaller tree to a larger one. Give from_size not above to_size."""

    zh = "一致性证明由较小的树指向较大的树。from_size 不得大于 to_size。"
