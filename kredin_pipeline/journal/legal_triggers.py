"""What the database itself refuses of legal documents, in both dialects (revision 0005).

- A draft starts as drafted and changes state only along ``LEGAL_TRANSITIONS``; every change writes its own log row;
  what it is (bytes, data, template, cases, attachments) never changes.
- It becomes signed only with a kept signed file that begins with the draft's very bytes, attested only with a named
  person's word, and filed only from these two, on or after the day of the signature. A signature is kept only for a
  draft that was handed out. So nothing can be filed unsigned, whatever program writes.
- Cases, attachments, signatures and both logs only grow; rows go with a whole tenant alone (``purges``).

The signature itself is checked by ``letters.signing``: a database cannot.
"""

from typing import Final

from kredin_pipeline.journal.legal_states import LEGAL_TRANSITIONS

_FIXED: Final = (
    "draft_id", "tenant", "kind", "content_sha256", "pdf_sha256", "pdf", "snapshot", "template", "case_count",
    "attachment_count", "drafted_at",
)  # fmt: skip
_GROWING: Final = ("legal_draft_cases", "legal_attachments", "legal_signatures", "legal_log", "legal_refusals")
_BY_SEQ: Final = ("legal_signatures", "legal_log", "legal_refusals")
_ALLOWED: Final = " or ".join(f"(old.state = '{start}' and new.state = '{to}')" for start, to in LEGAL_TRANSITIONS)
_SIGNATURE: Final = "select 1 from legal_signatures where draft_id = new.draft_id and tenant = new.tenant"
_UNSIGNED: Final = (
    f"(new.state = 'signed' and not exists ({_SIGNATURE} and way = 'pades')) "
    f"or (new.state = 'attested' and not exists ({_SIGNATURE} and way = 'paper')) "
    f"or (new.state = 'filed' and not exists ({_SIGNATURE} and signed_on <= new.filed_on))"
)
_NOT_HANDED_OUT: Final = (
    "not exists (select 1 from legal_drafts where draft_id = new.draft_id and tenant = new.tenant "
    "and state = 'handed_out')"
)
_STARTS: Final = "legal_drafts: a draft starts as drafted"
_FIXED_TEXT: Final = "legal_drafts: what was drafted never changes"
_ALLOWED_TEXT: Final = "legal_drafts: this change of state is not allowed"
_UNSIGNED_TEXT: Final = "legal_drafts: nothing is signed, attested or filed without its signature"
_HANDED_TEXT: Final = "legal_signatures: the draft is not handed out"
_BYTES_TEXT: Final = "legal_signatures: the signed file does not begin with the bytes of the draft"
_PARTS_TEXT: Final = "what a draft consists of is written with it"


def legal_statements(dialect: str) -> list[str]:
    """The CREATE statements of the triggers, for ``sqlite`` or ``postgresql``."""
    return _sqlite() if dialect == "sqlite" else _postgresql()


def _other_bytes(part: str) -> str:
    """Whether the kept file does not go on from the draft's bytes; ``part`` cuts a file's beginning."""
    return (
        f"new.way = 'pades' and not exists (select 1 from legal_drafts where draft_id = new.draft_id "
        f"and {part} = pdf and length(new.content) > length(pdf))"
    )


def _surplus(table: str) -> str:
    """Whether a row is no part of its draft as drafted."""
    count = "case_count" if table == "legal_draft_cases" else "attachment_count"
    return (
        "not exists (select 1 from legal_drafts where draft_id = new.draft_id and tenant = new.tenant "
        f"and state = 'drafted' and new.position >= 0 and new.position < {count})"
    )


def _sqlite() -> list[str]:
    found: list[str] = []

    def refuse(name: str, event: str, table: str, when: str, message: str) -> None:
        found.append(
            f"create trigger {name} before {event} on {table} when {when} begin select raise(abort, '{message}'); end"
        )

    purged = "exists (select 1 from purges where tenant = old.tenant and open = 1)"
    changed = " or ".join(f"new.{column} is not old.{column}" for column in _FIXED)
    again = (
        "exists (select 1 from legal_drafts where draft_id = new.draft_id or (tenant = new.tenant "
        "and content_sha256 = new.content_sha256 and state <> 'withdrawn'))"
    )
    refuse("legal_drafts_start", "insert", "legal_drafts", "new.state <> 'drafted'", _STARTS)
    refuse("legal_drafts_no_replace", "insert", "legal_drafts", again, "legal_drafts: this draft exists")
    steps = ((changed, _FIXED_TEXT), (f"not ({_ALLOWED})", _ALLOWED_TEXT), (_UNSIGNED, _UNSIGNED_TEXT))
    body = " ".join(f"select raise(abort, '{message}') where {when};" for when, message in steps)
    found.append(f"create trigger legal_drafts_change before update on legal_drafts begin {body} end")
    refuse("legal_drafts_no_delete", "delete", "legal_drafts", f"not {purged}", "legal_drafts: no draft is deleted")
    for event, old in (("insert", "null"), ("update", "old.state")):
        found.append(
            f"create trigger legal_drafts_log_{event} after {event} on legal_drafts begin "
            "insert into legal_log (draft_id, tenant, from_state, to_state, reason, who, at) "
            f"values (new.draft_id, new.tenant, {old}, new.state, new.reason, new.who, new.changed_at); end"
        )
    refuse("legal_signatures_handed_out", "insert", "legal_signatures", _NOT_HANDED_OUT, _HANDED_TEXT)
    same_bytes = _other_bytes("substr(new.content, 1, length(pdf))")
    refuse("legal_signatures_bytes", "insert", "legal_signatures", same_bytes, _BYTES_TEXT)
    for table in _GROWING:
        same = f"exists (select 1 from {table} where draft_id = new.draft_id and position = new.position)"
        if table in _BY_SEQ:
            same = f"exists (select 1 from {table} where seq = new.seq)"
        if table == "legal_signatures":
            same = f"exists (select 1 from {table} where seq = new.seq or draft_id = new.draft_id)"
        refuse(f"{table}_no_update", "update", table, "1", f"{table} only grows: no row is changed")
        refuse(f"{table}_no_delete", "delete", table, f"not {purged}", f"{table} only grows: no row is deleted")
        refuse(f"{table}_no_replace", "insert", table, same, f"{table} only grows: this row exists")
        if table not in _BY_SEQ:
            refuse(f"{table}_with_draft", "insert", table, _surplus(table), f"{table}: {_PARTS_TEXT}")
    return found


def _postgresql() -> list[str]:
    changed = " or ".join(f"new.{column} is distinct from old.{column}" for column in _FIXED)
    failing = "using errcode = 'check_violation'"
    found = [
        f"""
create function legal_drafts_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if new.state <> 'drafted' then
      raise exception '{_STARTS}' {failing};
    end if;
    return new;
  end if;
  if {changed} then
    raise exception '{_FIXED_TEXT}' {failing};
  end if;
  if not ({_ALLOWED}) then
    raise exception '{_ALLOWED_TEXT}' {failing};
  end if;
  if {_UNSIGNED} then
    raise exception '{_UNSIGNED_TEXT}' {failing};
  end if;
  return new;
end $$""",
        """
create function legal_drafts_log() returns trigger language plpgsql as $$
begin
  insert into legal_log (draft_id, tenant, from_state, to_state, reason, who, at)
  values (new.draft_id, new.tenant, case when tg_op = 'UPDATE' then old.state end, new.state, new.reason, new.who,
          new.changed_at);
  return null;
end $$""",
        f"""
create function legal_signatures_guard() returns trigger language plpgsql as $$
begin
  if {_NOT_HANDED_OUT} then
    raise exception '{_HANDED_TEXT}' {failing};
  end if;
  if {_other_bytes("substring(new.content from 1 for length(pdf))")} then
    raise exception '{_BYTES_TEXT}' {failing};
  end if;
  return new;
end $$""",
        "create trigger legal_drafts_change before insert or update on legal_drafts for each row "
        "execute function legal_drafts_guard()",
        "create trigger legal_drafts_logged after insert or update on legal_drafts for each row "
        "execute function legal_drafts_log()",
        "create trigger legal_drafts_no_delete before delete on legal_drafts for each row "
        "execute function journal_only_grows()",
        "create trigger legal_drafts_no_truncate before truncate on legal_drafts for each statement "
        "execute function journal_fixed()",
        "create trigger legal_signatures_signed before insert on legal_signatures for each row "
        "execute function legal_signatures_guard()",
    ]
    for table in _GROWING:
        found.append(
            f"create trigger {table}_grows before update or delete on {table} for each row "
            "execute function journal_only_grows()"
        )
        found.append(
            f"create trigger {table}_no_truncate before truncate on {table} for each statement "
            "execute function journal_fixed()"
        )
        if table not in _BY_SEQ:
            found.append(
                f"""
create function {table}_guard() returns trigger language plpgsql as $$
begin
  if {_surplus(table)} then
    raise exception '{table}: {_PARTS_TEXT}' {failing};
  end if;
  return new;
end $$"""
            )
            found.append(
                f"create trigger {table}_with_draft before insert on {table} for each row "
                f"execute function {table}_guard()"
            )
    return found
