"""Tables that have a bit of everything that rows must cope with."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    and_,
    column,
    or_,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

shelf = Table(
    "shelf",
    metadata,
    Column("seller_id", Text(collation="C"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("units", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("note", Text),
    CheckConstraint(and_(column("units") >= 0, column("units") + column("place") < 100), name="units_in_bounds"),
    CheckConstraint(or_(column("note").is_(None), column("note").in_(["a", "b", "ß"])), name="known_note"),
)

label = Table(
    "order",  # a reserved word, on purpose
    metadata,
    Column("label_id", Integer, primary_key=True),
    Column("code", Text(collation="C")),
    Column("owner", Text(collation="C"), nullable=False),
    Column("due_on", Integer),
    UniqueConstraint("code", name="label_code"),
    CheckConstraint(column("due_on") >= 0, name="due_or_never"),
    Index("label_owner", "owner", "due_on"),
)

entry = Table(
    "entry",
    metadata,
    Column("position", BigInteger, Identity(), primary_key=True),
    Column("body", Text, nullable=False),
)

sample = Table(
    "sample",
    metadata,
    Column("sample_id", Uuid, primary_key=True),
    Column("words", Text),
    Column("small", Integer),
    Column("big", BigInteger),
    Column("flag", Boolean),
    Column("at", DateTime(timezone=True), index=True),
    Column("day", Date),
    Column("raw", LargeBinary),
    Column("document", JSONB),
)
