"""One uploaded file out of a multipart body."""

from __future__ import annotations

from email import policy
from email.parser import BytesParser

from .protocol import ApiError, Call

MAX_BYTES = 30 * 1024 * 1024


def uploaded_file(call: Call) -> bytes:
    """Content of the part named ``file``, which must carry a file name (reference § 11.6). Raises 400."""
    kind = call.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        raise ApiError(400, "File validation error(s)", "The body must be multipart/form-data.")
    head = f"Content-Type: {kind}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    message = BytesParser(policy=policy.HTTP).parsebytes(head + call.raw)
    for part in message.iter_parts():
        if part.get_param("name", header="content-disposition") == "file":
            content = part.get_payload(decode=True)
            if not part.get_filename():
                raise ApiError(400, "File validation error(s)", "The part 'file' must have a file name.")
            if not isinstance(content, bytes) or len(content) > MAX_BYTES:
                raise ApiError(400, "File validation error(s)", "The file may be at most 30 MB.")
            return content
    raise ApiError(400, "File validation error(s)", "The part 'file' is missing.")
