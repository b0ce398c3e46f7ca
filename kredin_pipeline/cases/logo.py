"""A creditor's logo: the setting ``creditor_logo``, and the check that it can stand in a letter.

Here belong what is taken (PNG or SVG, small, drawn by itself alone) and how it is kept: as a data address, so that it
lies in the journal with the other settings, in its history, and with each letter as it left. Not here: where it stands
on the page (``kredin_pipeline.letters``).
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
import zlib
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Final
from xml.etree import ElementTree

from pydantic import BeforeValidator

LARGEST: Final = 32 * 1024
"""Bytes. Each letter keeps the logo that it left with, so a large one would fill the archive."""
MOST_PIXELS: Final = 3000
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
"""Colour type of a PNG → the bits a sample may have."""
_KEPT: Final = re.compile(r"data:image/(png|svg\+xml);base64,([A-Za-z0-9+/=]+)")
_FORBIDDEN: Final = frozenset({"script", "foreignObject", "image", "text", "style", "animate", "set", "a", "iframe"})


def kept(picture: bytes) -> str:
    """The setting's value for a picture. Raises ``ValueError`` saying what is wrong with it."""
    if len(picture) > LARGEST:
        raise ValueError(f"found a picture of {len(picture)} bytes, want at most {LARGEST}; make it smaller")
    if picture.startswith(_PNG):
        _check_png(picture)
        kind = "png"
    elif b"<svg" in picture[:2000]:
        _check_svg(picture)
        kind = "svg+xml"
    else:
        raise ValueError("found neither a PNG nor an SVG, want one of them")
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode('ascii')}"


def picture_of(value: str) -> tuple[str, bytes]:
    """Kind (``png`` or ``svg``) and bytes of a kept logo. Raises ``ValueError`` when it is none."""
    found = _KEPT.fullmatch(value)
    if found is None:
        raise ValueError("found text, want a picture: kredin tenants set NAME creditor_logo=@logo.png")
    try:
        return found[1].removesuffix("+xml"), base64.b64decode(found[2], validate=True)
    except binascii.Error:
        raise ValueError("found a data address that is cut short, want the whole picture") from None


def as_svg(value: str) -> str:
    """A kept logo as SVG text: its own, or a frame of the same size around the PNG."""
    kind, picture = picture_of(value)
    if kind == "svg":
        return picture.decode("utf-8")
    width, height = struct.unpack(">II", picture[16:24])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'<image width="{width}" height="{height}" href="{value}"/></svg>'
    )


def with_short_logo(settings: Mapping[str, object]) -> dict[str, object]:
    """Settings, or changes of them, for a person to read: the logo by kind, size and checksum."""
    shown = dict(settings)
    value = shown.get("creditor_logo")
    if isinstance(value, str):
        kind, picture = picture_of(value)
        shown["creditor_logo"] = f"{kind}, {len(picture)} bytes, sha256 {sha256(picture).hexdigest()[:16]}"
    return shown


def checked_logo(value: object) -> object:
    """The setting's value, checked again as a whole. Raises ``ValueError``."""
    if not isinstance(value, str):
        return value
    return kept(picture_of(value.strip())[1])


def _check_png(picture: bytes) -> None:
    """Every chunk whole and with its checksum; the picture data complete."""
    at, data, size = len(_PNG), b"", (0, 0)
    while at < len(picture):
        head = picture[at : at + 8]
        length = struct.unpack(">I", head[:4])[0] if len(head) == 8 else LARGEST + 1
        body, checksum = picture[at + 4 : at + 8 + length], picture[at + 8 + length : at + 12 + length]
        if len(checksum) < 4 or struct.unpack(">I", checksum)[0] != zlib.crc32(body):
            raise ValueError("found a PNG that is damaged or cut short, want the whole picture")
        if head[4:] == b"IHDR":
            size = struct.unpack(">II", body[4:12])
            if len(body) != 17 or body[12] not in _DEPTHS.get(body[13], ()):
                raise ValueError("found a PNG of a kind that does not exist, want the whole picture")
        elif head[4:] == b"IDAT":
            data += body[4:]
        elif head[4:] == b"IEND":
            break
        at += 12 + length
    if not data or not all(0 < side <= MOST_PIXELS for side in size):
        raise ValueError(f"found a PNG of {size[0]} × {size[1]}, want 1 to {MOST_PIXELS} pixels a side")
    try:
        unpacker = zlib.decompressobj()
        unpacker.decompress(data, 8 * (size[0] + 1) * size[1])
        whole = unpacker.eof
    except zlib.error:
        whole = False
    if not whole:
        raise ValueError("found a PNG whose picture data is damaged, want the whole picture")


def _check_svg(picture: bytes) -> None:
    """Paths and shapes alone: nothing that runs, nothing fetched, no text whose font a letter does not carry."""
    if b"<!" in re.sub(rb"<!--.*?-->", b"", picture, flags=re.DOTALL):
        raise ValueError("found an SVG with a document type or CDATA, want plain SVG")
    try:
        text = picture.decode("utf-8")
        root = ElementTree.fromstring(text)
    except (UnicodeDecodeError, ElementTree.ParseError) as error:
        raise ValueError(f"found an SVG that cannot be read ({error}), want UTF-8 and well-formed XML") from None
    if root.tag != "{http://www.w3.org/2000/svg}svg" or not (root.get("viewBox") or root.get("width")):
        raise ValueError("found XML that is no SVG with a size, want <svg> with a viewBox or a width")
    for element in root.iter():
        name = element.tag.rpartition("}")[2]
        if name in _FORBIDDEN:
            raise ValueError(f"found <{name}> in the SVG, want shapes alone; turn text into paths")
        for attribute, given in element.attrib.items():
            local = attribute.rpartition("}")[2]
            outside = (local == "href" and not given.startswith("#")) or re.search(r"url\(\s*['\"]?[^#'\"\s]", given)
            if local.lower().startswith("on") or outside:
                raise ValueError(f"found {local} in the SVG that runs or fetches something, want shapes alone")


LogoSetting = Annotated[str, BeforeValidator(checked_logo)]
