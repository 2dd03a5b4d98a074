"""What onboarding refuses at its doors: credentials, keys, proofs, statements, assertions and sessions."""

from kernel.refusals import Conflict, Exhausted, Forbidden, Malformed, NotFound, Unavailable, Unidentified


class CredentialsWrong(Unidentified):
    """These credentials open nothing. Check both parts; after several wrong tries the door stays shut for a while."""

    zh = "凭证无效。请核对后重试；多次错误后将暂时锁定。"


class TooManyAttempts(Exhausted):
    """Too many wrong passwords for this user name. Wait `retry_after_seconds`, then try again."""

    zh = "该用户名的错误尝试过多。请等待 retry_after_seconds 秒后再试。"


class TooBusy(Exhausted):
    """Too many passwords are being checked at this moment. Wait `retry_after_seconds`, then try again."""

    zh = "当前校验密码的请求过多。请等待 retry_after_seconds 秒后再试。"


class SessionEnded(Unidentified):
    """This session has ended or never was. Log in again."""

    zh = "会话已结束或不存在。请重新登录。"


class ProviderTokenRefused(Unidentified):
    """The outside provider's token is not one that opens this market; `problem` says why. Log in over there again."""

    zh = "外部身份提供方的令牌不被接受，原因见 problem。请在提供方重新登录。"


class IdentityNotBound(Forbidden):
    """The provider knows you, the market does not. Have your party's administrator bind `subject` to a member."""

    zh = "身份提供方认识您，但本市场尚未绑定。请本主体的管理员将 subject 绑定到您的成员账号。"


class IdentityAlreadyBound(Conflict):
    """This subject of the provider is bound to a member already. Unbind it there first."""

    zh = "该外部身份已绑定到某个成员。请先解除原绑定。"


class IdentityUnknown(NotFound):
    """Your party has no bound identity of this id. Take it from the list of your party's identities."""

    zh = "本主体没有此编号的外部身份绑定。请从列表中选取。"


class NoOutsideProvider(NotFound):
    """This market takes no tokens of an outside identity provider. Log in with user name and password."""

    zh = "本市场未配置外部身份提供方。请使用用户名和密码登录。"


class ProviderAway(Unavailable):
    """The identity provider's keys cannot be had, so nobody is let in on its word. Try again in a moment."""

    zh = "暂时无法取得身份提供方的公钥，因此不接受其令牌。请稍后再试。"


class PrivateKeySent(Malformed):
    """The key came with its private half, so it is lost. Make a new one and send only kty, crv and x."""

    zh = "提交的密钥包含私钥部分，应视为已泄露。请生成新密钥，仅提交 kty、crv、x。"


class ProofMismatch(Malformed):
    """The proof signs other words than it must. Sign exactly the text that the guide names, with the new key."""

    zh = "持有证明所签内容不符。请用新密钥对文档指定的文本原样签名。"


class KeyAlreadyRegistered(Conflict):
    """This key is, or was, registered in the market. Make a new one; a key stands for one party, once."""

    zh = "该密钥已经登记过。请生成新的密钥；一个密钥只能为一个主体登记一次。"


class KeyUnknown(NotFound):
    """Your party has no key of this id. Take it from the list of your keys."""

    zh = "本主体没有此编号的密钥。请从密钥列表中选取。"


class KeyNotInUse(Conflict):
    """This key was replaced already. Name the key that is in use now."""

    zh = "该密钥已被替换。请指明当前在用的密钥。"


class TooManyKeys(Conflict):
    """The party has as many keys in use as it may have (`keys_max`). Replace one instead of adding one."""

    zh = "在用密钥数量已达上限 keys_max。请替换已有密钥而不是新增。"


class StatementMalformed(Malformed):
    """The identity statement cannot be read. The verifier must sign exactly the four members that the guide names."""

    zh = "身份声明无法解析。核验机构须按文档对规定的四个成员签名。"


class StatementNotInForce(Malformed):
    """The identity statement is not in force at `now_at`, or runs longer than 31 days. Ask for a new one."""

    zh = "身份声明在 now_at 时不在有效期内，或有效期超过 31 天。请重新申请。"


class VerifierNotRecognised(Malformed):
    """The identity statement is not signed by a key in use of an approved identity verifier. Turn to one."""

    zh = "身份声明并非由已获准的身份核验机构以在用密钥签署。请联系身份核验机构。"


class StatementSuperseded(Conflict):
    """A statement issued at the same time or later was used for this person. Ask the verifier for a new one."""

    zh = "该人员已使用过同时或更晚签发的身份声明。请向核验机构申请新的声明。"


class PersonVouchedByAnother(Conflict):
    """Another identity verifier vouched for this pseudonym. Only the same verifier can put a new key in place."""

    zh = "该假名由另一家核验机构担保。只有同一机构才能更换密钥。"


class AssertionMalformed(Unidentified):
    """The assertion is not in force or not addressed to this market. Sign party_id, aud, exp (≤ 60 s) and jti anew."""

    zh = "断言无效或并非面向本市场。请重新签署 party_id、aud、exp（不超过 60 秒）和 jti。"


class AssertionReplayed(Unidentified):
    """This assertion was used already. Sign a new one with a new `jti` for each token."""

    zh = "该断言已被使用。每次申请令牌请使用新的 jti 重新签署。"
