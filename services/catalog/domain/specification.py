"""Specifications of products: a closed vocabulary, written down one way and bound by its digest."""

import re
from collections.abc import Mapping
from typing import Any, NoReturn

from catalog.domain.refusals import SpecificationNotMet, SpecificationRefused
from kernel.canonical import canonical, sha256_hex

DELIVERIES = ("file", "underwriting", "cohort")
CODE_SYSTEMS = ("SNOMED CT", "ICD-10")
K_MIN, K_MAX = 20, 1_000_000
YEARS_MAX = 100
GROUPS_MAX, CODES_MAX, FILES_MAX, COLUMNS_MAX = 100, 5000, 100, 2000
_KEY = re.compile(r"[a-z][a-z0-9_]{0,60}")
_CODE = re.compile(r"[A-Za-z0-9.]{1,20}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
Json = Mapping[str, Any]  # Any: JSON values
SUBJECT_TABLES = {
    "people": ({"file", "token"}, {"deceased", "birth_year", "gender", "region"}),
    "diagnoses": ({"file", "token", "code", "onset"}, {"abated"}),
}


def specification_of(written: Json) -> tuple[str, str, tuple[str, ...]]:
    """Canonical text, its SHA-256, and the deliveries; ``SpecificationRefused`` at the first fault."""
    _members(written, {"deliveries"}, {"groups", "look_back_years", "k_min", "subject", "schema", "data_as_of"}, "/")
    deliveries = written["deliveries"]
    if not isinstance(deliveries, list) or not deliveries or any(each not in DELIVERIES for each in deliveries):
        _refuse("/deliveries", f"must name some of {', '.join(DELIVERIES)}")
    if len(set(deliveries)) != len(deliveries):
        _refuse("/deliveries", "names one twice")
    queried = {"underwriting", "cohort"} & set(deliveries)
    if queried:
        _queried(written, with_k="cohort" in queried)
    elif set(written) & {"groups", "look_back_years", "k_min", "subject"}:
        _refuse("/", "groups, look_back_years, k_min and subject belong to underwriting and cohort")
    if "schema" in written:
        _schema(written["schema"])
    day = written.get("data_as_of", "2026-10-01")
    if not isinstance(day, str) or not _DAY.fullmatch(day):
        _refuse("/data_as_of", "must be a day such as 2026-10-01")
    text = canonical(dict(written))
    return text.decode(), sha256_hex(text), tuple(deliveries)


def _queried(written: Json, *, with_k: bool) -> None:
    _members(written, {"groups", "look_back_years", "subject"} | ({"k_min"} if with_k else set()), set(written), "/")
    _whole(written["look_back_years"], 1, YEARS_MAX, "/look_back_years")
    if with_k:
        _whole(written["k_min"], K_MIN, K_MAX, "/k_min")
    elif "k_min" in written:
        _refuse("/k_min", "belongs to cohort")
    groups = written["groups"]
    if not isinstance(groups, list) or not 1 <= len(groups) <= GROUPS_MAX:
        _refuse("/groups", f"must be a list of 1 to {GROUPS_MAX}")
    for place, group in enumerate(groups):
        _group(group, f"/groups/{place}")
    if len({group["key"] for group in groups}) != len(groups):
        _refuse("/groups", "two groups have one key")
    _subject(written["subject"])


def _group(group: Any, where: str) -> None:  # Any: unchecked JSON
    _members(group, {"key", "name_zh", "name_en", "code_system", "codes"}, set(), where)
    if not isinstance(group["key"], str) or not _KEY.fullmatch(group["key"]):
        _refuse(f"{where}/key", "must be lower-case letters, digits and underscores")
    _text(group["name_zh"], f"{where}/name_zh")
    _text(group["name_en"], f"{where}/name_en")
    if group["code_system"] not in CODE_SYSTEMS:
        _refuse(f"{where}/code_system", f"must be one of {', '.join(CODE_SYSTEMS)}")
    codes = group["codes"]
    if not isinstance(codes, list) or not 1 <= len(codes) <= CODES_MAX:
        _refuse(f"{where}/codes", f"must be a list of 1 to {CODES_MAX}")
    if any(not isinstance(code, str) or not _CODE.fullmatch(code) for code in codes) or len(set(codes)) != len(codes):
        _refuse(f"{where}/codes", "must be codes as text, each once")


def _subject(subject: Any) -> None:  # Any: unchecked JSON
    _members(subject, set(SUBJECT_TABLES), set(), "/subject")
    for table, (needed, optional) in SUBJECT_TABLES.items():
        _members(subject[table], needed, optional, f"/subject/{table}")
        for member, value in subject[table].items():
            _text(value, f"/subject/{table}/{member}")


def _schema(schema: Any) -> None:  # Any: unchecked JSON
    if not isinstance(schema, list) or not 1 <= len(schema) <= FILES_MAX:
        _refuse("/schema", f"must be a list of 1 to {FILES_MAX}")
    for place, file in enumerate(schema):
        _members(file, {"file", "columns"}, set(), f"/schema/{place}")
        _text(file["file"], f"/schema/{place}/file")
        if not isinstance(file["columns"], list) or not 1 <= len(file["columns"]) <= COLUMNS_MAX:
            _refuse(f"/schema/{place}/columns", f"must be a list of 1 to {COLUMNS_MAX}")
        for column in file["columns"]:
            _text(column, f"/schema/{place}/columns")


def need_met(specification: Json, files: Mapping[str, set[str]]) -> None:
    """Refuse when a version's files lack what the specification reads."""
    wanted = [(file["file"], file["columns"]) for file in specification.get("schema", [])]
    wanted += [
        (table["file"], [value for member, value in table.items() if member != "file"])
        for table in specification.get("subject", {}).values()
    ]
    for file, columns in wanted:
        missing = sorted(set(columns) - files.get(file, set()))
        if missing:
            raise SpecificationNotMet(file=file, columns=missing)


def _members(written: Any, needed: set[str], optional: set[str], where: str) -> None:  # Any: unchecked JSON
    if not isinstance(written, dict):
        _refuse(where, "must be an object")
    missing, unknown = needed - set(written), set(written) - needed - optional
    if missing:
        _refuse(where, f"lacks {', '.join(sorted(missing))}")
    if unknown:
        _refuse(where, f"has unknown members {', '.join(sorted(map(str, unknown)))}")


def _text(value: Any, where: str) -> None:  # Any: unchecked JSON
    if not isinstance(value, str) or not 0 < len(value) <= 200 or not value.isprintable():  # noqa: PLR2004 - said in the refusal
        _refuse(where, "must be text of 1 to 200 characters")


def _whole(value: Any, least: int, most: int, where: str) -> None:  # Any: unchecked JSON
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        _refuse(where, f"must be a whole number from {least} to {most}")


def _refuse(where: str, why: str) -> NoReturn:
    raise SpecificationRefused(where=where, why=why)
