"""A signed file is taken when it is our draft, signed by those who may, and refused for every reason by name."""

from __future__ import annotations

import re
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest
from asn1crypto import cms
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

from kredin_pipeline.cases.signers import read_signers
from kredin_pipeline.letters.signing import Checked, Refusal, SignatureRefused, check_signed
from kredin_pipeline.letters.signing_changes import Changed, only_signed
from kredin_pipeline.letters.signing_trust import Trust, TrustFault, read_trust
from tests.unit.signing.conftest import House
from tests.unit.signing.people import NOW, days, holder, revocation_list, signed, stamping

KARI = "name: Kari Nordmann, serial: UN:NO-9578-4050-1"


def checked(house: House, trust: Trust, content: bytes, may: str | None = KARI, at: datetime = NOW) -> Checked:
    return check_signed(house.draft, content, None if may is None else read_signers(may), trust, at)


def refused(house: House, trust: Trust, content: bytes, may: str | None = KARI, at: datetime = NOW) -> tuple[str, str]:
    with pytest.raises(SignatureRefused) as caught:
        checked(house, trust, content, may, at)
    return caught.value.reason, caught.value.told


def test_a_good_signature_is_taken_and_says_what_was_found(house: House, trust: Trust) -> None:
    found = checked(house, trust, signed(house.draft, house.kari))
    assert found.signer == "Kari Nordmann (serial UN:NO-9578-4050-1, kari@fjellheim.no)"
    assert found.signed_at == NOW
    (one,) = found.evidence["signatures"]
    assert [name.partition("Common Name: ")[2] for name in one["chain"][:2]] == ["Rot CA", "Signering CA"]
    assert (one["covers"], one["time_is_of"], one["revocation"]) == (
        "the whole file", "receipt", "not known: nothing was carried along",
    )  # fmt: skip


@pytest.mark.parametrize("may", ["email: KARI@fjellheim.no", "name: kari  nordmann", "email: x@y.no; " + KARI])
def test_the_setting_names_a_person_in_several_ways(house: House, trust: Trust, may: str) -> None:
    assert checked(house, trust, signed(house.draft, house.kari), may).subjects[0].serials == ("UN:NO-9578-4050-1",)


def test_two_who_sign_together_are_both_wanted(house: House, trust: Trust) -> None:
    together = "email: kari@fjellheim.no + email: ola@fjellheim.no"
    one = signed(house.draft, house.kari)
    both = signed(one, house.ola, name="Signature2")

    assert len(checked(house, trust, both, together).subjects) == 2
    reason, told = refused(house, trust, one, together)
    assert reason == Refusal.wrong_person and "alone" in told
    assert refused(house, trust, both, KARI)[0] == Refusal.wrong_person


def test_long_term_proof_added_after_the_signature_is_taken(house: House, trust: Trust) -> None:
    lists = (revocation_list(house.root), revocation_list(house.office))
    stamp = stamping(house.clock, NOW - days(1))
    found = checked(house, trust, signed(house.draft, house.kari, stamp=stamp, proved_by=house.root, lists=lists))
    (one,) = found.evidence["signatures"]
    assert (one["time_is_of"], one["revocation"]) == ("timestamp", "not revoked")
    assert found.signed_at == NOW - days(1)


def test_any_changed_byte_of_the_document_or_of_the_signature_value_is_refused(house: House, trust: Trust) -> None:
    """What lies within the signature and signs nothing (copies of the issuers' certificates) proves nothing either."""
    good = signed(house.draft, house.kari)
    hole = re.search(rb"/Contents <([0-9A-Fa-f]+)>", good)
    assert hole is not None
    held = bytes.fromhex(hole[1].decode())
    signature = cms.ContentInfo.load(held)["content"]["signer_infos"][0]["signature"].native
    places = [*range(0, hole.start(), len(good) // 30), *range(hole.end(), len(good) - 2, 37)]
    places += [hole.end() - 2, hole.start(1) + 2 * held.index(signature) + 20]
    for place in places:
        bad = bytearray(good)
        bad[place] ^= 1
        reason, told = refused(house, trust, bytes(bad))
        assert told and reason != Refusal.wrong_person, place
    assert refused(house, trust, good + b"x")[0] == Refusal.not_covered


def test_a_byte_of_the_draft_and_a_byte_of_what_was_added_are_told_apart(house: House, trust: Trust) -> None:
    good = signed(house.draft, house.kari)
    in_draft = good.replace(b"/Tabs/S", b"/Tabs/R", 1)
    assert in_draft != good and len(in_draft) == len(good)
    reason, told = refused(house, trust, in_draft)
    assert reason == Refusal.other_content and re.search(r"byte \d+ of \d+ differs", told)
    behind = good.replace(b"/SigFlags 3", b"/SigFlags 1", 1)
    assert behind != good
    assert refused(house, trust, behind)[0] == Refusal.broken


def test_who_may_not_sign_is_named(house: House, trust: Trust) -> None:
    reason, told = refused(house, trust, signed(house.draft, house.ola))
    assert reason == Refusal.wrong_person
    assert "Ola Berg (serial UN:NO-9578-4050-2" in told and f"who may sign is {KARI}" in told
    same_name = holder("Kari Nordmann", house.office, serial="UN:NO-9578-4050-77")
    assert refused(house, trust, signed(house.draft, same_name))[0] == Refusal.wrong_person


@pytest.mark.parametrize(
    ("who", "reason", "says"),
    [
        ("self_made", Refusal.self_made, "no one but itself vouches"),
        ("self_made_root", Refusal.unknown_issuer, "Falsk CA, which leads to no configured root"),
        ("expired", Refusal.expired, "expired 2025-03-10, before it signed (2025-03-17); signed earlier?"),
        ("later", Refusal.not_yet_valid, "valid from 2025-03-20"),
        ("login", Refusal.not_for_signing, "non-repudiation"),
    ],
)
def test_a_certificate_that_is_not_to_be_believed_is_refused(
    house: House, trust: Trust, who: str, reason: Refusal, says: str
) -> None:
    name, serial = "Kari Nordmann", "UN:NO-9578-4050-1"
    if who == "self_made":
        person = holder(name, serial=serial)
    elif who == "self_made_root":
        person = holder(name, holder("Falsk CA", ca=True), serial=serial)
    elif who == "expired":
        person = holder(name, house.office, serial=serial, ends=NOW - days(7))
    elif who == "later":
        person = holder(name, house.office, serial=serial, starts=NOW + days(3))
    else:
        person = holder(name, house.office, serial=serial, for_signing=False)
    found, told = refused(house, trust, signed(house.draft, person))
    assert found == reason and says in told and name in told


def test_a_timestamp_proves_a_signature_of_before_the_certificate_expired(house: House, trust: Trust) -> None:
    person = holder("Kari Nordmann", house.office, serial="UN:NO-9578-4050-1", ends=NOW - days(7))
    in_time = signed(house.draft, person, stamp=stamping(house.clock, NOW - days(9)))
    assert checked(house, trust, in_time).signed_at == NOW - days(9)

    too_late = signed(house.draft, person, stamp=stamping(house.clock, NOW - days(2)))
    assert refused(house, trust, too_late)[0] == Refusal.expired
    own_clock = holder("Min klokke", holder("Falsk CA", ca=True), timestamps_only=True)
    own_time = signed(house.draft, person, stamp=stamping(own_clock, NOW - days(9)))
    assert refused(house, trust, own_time)[0] == Refusal.expired
    ahead = signed(house.draft, house.kari, stamp=stamping(house.clock, NOW + days(1)))
    assert refused(house, trust, ahead)[0] == Refusal.in_the_future


def test_revocation_is_judged_by_what_is_known(house: House, roots: Path) -> None:
    good = signed(house.draft, house.kari)
    assert refused(house, read_trust(roots, "required"), good)[0] == Refusal.revocation_unknown

    (roots / "rot.crl").write_bytes(revocation_list(house.root))
    (roots / "office.crl").write_bytes(revocation_list(house.office))
    found = checked(house, read_trust(roots, "required"), good)
    assert found.evidence["signatures"][0]["revocation"] == "not revoked"

    (roots / "office.crl").write_bytes(revocation_list(house.office, house.kari))
    reason, told = refused(house, read_trust(roots), good)
    assert reason == Refusal.revoked and "revoked 2025-03-14" in told
    before = signed(house.draft, house.kari, stamp=stamping(house.clock, NOW - days(5)))
    assert checked(house, read_trust(roots), before).signed_at == NOW - days(5)


def test_nothing_is_believed_without_roots_or_named_signers(house: House, trust: Trust, tmp_path: Path) -> None:
    good = signed(house.draft, house.kari)
    assert refused(house, read_trust(None), good) == (
        Refusal.no_roots,
        "KREDIN_SIGNING_ROOTS is not set: no signature is believed until the roots of the signing service are there",
    )
    (tmp_path / "none").mkdir()
    assert "holds no certificate" in refused(house, read_trust(tmp_path / "none"), good)[1]
    assert refused(house, trust, good, None)[0] == Refusal.no_signers


def test_what_is_no_signed_draft_is_refused(house: House, trust: Trust) -> None:
    assert refused(house, trust, b"<html>signed</html>")[0] == Refusal.not_a_pdf
    assert refused(house, trust, house.draft)[0] == Refusal.not_signed
    assert refused(house, trust, house.draft + b"\n")[0] in (Refusal.not_signed, Refusal.unreadable, Refusal.changed)
    assert refused(house, trust, signed(house.other_draft, house.kari))[0] == Refusal.other_content
    assert refused(house, trust, signed(house.draft, house.kari)[:-700])[0] in (Refusal.unreadable, Refusal.not_covered)


def edited(pdf: bytes, edit: str) -> bytes:
    """The draft with a further revision that says something else, before anybody signs."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    page = writer.root["/Pages"]["/Kids"][0]
    if edit == "content":
        stream = writer.add_object(generic.StreamObject(stream_data=b"BT (4 000) Tj ET"))
        page["/Contents"] = stream
        writer.update_container(page)
    elif edit == "annotation":
        box = generic.ArrayObject([generic.NumberObject(side) for side in (0, 0, 600, 800)])
        note = {"/Type": "/Annot", "/Subtype": "/FreeText"}
        named = {generic.pdf_name(key): generic.pdf_name(value) for key, value in note.items()}
        made = generic.DictionaryObject({**named, generic.pdf_name("/Rect"): box})
        page["/Annots"] = generic.ArrayObject([writer.add_object(made)])
        writer.update_container(page)
    elif edit == "action":
        script = {
            generic.pdf_name("/S"): generic.pdf_name("/JavaScript"),
            generic.pdf_name("/JS"): generic.pdf_string("1"),
        }
        writer.root["/OpenAction"] = writer.add_object(generic.DictionaryObject(script))
        writer.update_root()
    elif edit == "pages":
        kids = writer.root["/Pages"]
        kids["/Kids"] = generic.ArrayObject(list(kids["/Kids"])[:1])
        kids["/Count"] = generic.NumberObject(1)
        writer.update_container(kids)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("edit", "says"),
    [("content", "page 1"), ("annotation", "page 1"), ("action", "OpenAction"), ("pages", "was replaced")],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_revision_that_says_something_else_is_refused_though_the_bytes_are_there(
    house: House, trust: Trust, edit: str, says: str, when: str
) -> None:
    if when == "before":
        content = signed(edited(house.draft, edit), house.kari)
    else:
        content = edited(signed(house.draft, house.kari), edit)
    assert content.startswith(house.draft)
    reason, told = refused(house, trust, content)
    assert reason == Refusal.changed
    assert says in told or "no signature" in told


def test_a_revision_that_leaves_our_draft_out_is_refused(house: House, trust: Trust) -> None:
    """The file begins with our bytes, and its last table of contents knows only the other document."""
    shift = len(house.draft)
    other = house.other_draft
    table = int(other[other.rindex(b"startxref") + 9 :].split()[0])
    moved = re.sub(
        rb"(\d{10}) (\d{5}) n", lambda row: b"%010d %s n" % (int(row[1]) + shift, row[2]), other[table:]
    )  # fmt: skip
    moved = re.sub(rb"startxref\s+\d+", b"startxref\n%d" % (table + shift), moved)
    content = signed(house.draft + other[:table] + moved, house.kari)
    reason, told = refused(house, trust, content)
    assert (reason, "another one" in told) == (Refusal.changed, True)


def revised(pdf: bytes, objects: dict[int, bytes]) -> bytes:
    """The PDF with a further revision that holds these objects, as its own table of contents says."""
    reader = PdfFileReader(BytesIO(pdf))
    root, table, body = reader.root_ref.idnum, pdf.rindex(b"startxref") + 9, bytearray(pdf + b"\n")
    rows = b"xref\n"
    for number, content in objects.items():
        rows += b"%d 1\n%010d 00000 n \n" % (number, len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    size = max(*objects, root, 99) + 1
    trailer = b"trailer\n<</Size %d/Root %d 0 R/Prev %d>>\n" % (size, root, int(pdf[table:].split()[0]))
    return bytes(body) + rows + trailer + b"startxref\n%d\n%%%%EOF\n" % len(body)


def test_what_a_draft_refers_to_and_does_not_have_is_not_brought_by_a_later_revision() -> None:
    """Our typesetter leaves nothing open; if a draft ever did, nobody could fill it in."""
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 9 0 R>>"
    plain = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
    table = b"xref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer\n<</Size 2/Root 1 0 R>>\n"
    start = plain + table + b"startxref\n%d\n%%%%EOF\n" % len(plain)
    draft = revised(start, {2: b"<</Type/Pages/Count 1/Kids[3 0 R]>>", 3: page})
    filled = revised(draft, {9: b"<</Length 4>>\nstream\nQ Q \nendstream"})
    with pytest.raises(Changed, match="referred to and did not have"):
        only_signed(draft, PdfFileReader(BytesIO(filled)))


def test_a_visible_mark_is_refused_because_it_may_cover_what_stands_there(house: House, trust: Trust) -> None:
    reason, told = refused(house, trust, signed(house.draft, house.kari, box=(10, 10, 300, 90)))
    assert reason == Refusal.changed and "visible mark" in told


def test_a_persons_own_certificate_is_no_root(house: House, roots: Path) -> None:
    (roots / "kari.pem").write_bytes(house.kari.pem)
    with pytest.raises(TrustFault, match=r"kari.pem: .*may not issue certificates"):
        read_trust(roots)
    (roots / "kari.pem").write_bytes(b"junk")
    with pytest.raises(TrustFault, match=r"kari.pem: no certificate could be read"):
        read_trust(roots)


@pytest.mark.parametrize("text", ["Kari", "name:", "phone: 1", " ; ", "name: A + "])
def test_a_setting_that_names_nobody_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"found .*, want"):
        read_signers(text)
