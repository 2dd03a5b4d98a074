"""The tables of evidence; the migrations make them."""

from sqlalchemy import BigInteger, Column, DateTime, Identity, LargeBinary, MetaData, SmallInteger, Table, Text

from kernel.grants import APPEND, Grants

metadata = MetaData()
_moment = DateTime(timezone=True)

logs = Table(
    "logs",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("vkey", Text, nullable=False),
    Column("sealed_seed", LargeBinary, nullable=False),
    Column("created_at", _moment, nullable=False),
    Column("size", BigInteger, nullable=False),
)

deposits = Table(
    "deposits",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("sm3", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("topic", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("aggregate_id", Text, nullable=False),
    Column("recorded_at", _moment, nullable=False),
    Column("arrival", BigInteger, Identity(always=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("log_index", BigInteger),
    Column("deposited_at", _moment),
)

nodes = Table(
    "nodes",
    metadata,
    Column("level", SmallInteger, primary_key=True),
    Column("place", BigInteger, primary_key=True),
    Column("hash", LargeBinary, nullable=False),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True),
    Column("origin", Text, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("signed_at", _moment, nullable=False),
)

# What the service's own role may do with them. An UPDATE of one column that nobody changes is there to lock the row.
GRANTS: Grants = {
    "checkpoints": APPEND,
    "deposits": f"{APPEND}, UPDATE (state, log_index, deposited_at)",
    "logs": f"{APPEND}, UPDATE (size)",
    "nodes": APPEND,
}
