"""What can be chosen about a sandbox: ports, limits, and the behaviours that the references leave open."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class SandboxOptions:
    """``rate_per_second`` 0 means no limit; ``read_ceiling``: rows that one list
    gives over all its pages (0: all), and whether a page beyond them is refused or the list just ends there;
    ``retry_after_header``: whether a 429 carries ``Retry-After``;
    ``write_off_voucher_type``: the voucher type of an Avskriv (not confirmed, reference § 6);
    ``dates_with_time`` ``sometimes``: some rows have dates with a time part (reference § 17);
    ``references_in_capitals``: a voucher's ExternalImportReference comes back in capitals, as identifiers often do;
    ``register_default``: what an organisation number is that nobody registered; ``now``: an ISO moment at which the
    clock stands, None for real time; ``state_file``: loaded at the start when it exists, written at the end;
    ``log_bodies_up_to``: bytes of a body that the request log keeps, larger ones are left out."""

    host: str = "127.0.0.1"
    http_port: int = 0
    smtp_port: int = 0
    rate_per_second: float = 10.0
    token_lifetime_seconds: int = 1200
    page_ceiling: int = 20_000
    read_ceiling: int = 0
    read_ceiling_refuses: bool = True
    retry_after_header: bool = True
    write_off_voucher_type: str = "ManualJournal"
    dates_with_time: Literal["never", "sometimes"] = "never"
    references_in_capitals: bool = False
    register_default: Literal["unknown", "active"] = "unknown"
    letter_drop_dir: Path | None = None
    now: str | None = None
    state_file: Path | None = None
    fault_hold_seconds: float = 30.0
    duplicate_reference_status: Literal[400, 409] = 400
    log_requests: int = 20_000
    log_bodies_up_to: int = 262_144

    def changed(self, **values: Any) -> SandboxOptions:
        """A copy with other values. Raises ``ValueError`` for a name that is no option."""
        unknown = set(values) - {field.name for field in fields(self)}
        if unknown:
            raise ValueError(f"sandbox options: unknown {', '.join(sorted(unknown))}")
        return replace(self, **values)

    def described(self) -> dict[str, Any]:
        return {key: str(value) if isinstance(value, Path) else value for key, value in asdict(self).items()}
