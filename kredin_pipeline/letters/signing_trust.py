"""Which certificates are believed: the roots that the installation has configured, and what revokes.

Belongs here: reading the folder of roots, and what a certificate says of a person. Not here: the check of a signature
(``signing``). Nothing is fetched from the network: revocation is judged by what the signed file carries (OCSP answers,
revocation lists) and by the lists that lie in the folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast

from asn1crypto import crl, pem, x509

from kredin_pipeline.cases.signers import Subject

Revocation = Literal["if_known", "required"]
"""``if_known``: what is shown as revoked is refused, what nobody shows passes and is noted. ``required``: that a
certificate of the chain is not revoked must be shown."""
CERTIFICATES: Final = (".pem", ".crt", ".cer")
LISTS: Final = (".crl",)


class TrustFault(ValueError):
    """A file in the folder of roots cannot be used; names the file and what is wanted."""


@dataclass(frozen=True)
class Trust:
    """The roots (asn1crypto certificates), the revocation lists (DER), and how revocation is judged."""

    roots: tuple[x509.Certificate, ...]
    lists: tuple[bytes, ...]
    revocation: Revocation
    folder: str | None

    @property
    def told(self) -> str:
        names = sorted(str(root.subject.human_friendly) for root in self.roots)
        return "; ".join(names) if names else "none"


def read_trust(folder: Path | None, revocation: Revocation = "if_known") -> Trust:
    """The roots (``*.pem``, ``*.crt``, ``*.cer``) and revocation lists (``*.crl``) of a folder; none without a folder.

    Raises ``TrustFault`` for a folder that is not there, a file that cannot be read, or a certificate that may not
    issue others: a person's own certificate is no root.
    """
    if folder is None:
        return Trust((), (), revocation, None)
    if not folder.is_dir():
        raise TrustFault(f"KREDIN_SIGNING_ROOTS: found {folder}, want a folder with the roots' certificates as PEM")
    roots: list[x509.Certificate] = []
    lists: list[bytes] = []
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() in CERTIFICATES:
            roots.extend(_certificates(file))
        elif file.suffix.lower() in LISTS:
            lists.extend(_lists(file))
    return Trust(tuple(roots), tuple(lists), revocation, str(folder))


def subject_of(certificate: x509.Certificate) -> Subject:
    """Whom a certificate names: common name, given name and surname, serial numbers, e-mail addresses."""
    found: dict[str, list[str]] = {}
    for part in cast(Any, certificate.subject).chosen:
        for pair in part:
            found.setdefault(str(pair["type"].native), []).append(str(pair["value"].native))
    names = found.get("common_name", [])
    if "given_name" in found and "surname" in found:
        names = [*names, f"{found['given_name'][0]} {found['surname'][0]}"]
    emails = found.get("email_address", [])
    alternatives: Any = certificate.subject_alt_name_value
    if alternatives is not None:
        emails = [*emails, *(str(one.native) for one in alternatives if one.name == "rfc822_name")]
    serials = found.get("serial_number", [])
    return Subject(tuple(dict.fromkeys(names)), tuple(dict.fromkeys(serials)), tuple(dict.fromkeys(emails)))


def _certificates(file: Path) -> Sequence[x509.Certificate]:
    found: list[x509.Certificate] = []
    try:
        for content in _unarmored(file):
            certificate = x509.Certificate.load(content)
            may_issue: Any = certificate.basic_constraints_value
            named = str(certificate.subject.human_friendly)
            if may_issue is None or not may_issue["ca"].native:
                raise TrustFault(
                    f"KREDIN_SIGNING_ROOTS: {file.name}: {named} may not issue certificates (no CA), want a root's"
                )
            found.append(certificate)
    except TrustFault:
        raise
    except (ValueError, TypeError, OSError) as error:
        raise TrustFault(f"KREDIN_SIGNING_ROOTS: {file.name}: no certificate could be read ({error})") from None
    return found


def _lists(file: Path) -> Sequence[bytes]:
    try:
        found = _unarmored(file)
        for content in found:
            crl.CertificateList.load(content)["tbs_cert_list"]["issuer"].native  # noqa: B018  (it parses late)
    except (ValueError, TypeError, OSError) as error:
        raise TrustFault(f"KREDIN_SIGNING_ROOTS: {file.name}: no revocation list could be read ({error})") from None
    return found


def _unarmored(file: Path) -> list[bytes]:
    content = file.read_bytes()
    if not pem.detect(content):
        return [content]
    parts: Any = pem.unarmor(content, multiple=True)
    return [bytes(der) for _, _, der in parts]
