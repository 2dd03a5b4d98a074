"""What onboarding refuses about parties, members, clients and the clock; the doors' refusals are in ``doors``."""

from kernel.refusals import Conflict, Forbidden, Malformed, NotFound, Unavailable


class CreditCodeMalformed(Malformed):
    """This is no unified social credit code (GB 32100-2015). `problem` says why not; copy it from the licence."""

    zh = "这不是有效的统一社会信用代码（GB 32100-2015）。具体问题见 problem，请对照执照填写。"


class CreditCodeContradictsKind(Malformed):
    """Codes that begin with 1 belong to organs and institutions, and only to them. Correct code or entity kind."""

    zh = "以 1 开头的代码只属于机关、事业单位等机构，且机构必须使用此类代码。请更正代码或主体类型。"


class RoleUnfit(Malformed):
    """An entity of this kind may not hold the roles named. Ask only for roles that are open to the kind."""

    zh = "该类主体不能担任所列角色。请只申请对该类主体开放的角色。"


class RolesIncompatible(Malformed):
    """One party may not hold both of these roles, for one of them checks the other. Give one up."""

    zh = "同一主体不能兼任这两个角色，因为其中一个负责审查另一个。请放弃其中之一。"


class PasswordTooWeak(Malformed):
    """The password is too short, or is the user name. Use 12 to 128 characters, such as four unrelated words."""

    zh = "密码过短或与用户名相同。请使用 12 至 128 个字符，例如四个互不相关的词。"


class PartyAlreadyKnown(Conflict):
    """A party with this credit code has applied or takes part already. Ask its administrator to make you a member."""

    zh = "该统一社会信用代码已有主体申请或入驻。请联系其管理员将您添加为成员。"


class UsernameTaken(Conflict):
    """Somebody in the market has this user name. Choose another."""

    zh = "该用户名已被使用。请另选一个。"


class PartyUnknown(NotFound):
    """There is no party of this id, or none that you may see. Check the id, or read `/parties/mine`."""

    zh = "没有此编号的主体，或您无权查看。请核对编号，或读取 /parties/mine。"


class TransitionNotAllowed(Conflict):
    """The party is in a state that does not allow this step. `state` says which; read the party again."""

    zh = "主体当前状态不允许此操作，状态见 state。请重新读取主体信息。"


class PartyNotApproved(Forbidden):
    """The party is not approved, so it can have no roles, keys, members or clients yet. Wait for the operator."""

    zh = "该主体尚未通过审核，暂不能拥有角色、密钥、成员或客户端。请等待运营方审核。"


class OperatorMustStand(Conflict):
    """The market operator cannot suspend itself, or nobody could take it back. Have another operator do it."""

    zh = "运营方不能暂停自身，否则无人可以恢复。请由其他运营方操作。"


class RoleNotHeldByParty(Malformed):
    """A member or client can only have roles that its party holds, and `admin`. Choose among `roles_held`."""

    zh = "成员或客户端只能拥有本主体已有的角色以及 admin。请在 roles_held 中选择。"


class MemberUnknown(NotFound):
    """Your party has no member of this id. Take it from the list of your members."""

    zh = "本主体没有此编号的成员。请从成员列表中选取。"


class MemberDisabled(Conflict):
    """This member is disabled already. Make a new member if the person comes back."""

    zh = "该成员已被停用。若人员返岗，请新建成员。"


class LastAdministrator(Conflict):
    """This is the party's last administrator. Make another one before you disable this one."""

    zh = "这是本主体最后一名管理员。请先添加另一名管理员再停用。"


class ClientUnknown(NotFound):
    """Your party has no client of this id. Take it from the list of your clients."""

    zh = "本主体没有此编号的客户端。请从客户端列表中选取。"


class ClientRevoked(Conflict):
    """This client is revoked already. Make a new one if it is needed."""

    zh = "该客户端已被吊销。如有需要请新建。"


class ClockWouldGoBack(Conflict):
    """Business time only moves forward. Give a moment after `now_at`."""

    zh = "业务时间只能向前。请给出晚于 now_at 的时刻。"


class ClockBeyondPresent(Conflict):
    """Business time would pass the present. Give a moment up to `present_at`."""

    zh = "业务时间将超过当前真实时间。请给出不晚于 present_at 的时刻。"


class ClockNotYetHeld(Unavailable):
    """The new time is decided, but the services in `pending_services` do not hold it yet. It goes on by itself."""

    zh = "新的时间已确定，但 pending_services 中的服务尚未同步。系统会自动继续。"
