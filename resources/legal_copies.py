"""Copies of invoices for legal documents, from PowerOffice where the tenant's key allows it.

Belongs here: asking once for each voucher, and saying why a copy cannot be had. Not here: the request
(``poweroffice_client.voucher_pdf``).
"""

from __future__ import annotations

from kredin_pipeline.journal import Tenant
from resources.http_errors import ReadFailure
from resources.poweroffice import PowerOffice
from resources.poweroffice_client import PowerOfficeClient


class InvoiceCopies:
    """The copies of one tenant in one run. After a refused privilege PowerOffice is not asked again."""

    def __init__(self, poweroffice: PowerOffice, tenant: Tenant) -> None:
        self._poweroffice, self._tenant = poweroffice, tenant
        self._client: PowerOfficeClient | None = None
        self._found: dict[str, bytes | str] = {}
        self._refused: str | None = None

    def of(self, voucher_id: str) -> bytes | str:
        """The PDF of an invoice, or why there is none."""
        if voucher_id not in self._found:
            self._found[voucher_id] = self._refused or self._asked(voucher_id)
        return self._found[voucher_id]

    def _asked(self, voucher_id: str) -> bytes | str:
        if self._client is None:
            self._client = self._poweroffice.client(self._tenant.client_key, self._tenant.name)
        try:
            return self._client.voucher_pdf(voucher_id) or "PowerOffice has no PDF of it"
        except ReadFailure as failure:
            if failure.status == 403:
                self._refused = str(failure)
            return str(failure)
