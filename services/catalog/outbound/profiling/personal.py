"""The scan for personal data: by what values look like, with check digits, and by what columns are called."""

import re
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

NO = ibis.literal(value=False)
DIRECT, QUASI = "direct", "quasi"
NAME_SHARE_MIN = 0.8
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高梁郑谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任"
    "姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严"
)


_MONTH_DAY = "(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])"


@dataclass(frozen=True)
class Pattern:
    """A kind of personal data that its values give away."""

    kind: str
    shortest: int
    longest: int
    expression: str
    check: str = ""
    contains: str = ""

    def first(self, value: ir.StringValue) -> ir.BooleanValue:
        """What is cheap to ask before the expression is tried."""
        if self.contains:
            return value.contains(self.contains)
        return value.notnull()


# A value is first looked at by its length, which costs little, then by its form, then by its check digits.
PATTERNS = (
    Pattern("id_card", 18, 18, rf"^[1-9][0-9]{{5}}(18|19|20)[0-9]{{2}}{_MONTH_DAY}[0-9]{{3}}[0-9Xx]$", "gb11643"),
    Pattern("us_ssn", 11, 11, r"^[0-9]{3}-[0-9]{2}-[0-9]{4}$"),
    Pattern("mobile", 11, 16, r"^(\+?86[ -]?)?1[3-9][0-9]{9}$"),
    Pattern("email", 6, 254, r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$", contains="@"),
    Pattern("bank_card", 16, 19, r"^(4|5[1-5]|62|35|34|37|9)[0-9]{14,18}$", "luhn"),
    Pattern("passport", 9, 9, r"^(E[A-HJ-NP-Z0-9]|[DGPS])[0-9]{7,8}$"),
    Pattern("plate", 7, 8, r"^[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][A-Z0-9]{5,6}$"),
    Pattern("name", 2, 4, rf"^[{_SURNAMES}][\x{{4e00}}-\x{{9fff}}]{{1,3}}$"),
)  # fmt: skip

_PARTS = "first|last|middle|maiden|sur|given|family|full|patient|person"
_NUMBER = "(number|no)"
_NAMES = (
    ("name", DIRECT, rf"^({_PARTS})[ _-]?name$|^(first|last|maiden|name)$|姓名|名字|曾用名|患者名|联系人"),
    ("id_card", DIRECT, rf"^(ssn|id[ _-]?card|(id|identity)[ _-]?{_NUMBER}|national[ _-]?id)$|身份证|公民身份|证件号"),
    ("address", DIRECT, r"^(home[ _-]?|street[ _-]?)?address([ _-]?line[ _-]?\d)?$|住址|地址|门牌"),
    ("mobile", DIRECT, r"^(mobile|phone|tel|telephone|cell)([ _-]?(number|no))?$|手机|电话"),
    ("email", DIRECT, r"^e-?mail([ _-]?address)?$|邮箱|电子邮件"),
    ("passport", DIRECT, r"^passport([ _-]?(number|no))?$|护照"),
    ("licence", DIRECT, r"^(drivers?([ _-]?licen[cs]e)?|licen[cs]e([ _-]?(number|no))?)$|驾照|驾驶证"),
    ("bank_card", DIRECT, r"^(bank[ _-]?)?(card|account)[ _-]?(number|no)$|银行卡|银行账号|卡号"),
    ("plate", DIRECT, r"^(licen[cs]e[ _-]?)?plate$|车牌"),
    ("location", DIRECT, r"^(lat|lon|lng|latitude|longitude)$|经度|纬度"),
    ("birth_place", QUASI, r"^birth[ _-]?place$|出生地|籍贯"),
    ("birth_date", QUASI, r"^(birth[ _-]?dat(e|um)|dob|date[ _-]?of[ _-]?birth)$|出生日期|生日"),
    ("death_date", QUASI, r"^death[ _-]?date$|死亡日期"),
    ("post_code", QUASI, r"^(zip|post|postal)([ _-]?code)?$|邮编|邮政编码"),
    ("gender", QUASI, r"^(gender|sex)$|性别"),
    ("race", QUASI, r"^(race|ethnicity|nation(ality)?)$|民族|种族|国籍"),
)  # fmt: skip
CALLED = tuple((kind, weight, re.compile(expression, re.IGNORECASE)) for kind, weight, expression in _NAMES)


def called(column: str) -> tuple[str, str] | None:
    """The kind and weight that a column's name gives away."""
    return next(((kind, weight) for kind, weight, name in CALLED if name.search(column.strip())), None)


def counts(value: ir.StringValue, length: ir.IntegerValue, prefix: str) -> dict[str, ir.IntegerScalar]:
    """How many values have the form of each pattern."""
    return {
        f"{prefix}{pattern.kind}": length.between(pattern.shortest, pattern.longest)
        .ifelse(pattern.first(value), NO)
        .ifelse(value.re_search(pattern.expression), NO)
        .sum()
        for pattern in PATTERNS
    }


_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def confirmed(pattern: Pattern, value: str) -> str:
    """SQL that counts the values of the form whose check digit is right (GB 11643, ISO/IEC 7812)."""
    has_form = (
        f"length({value}) BETWEEN {pattern.shortest} AND {pattern.longest} "
        f"AND regexp_matches({value}, '{pattern.expression}')"
    )
    if pattern.check == "gb11643":
        terms = " + ".join(
            f"{weight} * CAST(substr({value}, {place}, 1) AS INTEGER)" for place, weight in enumerate(_WEIGHTS, start=1)
        )
        right = f"substr('10X98765432', (({terms}) % 11) + 1, 1) = upper(substr({value}, 18, 1))"
    else:
        digit = f"CAST(substr({value}, CAST(length({value}) - i AS BIGINT), 1) AS INTEGER)"
        doubled = f"CASE WHEN i % 2 = 1 THEN ({digit} * 2) // 10 + ({digit} * 2) % 10 ELSE {digit} END"
        right = f"list_sum([{doubled} FOR i IN range(length({value}))]) % 10 = 0"
    return f"count(*) FILTER (WHERE CASE WHEN {has_form} THEN {right} ELSE false END)"
