"""The proof at each start: this role can do no more than it needs, and this server keeps what it acknowledges.

Two looks at the server's catalogue compare what was granted with what is written; then a handful of statements that
must fail are really tried, and taken back where one works. One connection, some tens of milliseconds.
"""

from collections.abc import Mapping

import asyncpg

from kernel.database import Database
from kernel.grants import APPEND, Grants, held, owner_of, spelled

# Passwords that guessers try first. The role's own name and an empty password belong to them.
GUESSED_PASSWORDS = frozenset({"", "admin", "changeme", "pass", "password", "postgres", "root", "secret", "yaosu"})
NEEDED_SETTINGS = {"fsync": "on", "full_page_writes": "on"}
ATTRIBUTES = {
    "rolsuper": "is a superuser", "rolbypassrls": "passes over row security", "rolcreaterole": "may make roles",
    "rolcreatedb": "may make databases", "rolreplication": "may replicate the server",
}  # fmt: skip


class Unsafe(Exception):  # noqa: N818 - addressed to the operator, who reads it as a sentence
    """The database is not one that a service may work on; says everything that has to be put right."""

    def __init__(self, database: str, reasons: list[str]) -> None:
        super().__init__(f"{database} is not safe to work on: {'; '.join(reasons)}")
        self.reasons = reasons


async def prove_safe(database: Database, grants: Grants, *, may_lose_data: bool) -> None:
    """Refuse with every reason at once, unless all is as it should be."""
    reasons = _password_faults(database)
    connection = await database.dedicated()
    try:
        if not may_lose_data:
            reasons += await _setting_faults(connection)
        role = str(database.url.username)
        reasons += await _role_faults(connection)
        reasons += await _grant_faults(connection, role, grants)
        reasons += await _broken_by(connection, _attempts(role, grants))
    finally:
        await connection.close()
    if reasons:
        raise Unsafe(str(database.url.database), reasons)


def _password_faults(database: Database) -> list[str]:
    password, host = database.url.password or "", database.url.query.get("host", database.url.host)
    if str(host).startswith("/") and not password:
        return []  # the socket's folder decides who may come in
    guessed = str(password) in GUESSED_PASSWORDS or password == database.url.username
    return ["the role's password is one that is guessed first"] if guessed else []


async def _setting_faults(connection: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    rows = await connection.fetch(_SETTINGS, [*NEEDED_SETTINGS, "synchronous_commit"])
    found = {row["name"]: row["setting"] for row in rows}
    faults = [
        f"the server's {name} is {found.get(name)}, it must be {needed}"
        for name, needed in NEEDED_SETTINGS.items() if found.get(name) != needed
    ]  # fmt: skip
    if found.get("synchronous_commit") == "off":
        faults.append("the server's synchronous_commit is off: what it acknowledges may be lost")
    return faults


async def _role_faults(connection: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    row = (await connection.fetch(_ROLE))[0]
    faults = [f"its role {words}" for name, words in ATTRIBUTES.items() if row[name]]
    faults += [f"its role belongs to {name}" for name in row["belongs_to"]]
    faults += [f"its role owns {name}" for name in row["owns"]]
    faults += [f"its role may enter the database {name}" for name in row["may_enter"]]
    if row["may_make"]:
        faults.append("its role may make schemas or temporary tables here")
    return faults


async def _grant_faults(connection: "asyncpg.Connection[asyncpg.Record]", role: str, grants: Grants) -> list[str]:
    real, written = await held(connection, role), spelled(grants)
    faults = [f"its role may {_words(one)}, which is not written" for one in sorted(real - written)]
    return faults + [f"its role may not {_words(one)}, which it needs" for one in sorted(written - real)]


def _words(privilege: tuple[str, str, str]) -> str:
    table, verb, column = privilege
    return f"{verb} {table}.{column}" if column else f"{verb} {table}"


def _attempts(role: str, grants: Grants) -> Mapping[str, str]:
    """Statements that must fail, by what it would mean if one did not. None touches a row even where it works."""
    attempts = {
        "make tables": "CREATE TABLE public.made_by_a_service (id integer)",
        "change its tables' form": "ALTER TABLE outbox ADD COLUMN made_by_a_service integer",
        "empty its outbox": "TRUNCATE outbox",
        "make roles": "CREATE ROLE made_by_a_service",
        "run programs on the server": "COPY (SELECT 1) TO PROGRAM 'true'",
        "read the server's files": "SELECT pg_read_file('PG_VERSION')",
        "read the passwords of roles": "SELECT 1 FROM pg_authid LIMIT 0",
    }
    for table in sorted(table for table, verbs in grants.items() if verbs == APPEND):
        attempts[f"change {table}"] = f"SELECT FROM {table} LIMIT 0 FOR UPDATE"
        attempts[f"delete from {table}"] = f"DELETE FROM {table} WHERE false"  # noqa: S608 - our own names
    # These two change who one is from then on, so they come last.
    attempts["switch triggers off"] = "SET session_replication_role = replica"
    attempts["act as the owner"] = f'SET ROLE "{owner_of(role)}"'
    return attempts


async def _broken_by(connection: "asyncpg.Connection[asyncpg.Record]", attempts: Mapping[str, str]) -> list[str]:
    """Try them all in one round trip. What is refused inside a block leaves no line in the server's log."""
    pairs = ", ".join(f"[{_literal(meaning)}, {_literal(statement)}]" for meaning, statement in attempts.items())
    try:
        await connection.execute(_TRY_ALL.format(pairs=pairs))
    except asyncpg.RaiseError as error:
        return [f"its role can {meaning}" for meaning in str(error).split("; ")]
    return []


def _literal(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"


# Where a statement works, the block ends in an exception, which takes back whatever it did. Where something else than
# the privilege stops it, such as a trigger, the privilege is there all the same.
_TRY_ALL = """
    DO $proof$
    DECLARE attempt text[]; broken text[] := '{{}}';
    BEGIN
        FOREACH attempt SLICE 1 IN ARRAY ARRAY[{pairs}] LOOP
            BEGIN
                EXECUTE attempt[2];
                broken := broken || attempt[1];
            EXCEPTION
                WHEN insufficient_privilege OR invalid_parameter_value THEN NULL;
                WHEN OTHERS THEN broken := broken || attempt[1];
            END;
        END LOOP;
        IF cardinality(broken) > 0 THEN RAISE EXCEPTION '%', array_to_string(broken, '; '); END IF;
    END $proof$"""
_SETTINGS = "SELECT name, setting FROM pg_settings WHERE name = ANY($1::text[])"
_ROLE = """
    SELECT r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolcreatedb, r.rolreplication,
           ARRAY(SELECT g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
                 WHERE m.member = r.oid ORDER BY 1) AS belongs_to,
           ARRAY(SELECT c.relname::text FROM pg_class c WHERE c.relowner = r.oid ORDER BY 1 LIMIT 5)
           || ARRAY(SELECT 'the database ' || d.datname FROM pg_database d WHERE d.datdba = r.oid ORDER BY 1) AS owns,
           ARRAY(SELECT d.datname::text FROM pg_database d
                 WHERE d.datname LIKE 'yaosu\\_%' AND d.datname <> current_database()
                   AND has_database_privilege(r.oid, d.oid, 'CONNECT') ORDER BY 1) AS may_enter,
           has_database_privilege(r.oid, current_database(), 'CREATE, TEMPORARY') AS may_make
    FROM pg_roles r WHERE r.rolname = current_user"""
