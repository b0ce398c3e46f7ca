"""Why a signed file is not taken: every reason by name, and what is said of a certificate that is not believed.

Belongs here: the reasons and their words. Not here: the check (``signing``).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum, auto
from typing import Any

from pyhanko.sign.ades.report import AdESIndeterminate
from pyhanko.sign.validation import PdfSignatureStatus

from kredin_pipeline.cases.signers import Subject
from kredin_pipeline.letters.signing_trust import Trust


class Refusal(StrEnum):
    """Why a file is not taken as the signed draft."""

    no_signers = auto()
    no_roots = auto()
    not_a_pdf = auto()
    unreadable = auto()
    other_content = auto()
    not_signed = auto()
    changed = auto()
    not_covered = auto()
    broken = auto()
    self_made = auto()
    unknown_issuer = auto()
    not_for_signing = auto()
    expired = auto()
    not_yet_valid = auto()
    revoked = auto()
    revocation_unknown = auto()
    weak = auto()
    in_the_future = auto()
    wrong_person = auto()
    wrong_state = auto()


class SignatureRefused(Exception):
    """The file is not taken; ``reason`` is one of ``Refusal``, the text says what was found and what is wanted."""

    def __init__(self, reason: Refusal, told: str) -> None:
        super().__init__(told)
        self.reason, self.told = reason, told


def believed(status: PdfSignatureStatus, subject: Subject, moment: datetime, source: str, trust: Trust) -> None:
    """Raises ``SignatureRefused`` with the reason for which a certificate is not believed, if there is one."""
    if status.trusted:
        return
    certificate: Any = status.signing_cert
    who, day = f"the certificate of {subject.told}", moment.date().isoformat()
    begins, ends = certificate.not_valid_before, certificate.not_valid_after
    issuer = str(certificate.issuer.human_friendly)
    problem = status.trust_problem_indic
    if certificate.self_issued:
        reason, told = Refusal.self_made, f"{who} is self-made: no one but itself vouches for it"
    elif problem == AdESIndeterminate.NO_CERTIFICATE_CHAIN_FOUND:
        known = f"roots that are believed: {trust.told}"
        reason, told = (
            Refusal.unknown_issuer,
            f"{who} was issued by {issuer}, which leads to no configured root ({known})",
        )
    elif moment > ends:
        hint = "" if source == "timestamp" else "; signed earlier? Then it needs a timestamp that proves it"
        reason, told = Refusal.expired, f"{who} expired {ends.date().isoformat()}, before it signed ({day}){hint}"
    elif moment < begins:
        reason, told = (
            Refusal.not_yet_valid,
            f"{who} is valid from {begins.date().isoformat()}, after it signed ({day})",
        )
    elif status.revocation_details is not None:
        gone = status.revocation_details
        what = f"an issuer in the chain of {who}" if gone.ca_revoked else who
        when = gone.revocation_date.date().isoformat()
        reason, told = Refusal.revoked, f"{what} was revoked {when}, before it signed ({day})"
    elif problem == AdESIndeterminate.CHAIN_CONSTRAINTS_FAILURE:
        reason, told = Refusal.not_for_signing, f"{who} is not one for signing (key usage non-repudiation is not set)"
    elif problem in (
        AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE, AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE_NO_POE
    ):  # fmt: skip
        reason, told = Refusal.weak, f"the signature of {subject.told} rests on an algorithm that is no longer safe"
    elif trust.revocation == "required":
        reason, told = Refusal.revocation_unknown, (
            f"nothing shows that {who} and its issuers are not revoked; want a signature with validation data "
            "(PAdES B-LT), or the issuers' lists (*.crl) in KREDIN_SIGNING_ROOTS"
        )  # fmt: skip
    else:
        name = problem.standard_name if problem is not None else "no chain"
        reason, told = Refusal.unknown_issuer, f"the chain of {who} cannot be believed ({name})"
    raise SignatureRefused(reason, told)
