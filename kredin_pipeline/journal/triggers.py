"""What the database itself refuses, in both dialects: a wrong change of state, a changed past, a lost row.

The statements make the current triggers, after the states have been filled in. A migration that changes one drops the
old ones by name and runs these.

- ``outbox``: starts as intended; changes state only along ``outbox_allowed_transitions``; every change writes its own
  row in ``outbox_transitions``; what identifies an item never changes, its content only while nothing has left, and the
  other side's id is written once.
- ``outbox_cases``: the claims of an item change with its content, only while it is intended.
- The growing tables refuse UPDATE and DELETE, and SQLite's REPLACE. Rows go only with a whole tenant, while an open
  row in ``purges`` names it; those that belong to no tenant (``FOREVER``) never go.
"""

from collections.abc import Sequence
from typing import Final

from kredin_pipeline.journal.legal_triggers import legal_statements

GROWING: Final[Sequence[tuple[str, str]]] = (
    ("settings_history", "tenant = new.tenant and version = new.version"),
    ("cases", "tenant = new.tenant and (case_id = new.case_id or voucher_id = new.voucher_id)"),
    ("decisions", "seq = new.seq or decision_id = new.decision_id"),
    ("outbox_transitions", "seq = new.seq"),
    ("documents", "seq = new.seq"),
)
"""Growing tables with what makes a new row the same as an old one (SQLite: REPLACE would delete without a trigger)."""

FOREVER: Final[Sequence[str]] = ("law_figures", "law_figure_withdrawals")
"""Growing tables of the whole installation, each with the key ``figure_id`` (revision 0002)."""

LATER_GROWING: Final[Sequence[str]] = ("brake_releases", "outbox_words")
"""Growing tables of a tenant with the key ``seq`` (revision 0003)."""

_FIXED: Final = ("key", "tenant", "kind", "reference", "reverses", "created_at")


REVISIONS: Final[Sequence[str]] = ("0001", "0002", "0003", "0004", "0005")
"""The revisions of the tables that brought triggers, oldest first."""


def statements(dialect: str, revision: str = "0001") -> list[str]:
    """The CREATE statements of the triggers that a revision brings (none for one that is not in ``REVISIONS``).

    Raises ``ValueError`` for a dialect that is not supported.
    """
    if dialect not in ("sqlite", "postgresql"):
        raise ValueError(f"{dialect}: the journal runs on sqlite and postgresql")
    if revision == "0005":
        return legal_statements(dialect)
    makers = {
        ("sqlite", "0001"): _sqlite, ("sqlite", "0002"): _sqlite_forever, ("sqlite", "0003"): _sqlite_later,
        ("postgresql", "0001"): _postgresql, ("postgresql", "0002"): _postgresql_forever,
        ("postgresql", "0003"): _postgresql_later,
        ("sqlite", "0004"): _sqlite_named, ("postgresql", "0004"): _postgresql_named,
    }  # fmt: skip
    maker = makers.get((dialect, revision))
    return [] if maker is None else maker()


_NAMED: Final = "new.state = 'intended' and old.remote_id is not null"
_NAMED_TEXT: Final = "outbox: this change of state is not allowed: the other side has named the item"


def _sqlite_named() -> list[str]:
    return [
        f"create trigger outbox_named before update of state on outbox when {_NAMED} "
        f"begin select raise(abort, '{_NAMED_TEXT}'); end"
    ]


def _postgresql_named() -> list[str]:
    return [
        f"""
create function outbox_guard_named() returns trigger language plpgsql as $$
begin
  if {_NAMED} then
    raise exception '{_NAMED_TEXT}' using errcode = 'check_violation';
  end if;
  return new;
end $$""",
        "create trigger outbox_named before update of state on outbox for each row "
        "execute function outbox_guard_named()",
    ]


def _sqlite_later() -> list[str]:
    found: list[str] = []
    for table in LATER_GROWING:
        purged = "exists (select 1 from purges where tenant = old.tenant and open = 1)"
        same = f"exists (select 1 from {table} where seq = new.seq)"
        for name, event, when, said in (
            ("no_update", "update", "1", "no row is changed"),
            ("no_delete", "delete", f"not {purged}", "no row is deleted"),
            ("no_replace", "insert", same, "this row exists"),
        ):
            found.append(
                f"create trigger {table}_{name} before {event} on {table} when {when} "
                f"begin select raise(abort, '{table} only grows: {said}'); end"
            )
    return found


def _postgresql_later() -> list[str]:
    found: list[str] = []
    for table in LATER_GROWING:
        found.append(
            f"create trigger {table}_grows before update or delete on {table} for each row "
            "execute function journal_only_grows()"
        )
        found.append(
            f"create trigger {table}_no_truncate before truncate on {table} for each statement "
            "execute function journal_fixed()"
        )
    return found


def _sqlite_forever() -> list[str]:
    found: list[str] = []
    for table in FOREVER:
        same = f"exists (select 1 from {table} where figure_id = new.figure_id)"
        for event, when in (("update", "1"), ("delete", "1"), ("insert", same)):
            name = f"{table}_no_{'replace' if event == 'insert' else event}"
            said = "this row exists" if event == "insert" else f"no row is {event}d"
            found.append(
                f"create trigger {name} before {event} on {table} when {when} "
                f"begin select raise(abort, '{table} only grows: {said}'); end"
            )
    return found


def _postgresql_forever() -> list[str]:
    found = [
        """
create function journal_never_changes() returns trigger language plpgsql as $$
begin
  raise exception '% only grows: no row is changed or deleted', tg_table_name using errcode = 'check_violation';
end $$"""
    ]
    for table in FOREVER:
        found.append(
            f"create trigger {table}_grows before update or delete on {table} for each row "
            "execute function journal_never_changes()"
        )
        found.append(
            f"create trigger {table}_no_truncate before truncate on {table} for each statement "
            "execute function journal_never_changes()"
        )
    return found


def _sqlite() -> list[str]:
    found: list[str] = []

    def refuse(name: str, event: str, table: str, when: str, message: str) -> None:
        found.append(
            f"create trigger {name} before {event} on {table} when {when} begin select raise(abort, '{message}'); end"
        )

    def purged(row: str) -> str:
        return f"exists (select 1 from purges where tenant = {row}.tenant and open = 1)"

    for table, same in GROWING:
        refuse(f"{table}_no_update", "update", table, "1", f"{table} only grows: no row is changed")
        refuse(f"{table}_no_delete", "delete", table, f"not {purged('old')}", f"{table} only grows: no row is deleted")
        refuse(
            f"{table}_no_replace", "insert", table, f"exists (select 1 from {table} where {same})",
            f"{table} only grows: this row exists",
        )  # fmt: skip
    refuse(
        "outbox_starts_intended", "insert", "outbox", "new.state <> 'intended' or new.attempts <> 0",
        "outbox: an item starts as intended",
    )  # fmt: skip
    refuse(
        "outbox_no_replace", "insert", "outbox",
        "exists (select 1 from outbox where key = new.key or (tenant = new.tenant and reference = new.reference))",
        "outbox: this item exists",
    )  # fmt: skip
    refuse("outbox_no_delete", "delete", "outbox", f"not {purged('old')}", "outbox: no item is deleted")
    refuse(
        "outbox_allowed", "update of state", "outbox",
        "not exists (select 1 from outbox_allowed_transitions "
        "where from_state = old.state and to_state = new.state)",
        "outbox: this change of state is not allowed",
    )  # fmt: skip
    changed = " or ".join(f"new.{column} is not old.{column}" for column in _FIXED)
    refuse("outbox_identity", "update", "outbox", changed, "outbox: what identifies an item never changes")
    refuse(
        "outbox_content", "update", "outbox",
        "(new.payload is not old.payload or new.planned_on is not old.planned_on) and new.state <> 'intended'",
        "outbox: the content changes only while nothing has left",
    )  # fmt: skip
    refuse(
        "outbox_remote", "update", "outbox",
        "(old.remote_id is not null and new.remote_id is not old.remote_id) "
        "or (old.remote_no is not null and new.remote_no is not old.remote_no) "
        "or (old.sent_on is not null and new.sent_on is not old.sent_on)",
        "outbox: what the other side named is written once",
    )  # fmt: skip
    found.append(
        "create trigger outbox_log_insert after insert on outbox begin "
        "insert into outbox_transitions (key, tenant, from_state, to_state, reason, worker, payload, at) "
        "values (new.key, new.tenant, null, new.state, new.reason, new.worker, new.payload, new.changed_at); end"
    )
    found.append(
        "create trigger outbox_log_update after update of state on outbox begin "
        "insert into outbox_transitions (key, tenant, from_state, to_state, reason, worker, payload, at) "
        "values (new.key, new.tenant, old.state, new.state, new.reason, new.worker, "
        "case when new.payload is not old.payload then new.payload end, new.changed_at); end"
    )
    for event, row in (("insert", "new"), ("delete", "old")):
        refuse(
            f"outbox_cases_{event}", event, "outbox_cases",
            f"not exists (select 1 from outbox where key = {row}.key and state = 'intended')"
            + (f" and not {purged(row)}" if event == "delete" else ""),
            "outbox: its claims change only while nothing has left",
        )  # fmt: skip
    refuse("outbox_cases_no_update", "update", "outbox_cases", "1", "outbox_cases: no row is changed")
    for table in ("outbox_states", "outbox_allowed_transitions"):
        for event in ("insert", "update", "delete"):
            refuse(f"{table}_no_{event}", event, table, "1", f"{table} is fixed by a migration")
    return found


def _postgresql() -> list[str]:
    changed = " or ".join(f"new.{column} is distinct from old.{column}" for column in _FIXED)
    found = [
        """
create function journal_only_grows() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and exists (select 1 from purges where tenant = old.tenant and open = 1) then
    return old;
  end if;
  raise exception '% only grows: no row is changed or deleted', tg_table_name using errcode = 'check_violation';
end $$""",
        """
create function journal_fixed() returns trigger language plpgsql as $$
begin
  raise exception '% is fixed by a migration', tg_table_name using errcode = 'check_violation';
end $$""",
        """
create function outbox_guard_insert() returns trigger language plpgsql as $$
begin
  if new.state <> 'intended' or new.attempts <> 0 then
    raise exception 'outbox: an item starts as intended' using errcode = 'check_violation';
  end if;
  return new;
end $$""",
        f"""
create function outbox_guard_update() returns trigger language plpgsql as $$
begin
  if {changed} then
    raise exception 'outbox: what identifies an item never changes' using errcode = 'check_violation';
  end if;
  if (new.payload is distinct from old.payload or new.planned_on is distinct from old.planned_on)
      and new.state <> 'intended' then
    raise exception 'outbox: the content changes only while nothing has left' using errcode = 'check_violation';
  end if;
  if (old.remote_id is not null and new.remote_id is distinct from old.remote_id)
      or (old.remote_no is not null and new.remote_no is distinct from old.remote_no)
      or (old.sent_on is not null and new.sent_on is distinct from old.sent_on) then
    raise exception 'outbox: what the other side named is written once' using errcode = 'check_violation';
  end if;
  return new;
end $$""",
        """
create function outbox_guard_state() returns trigger language plpgsql as $$
begin
  if not exists (select 1 from outbox_allowed_transitions
                 where from_state = old.state and to_state = new.state) then
    raise exception 'outbox: this change of state is not allowed' using errcode = 'check_violation';
  end if;
  return new;
end $$""",
        """
create function outbox_cases_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and exists (select 1 from purges where tenant = old.tenant and open = 1) then
    return old;
  end if;
  if tg_op = 'UPDATE' then
    raise exception 'outbox_cases: no row is changed' using errcode = 'check_violation';
  end if;
  if not exists (select 1 from outbox where state = 'intended'
                 and key = case when tg_op = 'DELETE' then old.key else new.key end) then
    raise exception 'outbox: its claims change only while nothing has left' using errcode = 'check_violation';
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end $$""",
        """
create function outbox_log() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into outbox_transitions (key, tenant, from_state, to_state, reason, worker, payload, at)
    values (new.key, new.tenant, null, new.state, new.reason, new.worker, new.payload, new.changed_at);
  else
    insert into outbox_transitions (key, tenant, from_state, to_state, reason, worker, payload, at)
    values (new.key, new.tenant, old.state, new.state, new.reason, new.worker,
            case when new.payload is distinct from old.payload then new.payload end, new.changed_at);
  end if;
  return null;
end $$""",
        "create trigger outbox_insert before insert on outbox for each row execute function outbox_guard_insert()",
        "create trigger outbox_update before update on outbox for each row execute function outbox_guard_update()",
        "create trigger outbox_state before update of state on outbox for each row "
        "execute function outbox_guard_state()",
        "create trigger outbox_log_insert after insert on outbox for each row execute function outbox_log()",
        "create trigger outbox_log_update after update of state on outbox for each row execute function outbox_log()",
        "create trigger outbox_no_delete before delete on outbox for each row execute function journal_only_grows()",
        "create trigger outbox_cases_change before insert or update or delete on outbox_cases for each row "
        "execute function outbox_cases_guard()",
    ]
    for table, _ in GROWING:
        found.append(
            f"create trigger {table}_grows before update or delete on {table} for each row "
            "execute function journal_only_grows()"
        )
    for table in ("outbox_states", "outbox_allowed_transitions"):
        found.append(
            f"create trigger {table}_fixed before insert or update or delete on {table} for each row "
            "execute function journal_fixed()"
        )
    for table in (
        *(name for name, _ in GROWING),
        "outbox",
        "outbox_cases",
        "outbox_states",
        "outbox_allowed_transitions",
    ):
        found.append(
            f"create trigger {table}_no_truncate before truncate on {table} for each statement "
            "execute function journal_fixed()"
        )
    return found
