"""Certificates and signatures to test with: a real root, a person, a timestamping authority, and what signs a PDF.

Belongs here: making them, with the libraries that real services use. Keys are new for every run and worth nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

from asn1crypto import keys
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers, timestamps
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

NOW = datetime(2025, 3, 17, 12, 0, tzinfo=UTC)
LAST_MONTH, LAST_WEEK_FRIDAY, IN_TWO_YEARS = (
    NOW - timedelta(days=30),
    NOW - timedelta(days=3),
    NOW + timedelta(days=700),
)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def days(count: int) -> timedelta:
    return timedelta(days=count)


@dataclass(frozen=True)
class Holder:
    """A certificate with its key, and who issued it (None: itself)."""

    certificate: x509.Certificate
    key: Key
    issuer: Holder | None = None

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def asn1(self) -> asn1.Certificate:
        return asn1.Certificate.load(self.certificate.public_bytes(serialization.Encoding.DER))

    @property
    def asn1_key(self) -> keys.PrivateKeyInfo:
        plain = serialization.NoEncryption()
        pkcs8 = serialization.PrivateFormat.PKCS8
        return keys.PrivateKeyInfo.load(self.key.private_bytes(serialization.Encoding.DER, pkcs8, plain))

    @property
    def chain(self) -> SimpleCertificateStore:
        store = SimpleCertificateStore()
        above = self.issuer
        while above is not None:
            store.register(above.asn1)
            above = above.issuer
        return store


def holder(
    name: str,
    issuer: Holder | None = None,
    *,
    ca: bool = False,
    serial: str | None = None,
    email: str | None = None,
    starts: datetime = LAST_MONTH,
    ends: datetime = IN_TWO_YEARS,
    for_signing: bool = True,
    timestamps_only: bool = False,
) -> Holder:
    key: Key = rsa.generate_private_key(65537, 2048) if timestamps_only else ec.generate_private_key(ec.SECP256R1())
    pairs = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if serial is not None:
        pairs.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, serial))
    subject = x509.Name(pairs)
    usage = x509.KeyUsage(
        digital_signature=not ca, content_commitment=not ca and for_signing, key_cert_sign=ca, crl_sign=ca,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(starts)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if timestamps_only:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    if email is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.RFC822Name(email)]), critical=False)
    made = builder.sign(key if issuer is None else issuer.key, hashes.SHA256())
    return Holder(made, key, issuer)


def revocation_list(issuer: Holder, *revoked: Holder, on: datetime = LAST_WEEK_FRIDAY) -> bytes:
    """The issuer's list (DER) of a day, with those it has revoked."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(on)
        .next_update(on + days(400))
        .add_extension(x509.CRLNumber(1), critical=False)
    )
    for one in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(one.certificate.serial_number).revocation_date(on)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def stamping(authority: Holder, at: datetime) -> timestamps.DummyTimeStamper:
    return timestamps.DummyTimeStamper(authority.asn1, authority.asn1_key, authority.chain, fixed_dt=at)


def signed(
    pdf: bytes,
    who: Holder,
    *,
    name: str = "Signature1",
    stamp: timestamps.DummyTimeStamper | None = None,
    box: tuple[int, int, int, int] | None = None,
    proved_by: Holder | None = None,
    lists: tuple[bytes, ...] = (),
    **metadata: Any,
) -> bytes:
    """The PDF with a signature of the kind that signing services add (PAdES).

    ``proved_by``: the root with which validation data and a document timestamp are added (PAdES B-LTA).
    """
    if proved_by is not None:
        context = ValidationContext(trust_roots=[proved_by.asn1], moment=NOW, crls=list(lists))
        metadata |= {"validation_context": context, "embed_validation_info": True, "use_pades_lta": True}
    signer = signers.SimpleSigner(who.asn1, who.asn1_key, who.chain)
    about = signers.PdfSignatureMetadata(field_name=name, subfilter=fields.SigSeedSubFilter.PADES, **metadata)
    field = fields.SigFieldSpec(name, box=box) if box is not None else None
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    return signers.PdfSigner(about, signer, timestamper=stamp, new_field_spec=field).sign_pdf(writer).getvalue()
