"""The rules for source text: each takes one module's text and gives the places where it is broken, as sentences."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator

FILE_LINES_MAX = 250
FUNCTION_LINES_MAX = 40
SAYS_NOTHING = {"base", "common", "core", "helper", "helpers", "manager", "misc", "service", "utils"}

_LONG = re.compile(r"# long: \S.{10,}")
_SUPPRESSION = re.compile(r"#\s*(ruff:\s*)?noqa|#\s*(type:\s*ignore|mypy:|pragma)")
_REASONED = re.compile(r"# (ruff: )?noqa: [A-Z0-9, ]+ - \S|# type: ignore\[[a-z-]+(, ?[a-z-]+)*\] {1,2}[#-] \S")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_EVERYTHING = re.compile(r"\bselect\s+(?:[a-z_]+\.)?\*[^;]*?\bfrom\s+([a-z_]+)\b(?!\()", re.IGNORECASE)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def without_a_first_sentence(text: str) -> Iterator[str]:
    """Each module opens with one sentence saying what it is for."""
    tree = ast.parse(text)
    if not tree.body:
        return
    said = ast.get_docstring(tree) or ""
    first = said.partition("\n\n")[0].strip()
    if not first:
        yield "no sentence says what the module is for"
    elif not first.endswith((".", "?", "。")):
        yield "the first paragraph is not a whole sentence"


def names_that_say_nothing(path: str, text: str) -> Iterator[str]:
    """No module, class or function is called base, common, core, helpers, manager, misc, service or utils."""
    for part in re.split(r"[/_.]", path.removesuffix(".py")):
        if part in SAYS_NOTHING:
            yield f"the path says {part}"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef):
            words = {word.lower() for word in _HUMP.split(node.name)}
            alone = {"service"} if len(words) > 1 or path.startswith("kernel/") else set()
            yield from (f"class {node.name} says {word}" for word in sorted((words & SAYS_NOTHING) - alone))
        elif isinstance(node, Function):
            words = set(node.name.lower().split("_")) & (SAYS_NOTHING - {"base", "common", "core", "service"})
            yield from (f"function {node.name} says {word}" for word in sorted(words))


def too_long(text: str) -> Iterator[str]:
    """A file has at most 250 lines and a function 40, unless ``# long: <reason>`` says why it reads better whole."""
    lines = text.splitlines()
    if len(lines) > FILE_LINES_MAX and not any(_LONG.search(line) for line in lines[:10]):
        yield f"{len(lines)} lines: divide it, or say why not by '# long: <reason>' within the first ten lines"
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, Function):
            continue
        length = _lines_of(node)
        above = lines[max(node.lineno - 2 - len(node.decorator_list), 0) : node.body[0].lineno]
        if length > FUNCTION_LINES_MAX and not any(_LONG.search(line) for line in above):
            yield f"line {node.lineno}: {node.name} has {length} lines; divide it, or say why not by '# long: <reason>'"


def _lines_of(node: Function) -> int:
    body = node.body
    if ast.get_docstring(node) is not None:
        body = body[1:]
    if not body:
        return 0
    return (node.end_lineno or node.lineno) - body[0].lineno + 1


def suppressions_without_reason(text: str) -> Iterator[str]:
    """A suppression names its rule and carries its reason."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and _SUPPRESSION.search(token.string) and not _REASONED.search(token.string):
            yield f"line {token.start[0]}: a suppression without a rule or a reason"


def sleeps(text: str) -> Iterator[str]:
    """Nothing blocks the loop by sleeping, and no test waits by the clock."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "time.sleep":
            yield f"line {node.lineno}: time.sleep"
        if isinstance(node, ast.ImportFrom) and node.module == "time" and any(a.name == "sleep" for a in node.names):
            yield f"line {node.lineno}: sleep imported from time"


def fractions_of_fen(text: str) -> Iterator[str]:
    """Money is integer fen: never divided by ``/``, never made a float, never declared one."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and _is_money(node):
            yield f"line {node.lineno}: fen divided by /"
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "float" and _is_money(node):
            yield f"line {node.lineno}: fen made a float"
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
            name = node.arg if isinstance(node, ast.arg) else ast.unparse(node.target)
            if name.endswith("_fen") and re.search(r"\bfloat\b", ast.unparse(node.annotation)):
                yield f"line {node.lineno}: {name} declared a float"


def _is_money(node: ast.AST) -> bool:
    names = (getattr(part, "id", "") or getattr(part, "attr", "") for part in ast.walk(node))
    return any(name.endswith("_fen") or name == "fen" for name in names)


def everything_selected(text: str) -> Iterator[str]:
    """A query names a table's columns, since a new one must not change an answer; of its own WITH it may take all."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for table in _EVERYTHING.findall(node.value):
                if not re.search(
                    rf"\b{table}\b[^()]*(\([^()]*\))? AS (NOT )?(MATERIALIZED )?\(", node.value, re.IGNORECASE
                ):
                    yield f"line {node.lineno}: takes every column of {table}"


def yielding_dependencies(text: str) -> Iterator[str]:
    """FastAPI replies before a ``yield`` dependency ends, so a commit there would come after the reply."""
    tree = ast.parse(text)
    yielding = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, Function) and any(isinstance(part, ast.Yield | ast.YieldFrom) for part in ast.walk(node))
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Depends", "Security"}:
            asked = {ast.unparse(argument) for argument in node.args}
            yield from (f"line {node.lineno}: Depends({name}) yields" for name in sorted(asked & yielding))


def ways_back(text: str) -> Iterator[str]:
    """Migrations go forward only."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, Function) and node.name == "downgrade":
            yield f"line {node.lineno}: downgrade()"
