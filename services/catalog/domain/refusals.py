"""What catalog refuses, each as a fact and what to do about it."""
# long: one closed list, read as a whole

from kernel.refusals import Conflict, Forbidden, Malformed, NotFound, Refusal, Unsupported


class AuthorisationNotFound(NotFound):
    """There is no authorisation of that id. Look it up in the list of authorisations."""

    zh = "没有该编号的授权。请在授权列表中查询。"


class AuthorisationNotInForce(Conflict):
    """The authorisation was ended, or its term has not begun or is over. Ask the implementing body for one in force."""

    zh = "该授权已终止，或不在有效期内。请向实施机构申请有效的授权。"


class AuthorisationAlreadyEnded(Conflict):
    """The authorisation was ended before. Nothing is left to do."""

    zh = "该授权此前已终止，无需再次操作。"


class TermTooLong(Malformed):
    """An authorisation of public data runs five years at most (发改数据规〔2025〕27号). Choose an earlier end."""

    zh = "公共数据授权运营期限最长五年（发改数据规〔2025〕27号）。请提前终止日期。"


class TermBackwards(Malformed):
    """The term ends before it begins, or lies wholly in the past. Give a later last day."""

    zh = "授权期限的终止日早于起始日，或已全部过去。请填写更晚的终止日。"


class NotNamedInAuthorisation(Conflict):
    """The authorisation does not name this supplier and this operator. Ask the implementing body to name both."""

    zh = "该授权未列明此供数单位和此运营机构。请由实施机构在授权中列明双方。"


class ProductNotUnderAuthorisation(Conflict):
    """The product was not made under this authorisation, so its ceiling is not set here. Name the right one."""

    zh = "该产品并非依据此授权形成，不能在此设定最高限价。请使用正确的授权。"


class DatasetNotFound(NotFound):
    """There is no dataset of that id that you may see. Check the id."""

    zh = "没有您可查看的该编号数据集。请核对编号。"


class SourceKindNotYours(Malformed):
    """This source kind is not for you to declare.

    `public_body` needs the role supplier; derived kinds come from derivations.
    """

    zh = "您不能申报该来源类型：public_body 需要供数单位角色，衍生类来源只能由衍生操作产生。"


class SubjectNotForModels(Malformed):
    """A building model has no table of persons. Leave `subject` out."""

    zh = "建筑模型没有个人信息表。请去掉 subject。"


class VersionNotFound(NotFound):
    """There is no version of that id that you may see. Check the id."""

    zh = "没有您可查看的该编号版本。请核对编号。"


class VersionNotOpen(Conflict):
    """The version takes no more files: it is being published, or was. Open a new version; versions never change."""

    zh = "该版本不再接收文件：正在发布或已发布。请新建版本，已发布版本不可更改。"


class VersionNotPublished(Conflict):
    """The version is not published. Wait until it is, or read why it failed."""

    zh = "该版本尚未发布。请等待发布完成，或查看失败原因。"


class NothingPublishedYet(Conflict):
    """The dataset has no published version. Publish one first."""

    zh = "该数据集还没有已发布的版本。请先发布一个版本。"


class FilesMissing(Conflict):
    """Not all announced files are uploaded. Upload those named in `missing`, then publish."""

    zh = "尚有申报的文件未上传。请上传 missing 中列出的文件后再发布。"


class FileNotAnnounced(NotFound):
    """The version announces no file of that name. Use one of its names, or open a version that has it."""

    zh = "该版本没有申报此文件名。请使用已申报的文件名，或新建版本。"


class FileNameRefused(Malformed):
    """A file name is letters, digits, dots, hyphens and underscores, at most 120 characters, each only once.

    Rename it.
    """

    zh = "文件名只能包含文字、数字、点、连字符和下划线，最长 120 个字符，且不得重复。请更名。"


class WrongKindOfFile(Unsupported):
    """The bytes or the name are not of the kind that the dataset takes.

    CSV (UTF-8) or Parquet for tables, IFC for models. `why` says more.
    """

    zh = "文件名或内容不符合数据集类型：表格收 CSV（UTF-8）或 Parquet，模型收 IFC。详见 why。"


class FileEmpty(Malformed):
    """The file holds no bytes. Send the file itself."""

    zh = "文件为空。请上传实际文件。"


class FileCutShort(Malformed):
    """Fewer or more bytes arrived than Content-Length said. Send the file again."""

    zh = "收到的字节数与 Content-Length 不符。请重新上传。"


class DigestDiffers(Malformed):
    """The bytes that arrived do not have the SHA-256 that the digest header names. Send the file again."""

    zh = "收到的数据与摘要头中的 SHA-256 不一致。请重新上传。"


class DigestUnreadable(Malformed):
    """The digest header is not of the form `sha-256=:base64:` (RFC 9530). Correct it or leave it out."""

    zh = "摘要头格式应为 sha-256=:base64:（RFC 9530）。请更正或省略。"


class FileNotATable(Malformed):
    """The file is no table with one header line and the same number of cells in each row.

    Correct it at the place named; open a new version.
    """

    zh = "文件不是表头唯一且各行单元格数一致的表格。请按所示位置更正，并新建版本。"


class FileNotAModel(Malformed):
    """The file is no whole ISO-10303-21 (IFC) model that can be read. Export it again; open a new version."""

    zh = "文件不是完整可读的 ISO-10303-21（IFC）模型。请重新导出，并新建版本。"


class SubjectColumnMissing(Malformed):
    """The version lacks the file or column that the dataset declares for persons.

    Add it, or declare the dataset anew.
    """

    zh = "该版本缺少数据集申报的个人标识文件或列。请补充，或重新申报数据集。"


class ProfilingGaveUp(Conflict):
    """The profile could not be computed within its limits of time and memory.

    Split the files, or ask the operator for more.
    """

    zh = "在时间和内存限制内无法完成数据画像。请拆分文件，或请运营方提高限额。"


class AlreadySupplied(Conflict):
    """The dataset is supplied to this operator under this authorisation already. Nothing is left to do."""

    zh = "该数据集已按此授权提供给该运营机构，无需再次操作。"


class NotSupplied(Conflict):
    """A source is neither yours nor supplied to you. Ask its supplier to supply it under an authorisation."""

    zh = "来源数据既不属于您，也未提供给您。请由供数单位依据授权提供。"


class SourcesOfSeveralRoots(Conflict):
    """The sources come from different lineages, whose rights cannot yet be followed together.

    Derive from one lineage.
    """

    zh = "来源数据属于不同的谱系，目前无法合并追踪权利。请从同一谱系衍生。"


class NotDerivedBySuchSources(Conflict):
    """The dataset named is not one that you derived from these datasets. Leave `dataset_id` out to make a new one."""

    zh = "所指数据集不是由您从这些数据集衍生的。不填 dataset_id 即可新建。"


class RecipeRefused(Malformed):
    """The recipe says something that is not in the vocabulary or does not fit the sources.

    `where` and `why` say what.
    """

    zh = "处理方案含有词汇表之外的内容，或与来源不符。见 where 与 why。"


class IdentifiersRemain(Malformed):
    """The result still holds columns that name or directly identify persons.

    Drop, tokenise or generalise those listed in `columns`.
    """

    zh = "处理结果仍含可直接识别个人的列。请删除、令牌化或泛化 columns 中列出的列。"


class DerivationNotFound(NotFound):
    """There is no derivation of that id that is yours. Check the id."""

    zh = "没有属于您的该编号衍生记录。请核对编号。"


class ProductNotFound(NotFound):
    """There is no product of that id that you may see. Check the id."""

    zh = "没有您可查看的该编号产品。请核对编号。"


class ProductNotDraft(Conflict):
    """The product was published before; its specification never changes. Make another product for another one."""

    zh = "该产品此前已发布，规格不可更改。如需不同规格请新建产品。"


class SpecificationRefused(Malformed):
    """The specification says something that is not in the vocabulary. `where` and `why` say what."""

    zh = "产品规格含有词汇表之外的内容。见 where 与 why。"


class SpecificationNotMet(Conflict):
    """The dataset's newest version lacks a file or column that the specification names.

    Publish a version that has it.
    """

    zh = "数据集最新版本缺少规格所列的文件或列。请发布包含它们的版本。"


class NoDirectUpload(Conflict):
    """This market keeps its files where clients cannot reach. Stream the file to the version's own address instead."""

    zh = "本市场的文件存储不对客户端开放。请改用版本的文件上传地址。"


class UploadNotFound(NotFound):
    """You have no upload ticket of that id, or its time is over. Ask for a new one."""

    zh = "没有您的该编号上传凭单，或其已过期。请重新申请。"


class UploadNotBrought(Conflict):
    """Nothing was brought by this ticket yet. Send the bytes to its address first, then complete it."""

    zh = "该凭单下尚未上传任何数据。请先向其地址上传，再完成。"


class SubjectsNotIndexable(Conflict):
    """Nobody can be found in this version. Derive one that tokenises the key column of a declared `subject`."""

    zh = "该版本无法按人查找。请从申报了 subject 的数据集衍生，并对其主键列作令牌化。"


class ContractKeyMalformed(Malformed):
    """The key of a contract is 32 bytes. Send the key that delivery made for it."""

    zh = "合同密钥须为 32 字节。请使用交付服务为该合同生成的密钥。"


class IdentityKeyMissing(Conflict):
    """The identity verifier has not deposited its key. Ask it to do so."""

    zh = "身份核验机构尚未存入其密钥。请其先行存入。"


class IdentityKeyStands(Conflict):
    """Another identity key stands, and the pseudonyms of all persons rest on it. It is not replaced."""

    zh = "已存有另一把身份密钥，所有个人假名均以其为据，不可替换。"


class ProfileNotYours(Forbidden):
    """The profile of data about persons is for its owner, its operators and those who examine it. Ask the owner."""

    zh = "涉及个人的数据画像仅供所有者、获授权运营机构及审查方查看。请联系所有者。"


# What a worker process may answer with, and what a failed version may carry.
FOUND_IN_BYTES: dict[str, type[Refusal]] = {
    refusal.reason_of(): refusal
    for refusal in (
        FileNotATable, FileNotAModel, SubjectColumnMissing, ProfilingGaveUp, RecipeRefused, IdentifiersRemain,
        SubjectsNotIndexable,
    )
}  # fmt: skip
