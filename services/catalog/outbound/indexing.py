"""Who is who: for each row of a people file its token, its subject token and its pseudonym."""

from collections.abc import Iterator
from pathlib import Path

from catalog.domain.identity import normalise, token, token_of_normalised
from catalog.domain.refusals import SubjectColumnMissing
from catalog.outbound.profiling.opening import engine, open_files, quoted

BATCH_ENTRIES = 5000


def index_subjects(
    name: str, path: Path, key_column: str, identity_column: str, keys: tuple[bytes, bytes, bytes], *,
    memory_limit: str = "2GB",
) -> Iterator[list[tuple[str, str, str]]]:  # fmt: skip
    """Batches of (row token, subject token, identity pseudonym); keys: dataset's, contract's, identity verifier's."""
    dataset_key, contract_key, identity_key = keys
    with engine(memory_limit, 1) as connection:
        opened = open_files(connection, {name: path})[0]
        check_columns(name, opened.columns, key_column, identity_column)
        key, identity = quoted(key_column), quoted(identity_column)
        filled = f"{key} IS NOT NULL AND {identity} IS NOT NULL"
        cursor = connection.raw_sql(f"SELECT {key}, {identity} FROM {opened.table} WHERE {filled} ORDER BY 1, 2")  # noqa: S608 - quoted
        while rows := cursor.fetchmany(BATCH_ENTRIES):
            numbers = [normalise(number).encode() for _, number in rows]
            yield [
                (
                    token(dataset_key, person),
                    token_of_normalised(contract_key, number),
                    token_of_normalised(identity_key, number),
                )
                for (person, _), number in zip(rows, numbers, strict=True)
            ]


def check_columns(name: str, columns: tuple[str, ...], key_column: str, identity_column: str) -> None:
    """Refuse a people file without the columns that its dataset declares."""
    missing = sorted({key_column, identity_column} - set(columns))
    if missing:
        raise SubjectColumnMissing(file=name, columns=missing)
