"""Everything a voucher needs of the ledger, asked for and checked once a run, before anything is written.

Belongs here: the questions, and the failure that names each setting at fault. Not here: what is a fault
(`kredin_pipeline.ledger.voucher_accounts`).
"""

from dataclasses import dataclass
from datetime import date

from dagster import Failure

from kredin_pipeline.cases.settings import TenantSettings
from kredin_pipeline.journal import Tenant
from kredin_pipeline.ledger.voucher_accounts import LedgerRows, Resolved, Wanted, resolve
from kredin_pipeline.ledger.voucher_lines import FeeAndInterestVoucher, first_open_day
from resources.poweroffice_client import PowerOfficeClient


@dataclass(frozen=True)
class Ready:
    """The ledger's ids for the run, and the days between which it takes nothing (Oslo days, None: no limit)."""

    ids: Resolved
    lock_date: date | None
    conversion_date: date | None

    def posting_date(self, payment_date: date) -> date:
        """The payment's date, or the first day on which the ledger takes a voucher."""
        return first_open_day(payment_date, self.lock_date, self.conversion_date)


def wanted_of(settings: TenantSettings) -> Wanted:
    """What the settings name, for the ledger."""
    return Wanted(
        fee_account=settings.fee_account,
        interest_account=settings.interest_account,
        department=settings.voucher_department,
        project=settings.voucher_project,
    )


def checked(
    client: PowerOfficeClient,
    tenant: Tenant,
    vouchers: tuple[FeeAndInterestVoucher, ...],
    homeless: list[str],
) -> Ready:
    """Ask the ledger for what these vouchers need. ``homeless``: customers without a sub-ledger account.

    Raises ``Failure`` naming every setting at fault; a run that goes on has nothing that a voucher could lack.
    """
    wanted = wanted_of(tenant.settings)
    numbers = [number for _, number in wanted.accounts if number]
    financial = client.financial_settings()
    currency, conversion = financial.get("CurrencyCode"), financial.get("ConversionDate")
    ids, faults = resolve(
        wanted,
        LedgerRows(
            accounts=client.accounts(numbers) if numbers else (),
            vat_codes=client.vat_codes(),
            departments=client.departments(wanted.department) if wanted.department else (),
            projects=client.projects(wanted.project) if wanted.project else (),
            currency=None if currency is None else str(currency),
        ),
        vouchers,
    )
    told = list(faults)
    if homeless:
        told.append(f"customer {', '.join(homeless)}: the ledger gives no sub-ledger account")
    if told or ids is None:
        raise Failure(
            description=f"{tenant.name}: {'; '.join(told)}. Nothing was posted; see `kredin tenants set`.",
            allow_retries=False,
        )
    return Ready(ids, client.lock_date(), date.fromisoformat(str(conversion)[:10]) if conversion else None)
