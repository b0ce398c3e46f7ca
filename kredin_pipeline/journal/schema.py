"""The journal's tables. Every table but ``tenants`` and ``outbox`` only grows; triggers hold that (``triggers.py``)."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from kredin_pipeline.journal.columns import UtcTime
from kredin_pipeline.journal.states import STATES

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)
Growing = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself only for INTEGER keys."""

tenants: Final = Table(
    "tenants",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("client_key_sealed", Text, nullable=False),
    Column("company_name", Text, nullable=False),
    Column("organization_no", String(20), nullable=False),
    Column("connected_on", Date, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    CheckConstraint("name <> ''", name="name"),
)

purges: Final = Table(
    "purges",
    metadata,
    Column("seq", Growing, primary_key=True, autoincrement=True),
    Column("tenant", String(60), nullable=False),
    Column("reason", Text, nullable=False),
    Column("purged_by", Text, nullable=False),
    Column("purged_at", UtcTime, nullable=False),
    Column("open", Integer, nullable=False),
    CheckConstraint("open in (0, 1)", name="open"),
    sqlite_autoincrement=True,
)

settings_history: Final = Table(
    "settings_history",
    metadata,
    Column("tenant", ForeignKey("tenants.name"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("settings", Text, nullable=False),
    Column("changes", Text, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
)

cases: Final = Table(
    "cases",
    metadata,
    Column("tenant", ForeignKey("tenants.name"), primary_key=True),
    Column("case_id", String(40), primary_key=True),
    Column("voucher_id", String(60), nullable=False),
    Column("invoice_no", String(60)),
    Column("customer_no", String(60)),
    Column("orgnr", String(20)),
    Column("opened_on", Date, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    UniqueConstraint("tenant", "voucher_id"),
)

decisions: Final = Table(
    "decisions",
    metadata,
    Column("seq", Growing, primary_key=True, autoincrement=True),
    Column("decision_id", String(60), nullable=False, unique=True),
    Column("tenant", ForeignKey("tenants.name"), nullable=False),
    Column("case_id", String(40)),
    Column("customer_no", String(60)),
    Column("kind", String(40), nullable=False),
    Column("payload", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("refused_because", Text),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", UtcTime, nullable=False),
    ForeignKeyConstraint(["tenant", "case_id"], ["cases.tenant", "cases.case_id"]),
    Index("ix_decisions_tenant", "tenant", "seq"),
    CheckConstraint("decided_by <> ''", name="decided_by"),
    sqlite_autoincrement=True,
)

outbox_states: Final = Table(
    "outbox_states",
    metadata,
    Column("state", String(20), primary_key=True),
    Column("meaning", Text, nullable=False),
)

outbox_allowed_transitions: Final = Table(
    "outbox_allowed_transitions",
    metadata,
    Column("from_state", ForeignKey("outbox_states.state"), primary_key=True),
    Column("to_state", ForeignKey("outbox_states.state"), primary_key=True),
)

outbox: Final = Table(
    "outbox",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("tenant", ForeignKey("tenants.name"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("state", ForeignKey("outbox_states.state"), nullable=False),
    Column("reference", String(60), nullable=False),
    Column("reverses", ForeignKey("outbox.key")),
    Column("payload", Text, nullable=False),
    Column("planned_on", Date, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("worker", Text),
    Column("remote_id", String(200)),
    Column("remote_no", String(60)),
    Column("sent_on", Date),
    Column("reason", Text),
    Column("created_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    UniqueConstraint("tenant", "reference"),
    CheckConstraint("kind in ('letter', 'voucher', 'reversal', 'message')", name="kind"),
    CheckConstraint("(kind = 'reversal') = (reverses is not null)", name="reverses"),
    CheckConstraint("state <> 'sending' or worker is not null", name="sending_has_worker"),
    CheckConstraint(
        "state not in ('posted', 'confirmed') or (remote_id is not null and sent_on is not null)",
        name="posted_is_named",
    ),
    CheckConstraint("remote_no is null or remote_no not in ('', '0')", name="remote_no"),
    Index("ix_outbox_tenant_kind_state", "tenant", "kind", "state"),
    Index(
        "uq_outbox_remote",
        "tenant",
        "kind",
        "remote_id",
        unique=True,
        sqlite_where=text("remote_id is not null and kind <> 'letter'"),
        postgresql_where=text("remote_id is not null and kind <> 'letter'"),
    ),
)

outbox_cases: Final = Table(
    "outbox_cases",
    metadata,
    Column("key", ForeignKey("outbox.key"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("tenant", String(60), nullable=False),
    Column("case_id", String(40), nullable=False),
    ForeignKeyConstraint(["tenant", "case_id"], ["cases.tenant", "cases.case_id"]),
    UniqueConstraint("key", "case_id"),
    Index("ix_outbox_cases_case", "tenant", "case_id"),
)

outbox_transitions: Final = Table(
    "outbox_transitions",
    metadata,
    Column("seq", Growing, primary_key=True, autoincrement=True),
    Column("key", ForeignKey("outbox.key"), nullable=False),
    Column("tenant", String(60), nullable=False),
    Column("from_state", String(20)),
    Column("to_state", String(20), nullable=False),
    Column("reason", Text),
    Column("worker", Text),
    Column("payload", Text),
    Column("at", UtcTime, nullable=False),
    ForeignKeyConstraint(
        ["from_state", "to_state"], ["outbox_allowed_transitions.from_state", "outbox_allowed_transitions.to_state"]
    ),
    Index("ix_outbox_transitions_key", "key", "seq"),
    Index(
        "ix_outbox_transitions_sending",
        "tenant",
        "at",
        sqlite_where=text("to_state = 'sending'"),
        postgresql_where=text("to_state = 'sending'"),
    ),
    sqlite_autoincrement=True,
)

documents: Final = Table(
    "documents",
    metadata,
    Column("seq", Growing, primary_key=True, autoincrement=True),
    Column("tenant", ForeignKey("tenants.name"), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("key", ForeignKey("outbox.key")),
    Column("case_id", String(40)),
    Column("kind", String(40), nullable=False),
    Column("media_type", String(80), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("snapshot", Text, nullable=False),
    Column("stored_at", UtcTime, nullable=False),
    ForeignKeyConstraint(["tenant", "case_id"], ["cases.tenant", "cases.case_id"]),
    Index("ix_documents_sha256", "tenant", "sha256"),
    Index("ix_documents_key", "key"),
    sqlite_autoincrement=True,
)

law_figures: Final = Table(
    "law_figures",
    metadata,
    Column("figure_id", Growing, primary_key=True, autoincrement=True),
    Column("kind", String(40), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("value", String(20), nullable=False),
    Column("source", Text, nullable=False),
    Column("confidence", String(10), nullable=False),
    Column("added_by", Text, nullable=False),
    Column("added_at", UtcTime, nullable=False),
    CheckConstraint("valid_to is null or valid_from <= valid_to", name="days"),
    CheckConstraint("source <> ''", name="source"),
    CheckConstraint("confidence in ('high', 'medium', 'low', 'unknown')", name="confidence"),
    CheckConstraint("added_by <> ''", name="added_by"),
    sqlite_autoincrement=True,
)
"""Figures of the law added since the release. They are the installation's and not a tenant's: no purge takes them."""

law_figure_withdrawals: Final = Table(
    "law_figure_withdrawals",
    metadata,
    Column("figure_id", ForeignKey("law_figures.figure_id"), primary_key=True, autoincrement=False),
    Column("why", Text, nullable=False),
    Column("withdrawn_by", Text, nullable=False),
    Column("withdrawn_at", UtcTime, nullable=False),
    CheckConstraint("why <> ''", name="why"),
    CheckConstraint("withdrawn_by <> ''", name="withdrawn_by"),
)

brake_releases: Final = Table(
    "brake_releases",
    metadata,
    Column("seq", Growing, primary_key=True, autoincrement=True),
    Column("tenant", ForeignKey("tenants.name"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("on_day", Date, nullable=False),
    Column("up_to", Integer, nullable=False),
    Column("limit_was", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Column("released_by", Text, nullable=False),
    Column("released_at", UtcTime, nullable=False),
    CheckConstraint("kind in ('letters', 'vouchers')", name="kind"),
    CheckConstraint("up_to > limit_was and limit_was >= 0", name="up_to"),
    CheckConstraint("why <> ''", name="why"),
    CheckConstraint("released_by <> ''", name="released_by"),
    Index("ix_brake_releases_day", "tenant", "kind", "on_day"),
    sqlite_autoincrement=True,
)
"""How many letters or vouchers of a day a person has allowed beyond the limit (``brake.py``, revision 0003)."""

outbox_words: Final = Table(
    "outbox_words",
    metadata,
    Column("seq", Growing, primary_key=True, autoincrement=True),
    Column("tenant", ForeignKey("tenants.name"), nullable=False),
    Column("key", ForeignKey("outbox.key")),
    Column("voucher_id", String(200)),
    Column("about", String(40), nullable=False),
    Column("said", String(20), nullable=False),
    Column("remote_id", String(200)),
    Column("remote_no", String(60)),
    Column("evidence", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("said_by", Text, nullable=False),
    Column("said_at", UtcTime, nullable=False),
    CheckConstraint("key is not null or voucher_id is not null", name="subject"),
    CheckConstraint("said in ('posted', 'not_sent', 'stands')", name="said"),
    CheckConstraint("why <> ''", name="why"),
    CheckConstraint("said_by <> ''", name="said_by"),
    Index("ix_outbox_words_tenant", "tenant", "seq"),
    sqlite_autoincrement=True,
)
"""What a person said about an item, or about a voucher that the ledger has and the outbox does not (``words.py``)."""

STATE_ROWS: Final = [{"state": state, "meaning": meaning} for state, meaning in STATES.items()]
