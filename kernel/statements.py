"""What a SQLAlchemy statement says to PostgreSQL: the words, the arguments, the shape of the answer; compiled once."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import asyncpg
from sqlalchemy import Executable, TextClause
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.util import LRUCache

SHAPES_KEPT = 1000
Values = Mapping[str, Any]  # Any: column values
_make: Any = asyncpg_dialect  # Any: SQLAlchemy leaves its dialects untyped
_DIALECT = _make()
_PLACE = re.compile(r"\$(\d+)")
_READ = re.compile(r"\s*SELECT\b", re.IGNORECASE)
_TOUCH = re.compile(
    r"\bFOR\s+(NO\s+KEY\s+UPDATE|UPDATE|SHARE|KEY\s+SHARE)\b|\bpg_(try_)?advisory|\bpg_notify\b|\b(next|set)val\b"
    r"|\bset_config\b|\bINTO\b",
    re.IGNORECASE,
)


class Form:
    """A compiled statement. ``touches``: it changes or locks something, so it belongs into a transaction."""

    def __init__(self, compiled: SQLCompiler) -> None:
        if compiled.insert_prefetch or compiled.update_prefetch:
            message = "defaults are the database's, not Python's"
            raise TypeError(message)
        self.compiled = compiled
        self.sql: str = compiled.string
        self.touches = _READ.match(self.sql) is None or _TOUCH.search(self.sql) is not None
        self.names: Sequence[str] = compiled.positiontup or ()
        self.expands = bool(compiled.literal_execute_params or compiled.post_compile_params)
        self._processors: Mapping[str, Any] = compiled._bind_processors  # noqa: SLF001 - as below
        self._shape: SimpleResultMetaData | None = None

    def arguments(self, params: Values) -> list[Any]:
        """The arguments in the order of their places."""
        processors = self._processors
        if not processors:
            return [params[name] for name in self.names]
        return [
            processors[name](params[name]) if name in processors else params[name] for name in self.names
        ]  # fmt: skip

    def expanded(self, params: dict[str, Any]) -> tuple[str, list[Any]]:
        """Words and arguments where a list is among the values (``IN``)."""
        state: Any = self.compiled._process_parameters_for_postcompile(params)  # noqa: SLF001 - as below
        values = {**params, **state.additional_parameters}
        processors = {**self._processors, **state.processors}
        arguments = [processors[name](values[name]) if name in processors else values[name]
                     for name in state.positiontup]  # fmt: skip
        return str(state.statement), arguments

    def shape(self, attributes: Sequence[asyncpg.Attribute]) -> SimpleResultMetaData:
        """How the answer's rows are to be read, told once PostgreSQL has named its columns."""
        if self._shape is None:
            columns = self.compiled._result_columns  # noqa: SLF001 - as below
            if len(columns) == len(attributes) and columns:
                processors = [
                    column.type._cached_result_processor(_DIALECT, attribute.type.oid)  # noqa: SLF001 - as below
                    for column, attribute in zip(columns, attributes, strict=True)
                ]
                self._shape = SimpleResultMetaData(
                    [column.keyname for column in columns], [column.objects for column in columns],
                    _processors=processors if any(processors) else None,
                )  # fmt: skip
            else:
                self._shape = SimpleResultMetaData([attribute.name for attribute in attributes])
        return self._shape


@dataclass(frozen=True, slots=True)
class Said:
    """A statement with its arguments, ready to be sent."""

    sql: str
    arguments: Sequence[Any]
    touches: bool
    form: Form | None = None
    must_touch: bool = False


@dataclass(frozen=True, slots=True)
class _Known:
    """How a statement was compiled for values of these names, and the values that it carries itself."""

    names: frozenset[str]
    form: Form
    own: Mapping[str, Any]  # Any: column values


_known: WeakKeyDictionary[Executable, _Known] = WeakKeyDictionary()
_forms: WeakKeyDictionary[SQLCompiler, Form] = WeakKeyDictionary()
_compiled: LRUCache[Any, SQLCompiler] = LRUCache(SHAPES_KEPT)


def said(statement: Executable, values: Values | None = None) -> Said:
    """The statement with these values. One that is built once, and not for each question, is looked at only once.

    SQLAlchemy's own execution does the same and more, at about twice the price of the round trip itself; its compile
    cache has no public door, hence the few underscores here, and only here.
    """
    known = _known.get(statement)
    if known is None or (values or _NO_VALUES).keys() != known.names:
        known = _known[statement] = _look_at(statement, values or _NO_VALUES)
    form, params = known.form, {**known.own, **values} if values else known.own
    if form.expands:
        sql, arguments = form.expanded(dict(params))
        return Said(sql, arguments, form.touches, form)
    return Said(form.sql, form.arguments(params), form.touches, form)


def said_of_many(statement: Executable, values: Sequence[Values]) -> tuple[str, list[list[Any]]]:
    """The statement with each of these sets of values."""
    each = [said(statement, one) for one in values]
    return each[0].sql, [list(one.arguments) for one in each]


_NO_VALUES: Values = {}


def _look_at(statement: Executable, values: Values) -> _Known:
    made: Any = statement  # Any: the compile cache is SQLAlchemy's own business
    compiled, extracted, params, _ = made._compile_w_cache(  # noqa: SLF001 - see ``said``
        _DIALECT, compiled_cache=_compiled, column_keys=sorted(values)
    )
    form = _forms.get(compiled)
    if form is None:
        form = _forms[compiled] = Form(compiled)
    own = compiled.construct_params(
        values,
        escape_names=False,
        extracted_parameters=extracted,
        _check=not isinstance(statement, TextClause),
        _collected_params=params,
    )
    return _Known(frozenset(values), form, {name: value for name, value in own.items() if name not in values})


def together(parts: Sequence[Said], last: str) -> Said:
    """Several changes as one statement; ``last`` is its answer. They see the same past, and none sees another.

    One that must touch a row and does not divides by zero, which undoes them all.
    """
    sql = _words_together(tuple((part.sql, len(part.arguments), part.must_touch) for part in parts), last)
    return Said(sql, [argument for part in parts for argument in part.arguments], touches=True)


@lru_cache(maxsize=SHAPES_KEPT)
def _words_together(parts: Sequence[tuple[str, int, bool]], last: str) -> str:
    words: list[str] = []
    place = 0
    for turn, (sql, arguments, must_touch) in enumerate(parts):
        words.append(f"w{turn} AS ({_moved(sql, place)}{' RETURNING 1' if must_touch else ''})")
        place += arguments
        if must_touch:
            last = f"{last}, 1 / (SELECT count(*) FROM w{turn})"  # noqa: S608 - our own words
    return f"WITH {', '.join(words)} {last}"


@lru_cache(maxsize=SHAPES_KEPT)
def side_by_side(first: str, arguments: int, then: str) -> str:
    """Two reads as one: the first's one row beside each row of the other, or beside none."""
    read = f"SELECT true AS found, r.* FROM ({_moved(then, arguments)}) AS r"  # noqa: S608 - our own words
    return f"SELECT o.*, q.* FROM ({first}) AS o LEFT JOIN LATERAL ({read}) AS q ON true"  # noqa: S608 - as above


def _moved(sql: str, by: int) -> str:
    return _PLACE.sub(lambda place: f"${int(place[1]) + by}", sql) if by else sql
