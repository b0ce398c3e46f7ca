"""Whether a file is our draft, signed by those who may: the check of an electronic signature (PAdES).

Belongs here: every reason for which a signed file is not taken. Not here: what a signed file may add to the draft
(``signing_changes``), which roots are believed (``signing_trust``), keeping what was found (``journal.legal``).

In this order, and all of it before anything is kept:

1. the file is a PDF whose first bytes are the draft's own, every one of them;
2. what was added to it are signatures and what proves them, nothing else;
3. each signature covers all bytes up to its end, and the last one the whole file (but validation data after it);
4. each is intact, by a certificate for signing (non-repudiation), whose chain ends in a configured root;
5. the certificate was valid when it was signed: at the time of a timestamp that ends in such a root, else now;
6. it is not revoked, as far as the file or the folder of roots shows (``Revocation``);
7. those who signed are the ones that the setting ``signers`` names.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, Final

from asn1crypto import parser, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import (
    EmbeddedPdfSignature,
    PdfSignatureStatus,
    SignatureCoverageLevel,
    validate_pdf_signature,
)
from pyhanko_certvalidator import ValidationContext

from kredin_pipeline.cases.signers import Signers, Subject
from kredin_pipeline.letters.signing_changes import Changed, only_signed, value_of
from kredin_pipeline.letters.signing_reasons import Refusal, SignatureRefused, believed
from kredin_pipeline.letters.signing_trust import Trust, subject_of

__all__ = ["Checked", "Refusal", "SignatureRefused", "check_signed"]
for _name in ("pyhanko", "pyhanko_certvalidator"):  # what it finds is told by the reason, not on the terminal
    logging.getLogger(_name).addHandler(logging.NullHandler())
CLOCKS_DIFFER: Final = timedelta(minutes=5)
_HEX: Final = re.compile(rb"<([0-9A-Fa-f]+)>")


@dataclass(frozen=True)
class Checked:
    """A signed file that may be taken: who signed, when (UTC; the last one), and what the check found."""

    subjects: tuple[Subject, ...]
    signed_at: datetime
    evidence: Mapping[str, Any]

    @property
    def signer(self) -> str:
        return "; ".join(subject.told for subject in self.subjects)


def check_signed(draft: bytes, content: bytes, signers: Signers | None, trust: Trust, at: datetime) -> Checked:
    """Judge a signed file against the draft's bytes; ``at`` is the time of receipt (aware).

    Raises ``SignatureRefused`` with the first reason that is found.
    """
    if signers is None:
        raise SignatureRefused(
            Refusal.no_signers, "nobody is named who may sign; set it: kredin tenants set TENANT 'signers=email: ...'"
        )
    if not trust.roots:
        where = f"{trust.folder} holds no certificate" if trust.folder else "KREDIN_SIGNING_ROOTS is not set"
        raise SignatureRefused(
            Refusal.no_roots, f"{where}: no signature is believed until the roots of the signing service are there"
        )
    _is_our_draft(draft, content)
    try:
        return _checked(draft, content, signers, trust, at)
    except SignatureRefused:
        raise
    except Changed as changed:
        raise SignatureRefused(Refusal.changed, f"more than signatures was added to the draft: {changed}") from None
    except Exception as error:  # a damaged or made-up file may fail anywhere in the reader; then it is not taken
        told = f"it could not be read as a signed PDF ({type(error).__name__}: {error})"
        raise SignatureRefused(Refusal.unreadable, told) from error


def _is_our_draft(draft: bytes, content: bytes) -> None:
    if not content.startswith(b"%PDF-"):
        raise SignatureRefused(Refusal.not_a_pdf, "it is no PDF: it does not begin with %PDF-")
    if content == draft:
        raise SignatureRefused(Refusal.not_signed, "it is the draft itself, without a signature")
    if content[: len(draft)] != draft:
        pairs = enumerate(zip(draft, content, strict=False))
        first = next((number for number, (ours, theirs) in pairs if ours != theirs), len(content))
        raise SignatureRefused(
            Refusal.other_content,
            f"what was signed is not our draft: byte {first + 1} of {len(draft)} differs; sign the very file that "
            "`kredin sign draft` wrote, with a service that adds its signature to it",
        )


def _checked(draft: bytes, content: bytes, signers: Signers, trust: Trust, at: datetime) -> Checked:
    reader = PdfFileReader(BytesIO(content))
    only_signed(draft, reader)
    signatures = [one for one in reader.embedded_signatures if one.sig_object_type == "/Sig"]
    if not signatures:
        raise SignatureRefused(Refusal.not_signed, "it carries no signature")
    if content[content.rindex(b"%%EOF") + 5 :].strip(b"\r\n"):
        raise SignatureRefused(Refusal.not_covered, "there are bytes after its end that no signature covers")
    for signature in reader.embedded_signatures:
        _covers(signature, draft, content)
    proof = _Proof.of(reader, trust)
    judged = [_judge(signature, proof, at, content) for signature in signatures]
    subjects = tuple(subject for subject, _, _ in judged)
    refused = signers.refusal(subjects)
    if refused is not None:
        raise SignatureRefused(Refusal.wrong_person, refused)
    evidence = {
        "file_sha256": hashlib.sha256(content).hexdigest(),
        "draft_sha256": hashlib.sha256(draft).hexdigest(),
        "draft_bytes": len(draft),
        "signatures": [found for _, _, found in judged],
        "may_sign": signers.told,
        "roots": trust.told,
        "revocation_policy": trust.revocation,
        "checked_at": at,
    }
    return Checked(subjects, max(moment for _, moment, _ in judged), evidence)


def _covers(signature: EmbeddedPdfSignature, draft: bytes, content: bytes) -> None:
    """All bytes from the first to its end, but the signature itself, whose unused rest is empty."""
    span = _span(signature)
    name = signature.field_name
    whole = len(span) == 4 and span[0] == 0 and len(draft) < span[1] < span[2] and sum(span[2:]) <= len(content)
    hole = _HEX.fullmatch(content[span[1] : span[2]]) if whole else None
    if hole is None or signature.evaluate_signature_coverage() < SignatureCoverageLevel.ENTIRE_REVISION:
        raise SignatureRefused(Refusal.not_covered, f"the signature {name} does not cover the whole document")
    held = bytes.fromhex(hole[1].decode())
    if held[parser.peek(held) :].strip(b"\0"):
        raise SignatureRefused(Refusal.not_covered, f"the signature {name} has bytes behind it that nothing covers")


def _span(signature: EmbeddedPdfSignature) -> list[int]:
    span: Any = signature.byte_range
    return [int(number) for number in span]


@dataclass(frozen=True)
class _Proof:
    """What a chain is built and judged with: roots, and what the file itself carries."""

    trust: Trust
    certificates: tuple[x509.Certificate, ...]
    lists: tuple[bytes, ...]
    answers: tuple[bytes, ...]

    @classmethod
    def of(cls, reader: PdfFileReader, trust: Trust) -> _Proof:
        store = value_of(reader.root, "/DSS", {})

        def held(key: str) -> tuple[bytes, ...]:
            return tuple(bytes(entry.get_object().data) for entry in value_of(store, key, ()))

        carried = tuple(x509.Certificate.load(content) for content in held("/Certs"))
        return cls(trust, carried, (*held("/CRLs"), *trust.lists), held("/OCSPs"))

    @property
    def modes(self) -> tuple[str, ...]:
        if self.trust.revocation == "required":
            return ("require",)
        return ("require", "soft-fail") if self.lists or self.answers else ("soft-fail",)

    def context(self, moment: datetime, mode: str) -> ValidationContext:
        """What was said of a certificate later counts for earlier too: a service asks just after it has signed."""
        return ValidationContext(
            trust_roots=list(self.trust.roots),
            other_certs=list(self.certificates),
            moment=moment,
            allow_fetching=False,
            crls=list(self.lists),
            ocsps=list(self.answers),
            revocation_mode=mode,
            retroactive_revinfo=True,
        )


def _judge(
    signature: EmbeddedPdfSignature, proof: _Proof, at: datetime, content: bytes
) -> tuple[Subject, datetime, dict[str, Any]]:
    """One signature: who, when, and what was found. Raises ``SignatureRefused``."""
    status = _status(signature, proof, at, at, "soft-fail")
    subject = subject_of(status.signing_cert)
    if not (status.intact and status.valid):
        raise SignatureRefused(
            Refusal.broken, f"the signature of {subject.told} is broken: the file was changed after it was signed"
        )
    moment, source = _moment(status, subject, at)
    revocation = "not revoked"
    for mode in proof.modes:
        status = _status(signature, proof, moment, at, mode)
        revocation = "not revoked" if mode == "require" else "not known: nothing was carried along"
        if status.trusted or status.revoked:
            break
    believed(status, subject, moment, source, proof.trust)
    if not status.docmdp_ok:
        raise SignatureRefused(Refusal.changed, f"more was added after the signature of {subject.told} than it allows")
    path: Any = status.validation_path
    whole = sum(_span(signature)[2:]) == len(content)
    chain = [str(one.subject.human_friendly) for one in path.iter_certs(include_root=True)]
    return subject, moment, {
        "signer": subject.told,
        "certificate_sha256": status.signing_cert.sha256.hex(),
        "chain": chain,
        "signed_at": moment,
        "time_is_of": source,
        "claimed_time": status.signer_reported_dt,
        "covers": "the whole file" if whole else "all but what was added to prove or sign it",
        "revocation": revocation,
        "digest": status.md_algorithm,
        "standard": str(signature.sig_object.get("/SubFilter", "")),
    }  # fmt: skip


def _status(
    signature: EmbeddedPdfSignature, proof: _Proof, moment: datetime, at: datetime, mode: str
) -> PdfSignatureStatus:
    return validate_pdf_signature(signature, proof.context(moment, mode), proof.context(at, "soft-fail"))


def _moment(status: PdfSignatureStatus, subject: Subject, at: datetime) -> tuple[datetime, str]:
    """When it was signed, as far as anybody but the signer says so: a believed timestamp, else the time of receipt."""
    stamp = status.timestamp_validity
    if stamp is None:
        return at, "receipt"
    if not (stamp.intact and stamp.valid):
        raise SignatureRefused(Refusal.broken, f"the timestamp of the signature of {subject.told} is broken")
    if not stamp.trusted:
        return at, "receipt (its timestamp ends in no configured root)"
    if stamp.timestamp > at + CLOCKS_DIFFER:
        raise SignatureRefused(
            Refusal.in_the_future, f"its timestamp says {stamp.timestamp.isoformat()}, and now it is {at.isoformat()}"
        )
    return stamp.timestamp.astimezone(UTC), "timestamp"
