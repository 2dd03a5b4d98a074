"""The closed lists of the catalogue: six theme libraries, forms, and where data may come from."""

from enum import StrEnum


class Theme(StrEnum):
    """The six theme libraries 六个主题库 of Chengyang."""

    INDUSTRY = "industry"
    GOVERNANCE = "governance"
    LIVELIHOOD = "livelihood"
    CULTURE_TOURISM = "culture_tourism"
    ECOLOGY = "ecology"
    COMMUNITY = "community"


THEME_NAMES = {
    Theme.INDUSTRY: ("产业经济", "Industry and economy"),
    Theme.GOVERNANCE: ("政务治理", "Government and governance"),
    Theme.LIVELIHOOD: ("社会民生", "Society and livelihood"),
    Theme.CULTURE_TOURISM: ("文化旅游", "Culture and tourism"),
    Theme.ECOLOGY: ("生态文明", "Ecology"),
    Theme.COMMUNITY: ("智慧社区", "Smart communities"),
}


class Form(StrEnum):
    """What kind of bytes a dataset holds."""

    TABLE = "table"
    BIM = "bim"


class SourceKind(StrEnum):
    """The row of the source-to-right table (数据产权登记工作指引, 2026) that a dataset stands in."""

    OWN_PRODUCTION = "own_production"
    CIVIL_CONTRACT = "civil_contract"
    NATURAL_PERSON = "natural_person"
    PUBLIC_CRAWL = "public_crawl"
    PUBLIC_CRAWL_PRODUCT = "public_crawl_product"
    FUSION_CONTRACT = "fusion_contract"
    FUSION_SILENT = "fusion_silent"
    DERIVED = "derived"
    ENTRUSTED = "entrusted"
    PUBLIC_BODY = "public_body"
    PUBLIC_PRODUCT = "public_product"
    UTILITY = "utility"


MADE_BY_DERIVATION = frozenset({SourceKind.DERIVED, SourceKind.PUBLIC_PRODUCT})
SUFFIXES = {Form.TABLE: (".csv", ".parquet"), Form.BIM: (".ifc",)}
