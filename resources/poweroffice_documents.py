"""What PowerOffice gives for a voucher's documentation: a ZIP, and the PDF in it (reference § 12).

Belongs here: taking the PDF out, within bounds. Not here: fetching it (``poweroffice_client``).
"""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Final

from resources.http_errors import PermanentFailure

LARGEST: Final = 30 * 1024 * 1024
"""Bytes of a PDF: PowerOffice takes none larger (reference § 12), so an archive that holds more is not believed."""


def first_pdf(packed: bytes, voucher_id: str) -> bytes | None:
    """The first PDF of an archive by name, None when it holds none.

    Raises ``PermanentFailure`` for what is no archive, is broken, or holds a file beyond ``LARGEST``.
    """
    where = f"PowerOffice: the documentation of voucher {voucher_id}"
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            for one in sorted(archive.infolist(), key=lambda info: info.filename):
                if one.file_size > LARGEST:
                    raise PermanentFailure(f"{where}: {one.filename} has {one.file_size} bytes, want at most {LARGEST}")
                content = archive.read(one)
                if content.startswith(b"%PDF-"):
                    return content
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise PermanentFailure(f"{where} is no archive that can be read ({type(error).__name__})") from None
    return None
