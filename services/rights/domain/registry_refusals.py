"""What the registry of encumbrances refuses; the names are those of the contract."""

from kernel.refusals import Conflict, NotFound, Stale


class RightAlreadyPledged(Conflict):
    """This right already secures another loan. Ask the pledgee to release it, or offer another right."""

    zh = "该权利已为另一笔贷款设定质押。请先由质权人解除，或改用其他权利。"


class RightExclusivelyGranted(Conflict):
    """This right is granted to somebody exclusively. Wait until the grant ends, or offer another right."""

    zh = "该权利已独家授予他人。请待授权终止，或改用其他权利。"


class RightInTransfer(Conflict):
    """This right is being transferred. Wait until the transfer is registered or withdrawn."""

    zh = "该权利正在办理转移登记。请待转移完成或撤回。"


class RightSeized(Conflict):
    """A court or authority has seized this right. Turn to the authority named in the order."""

    zh = "该权利已被依法查封。请联系查封机关。"


class RightDisputed(Conflict):
    """Somebody disputes this right and the objection is not decided. Wait for the registrar's decision."""

    zh = "该权利存在未决异议。请等待登记机构的决定。"


class RightNotHeld(Conflict):
    """The party named does not hold this right by any certificate. Have the right registered first."""

    zh = "所列主体未经登记取得该权利。请先办理权利登记。"


class CoHolderConsentMissing(Conflict):
    """Others hold the same right and have not agreed. Bring the consent of each party in `missing_party_ids`."""

    zh = "该权利有其他共同权利人尚未同意。请取得 missing_party_ids 所列各方的同意。"


class CertificateNotInForce(Conflict):
    """The certificate of this right has run out, is contested or was cancelled. Have it renewed or settled first."""

    zh = "该权利的证书已到期、存在争议或已注销。请先续期或解决争议。"


class StaleFence(Stale):
    """The fencing version is not the one the reservation gave. Reserve again and confirm with the version given."""

    zh = "栅栏版本与预留时给出的不一致。请重新预留并使用所给版本确认。"


class ReservationCancelled(Conflict):
    """The reservation under this reference was given up. Reserve again under a new reference."""

    zh = "该编号下的预留已取消。请使用新的编号重新预留。"


class ReferenceReused(Conflict):
    """The reference stands for another reservation. Use a new reference for a new purpose."""

    zh = "该编号已用于另一项预留。新的用途请使用新的编号。"


class EncumbranceNotFound(NotFound):
    """There is no encumbrance under this reference and id. Read the asset's encumbrances first."""

    zh = "没有与该编号相符的权利负担。请先查询该资产的权利负担。"


class EncumbranceStands(Conflict):
    """The encumbrance was confirmed and cannot be cancelled, only released. Use release with its id."""

    zh = "该权利负担已确认，只能解除，不能取消。请用其编号办理解除。"


class EncumbranceNotStanding(Conflict):
    """The encumbrance was never confirmed, so there is nothing to release. Cancel the reservation instead."""

    zh = "该权利负担尚未确认，无可解除。请改为取消预留。"


class SeizureNotFound(NotFound):
    """There is no standing seizure of that id. Read the asset's encumbrances first."""

    zh = "没有该编号的有效查封。请先查询该资产的权利负担。"
