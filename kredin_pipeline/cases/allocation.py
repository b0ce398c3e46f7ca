"""How money is shared out between claims, their costs and the customer's credit, day by day (rules §§ 2, 4.6, 5).

Belongs here: pure arithmetic in integer øre over the events of some cases in the order of time. Not here: finding the
events (the SQL files 40 to 49), the interest that is published (50), or the voucher (90). Only cases on which something
happens besides plain payments pass here: a surplus, a waiver, a kept letter, a customer with a credit that settles
nothing yet, or a tenant that takes costs first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from kredin_pipeline.law.interest import BalanceStep, RateSource, interest_to
from kredin_pipeline.law.rates import NO_INTEREST


@dataclass(frozen=True)
class Reduction:
    """Part of an entry that settles principal: ``ore`` from ``on``, or from the due date when it is a correction."""

    settlement_key: str
    on: date
    ore: int
    is_payment: bool
    from_due: bool = False


@dataclass(frozen=True)
class Kept:
    """A letter whose sum was paid in time on ``kept_on``; ``costs_asked_ore`` is what it asked above the principal."""

    sent_on: date
    kept_on: date
    costs_asked_ore: int


@dataclass(frozen=True)
class Waiver:
    """A person gives up costs on ``on``: ``ore`` of them, or all that are open that day."""

    on: date
    ore: int | None


@dataclass(frozen=True)
class Account:
    """A case before money is shared out. ``fees`` are the charged ones that stand: (day of sending, øre).

    ``costs_until``: the last day on which costs may be claimed (None: no end). ``booked`` holds what vouchers that left
    have already taken, by settlement: (fee, interest). ``due`` orders the claims of a customer (due date, invoice
    number); ``is_covered``: the customer's credit is laid on it; ``credit_released_on``: a person said that day that
    the credits known by then are meant for something else.
    """

    case_id: str
    principal_ore: int
    interest_from: date
    interest_until: date
    customer_id: str = ""
    due: tuple[date, str] = (date.min, "")
    is_covered: bool = True
    credit_released_on: date | None = None
    rates: RateSource = NO_INTEREST
    fees: tuple[tuple[date, int], ...] = ()
    compensation_ore: int = 0
    reductions: tuple[Reduction, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    kept: tuple[Kept, ...] = ()
    costs_until: date | None = None
    booked: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])


@dataclass(frozen=True)
class Surplus:
    """What an entry leaves above the principal, and the cases whose costs it may cover, in order."""

    settlement_key: str
    on: date
    ore: int
    case_ids: tuple[str, ...]


@dataclass(frozen=True)
class Credit:
    """A credit of the customer's that settles nothing yet (§ 2): a payment, or anything else, from ``on``."""

    customer_id: str
    entry_id: str
    on: date
    ore: int
    is_payment: bool


@dataclass(frozen=True)
class Cover:
    """From ``on`` the customer's credit covers ``ore`` more (or less) of this claim, on which no interest runs then."""

    case_id: str
    on: date
    ore: int


@dataclass(frozen=True)
class Pool:
    """What a customer has standing to its credit in the end: payments, anything else, and the newest day of it."""

    customer_id: str
    payments: int
    others: int
    newest_on: date


@dataclass(frozen=True)
class Allocation:
    """How one settlement was shared out on one case, in øre (rules § 5.1: stored with each payment)."""

    case_id: str
    settlement_key: str
    on: date
    to_fee: int
    to_interest: int
    to_principal: int
    to_credit: int


@dataclass(frozen=True)
class CostEvents:
    """What was paid and what was given up of a case's costs, in øre; ``last_on`` is the day of the last of it."""

    case_id: str
    fee_paid: int
    interest_paid: int
    costs_waived: int
    interest_waived: int
    last_on: date


@dataclass(frozen=True)
class Outcome:
    """Allocations of every payment of the given cases, what became of their costs, and how credits covered them."""

    allocations: tuple[Allocation, ...]
    costs: tuple[CostEvents, ...]
    covers: tuple[Cover, ...] = ()
    pools: tuple[Pool, ...] = ()


@dataclass
class _State:
    account: Account
    steps: list[BalanceStep]
    principal: int
    covered: int = 0
    fee_paid: int = 0
    interest_paid: int = 0
    fee_waived: int = 0
    interest_waived: int = 0
    last_on: date | None = None
    costs_since: list[tuple[date, int]] = field(default_factory=list[tuple[date, int]])
    booked_left: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])

    @classmethod
    def of(cls, account: Account) -> _State:
        """The account on its first day: corrections count from the due date, so they come off at once (§ 2)."""
        corrected = sum(part.ore for part in account.reductions if part.from_due)
        principal = account.principal_ore - corrected
        steps = [BalanceStep(account.interest_from, max(0, principal))]
        return cls(account, steps, principal, booked_left=dict(account.booked))

    def owed(self, on: date) -> tuple[int, int]:
        """Fees (or the compensation, if larger) and interest open on ``on``, in øre."""
        account = self.account
        if account.costs_until is not None and on > account.costs_until:
            return 0, 0
        fees = max(sum(ore for sent_on, ore in account.fees if sent_on <= on), account.compensation_ore)
        interest = interest_to(self.steps, account.rates, min(on, account.interest_until)).ore
        return (
            max(0, fees - self.fee_paid - self.fee_waived),
            max(0, interest - self.interest_paid - self.interest_waived),
        )

    def cap(self, on: date) -> int | None:
        """What a kept letter leaves to be taken on ``on``; None when no kept letter limits it (§ 4.6)."""
        caps = [
            kept.costs_asked_ore - sum(ore for day, ore in self.costs_since if day >= kept.sent_on)
            for kept in self.account.kept
            if kept.sent_on <= on <= kept.kept_on
        ]
        return max(0, min(caps)) if caps else None

    def take_costs(self, key: str, on: date, available: int) -> tuple[int, int]:
        """Takes fees, then interest, from ``available`` øre; what a voucher has booked stays as it was booked."""
        booked = self.booked_left.get(key)
        if booked is not None:
            fee = min(available, booked[0])
            interest = min(available - fee, booked[1])
            self.booked_left[key] = (booked[0] - fee, booked[1] - interest)
        else:
            owed_fee, owed_interest = self.owed(on)
            cap = self.cap(on)
            limit = available if cap is None else min(available, cap)
            fee = min(limit, owed_fee)
            interest = min(limit - fee, owed_interest)
        self.fee_paid += fee
        self.interest_paid += interest
        if fee + interest:
            self.costs_since.append((on, fee + interest))
            self.last_on = on
        return fee, interest

    def reduce(self, on: date, ore: int) -> None:
        self.principal -= ore
        self.step(on)

    def cover(self, on: date, ore: int) -> Cover | None:
        """The customer's credit covers ``ore`` from now on; what has changed, if anything."""
        more, self.covered = ore - self.covered, ore
        return Cover(self.account.case_id, self.step(on), more) if more else None

    def step(self, on: date) -> date:
        """Interest runs from now on what is neither settled nor covered; the day from which that counts."""
        day = max(on, self.account.interest_from)
        remaining = max(0, self.principal - self.covered)
        if self.steps[-1].on == day:
            self.steps[-1] = BalanceStep(day, remaining)
        else:
            self.steps.append(BalanceStep(day, remaining))
        return day

    def waive(self, on: date, ore: int | None) -> None:
        fee, interest = self.owed(on)
        if ore is not None:
            fee = min(fee, ore)
            interest = min(interest, ore - fee)
        self.fee_waived += fee
        self.interest_waived += interest
        self.last_on = on


@dataclass
class _Customer:
    """A customer's claims, oldest due first, and what stands to its credit while the events pass."""

    customer_id: str
    states: list[_State]
    payments: int = 0
    others: int = 0
    newest_on: date | None = None
    covers: list[Cover] = field(default_factory=list[Cover])

    def receive(self, on: date, ore: int, *, is_payment: bool) -> None:
        if ore > 0:
            self.payments += ore if is_payment else 0
            self.others += 0 if is_payment else ore
            self.newest_on = max(on, self.newest_on or on)

    def cover(self, on: date, released: frozenset[str]) -> None:
        """Lays the credit on the open claims, oldest due first; on a released one it is not seen (§ 7)."""
        left = self.payments + self.others
        for state in self.states:
            taken = min(max(0, state.principal), left)
            left -= taken
            changed = state.cover(on, 0 if state.account.case_id in released else taken)
            if changed is not None:
                self.covers.append(changed)


def allocate(
    accounts: Iterable[Account],
    surpluses: Sequence[Surplus],
    credits: Sequence[Credit] = (),
    *,
    costs_first: Callable[[str], bool],
    connected_on: date,
) -> Outcome:
    """Shares out every payment of ``accounts`` in the order of time; ``costs_first`` tells the order of a settlement.

    Principal first (the ledger's own way): a payment covers principal, what is left above it covers fees, then
    interest, up to what is owed that day; the rest is the customer's credit. Costs first: fees, interest, then
    principal. A settlement from before ``connected_on`` has claimed nothing (§ 5.3). A surplus passes to the next of
    its cases. What stands to a customer's credit covers its open claims, oldest due first, from its day on (§ 2):
    ``credits``, and what is left of each surplus.
    """
    held = tuple(accounts)
    outcome = _share_out(held, surpluses, credits, costs_first, connected_on, frozenset())
    newest = {pool.customer_id: pool.newest_on for pool in outcome.pools}
    released = frozenset(
        account.case_id
        for account in held
        if account.credit_released_on is not None
        and account.customer_id in newest
        and account.credit_released_on >= newest[account.customer_id]
    )
    return _share_out(held, surpluses, credits, costs_first, connected_on, released) if released else outcome


def _share_out(
    accounts: Sequence[Account],
    surpluses: Sequence[Surplus],
    credits: Sequence[Credit],
    costs_first: Callable[[str], bool],
    connected_on: date,
    released: frozenset[str],
) -> Outcome:
    states = {account.case_id: _State.of(account) for account in accounts}
    customers = _customers(states)
    surplus_of = {surplus.settlement_key: surplus for surplus in surpluses}
    settled: dict[str, list[tuple[str, Reduction]]] = {}
    for state in states.values():
        for part in state.account.reductions:
            settled.setdefault(part.settlement_key, []).append((state.account.case_id, part))
    days: dict[str, date] = {surplus.settlement_key: surplus.on for surplus in surpluses}
    for key, parts in settled.items():
        days.setdefault(key, parts[0][1].on)
    shared_out = {key for key, surplus in surplus_of.items() if any(case_id in states for case_id in surplus.case_ids)}
    standing = {credit.entry_id: credit for credit in credits if credit.entry_id not in shared_out}

    events: list[tuple[date, int, str]] = [(on, 0, key) for key, on in days.items()]
    events += [(kept.kept_on, 1, case_id) for case_id, state in states.items() for kept in state.account.kept]
    events += [(waiver.on, 2, case_id) for case_id, state in states.items() for waiver in state.account.waivers]
    events += [(credit.on, 3, credit.entry_id) for credit in standing.values() if credit.customer_id in customers]

    allocations: list[Allocation] = []
    for on, order, key in sorted(set(events)):
        if order == 0:
            parts, surplus = settled.get(key, []), surplus_of.get(key)
            shares = _receive(key, on, parts, surplus, states, costs_first(key), connected_on)
            allocations += shares
            cases = {case_id for case_id, _ in parts} | {share.case_id for share in shares}
            for customer_id in {states[case_id].account.customer_id for case_id in cases}:
                left = [one.to_credit for one in shares if states[one.case_id].account.customer_id == customer_id]
                customers[customer_id].receive(on, sum(left), is_payment=True)
                customers[customer_id].cover(on, released)
        elif order == 1 and states[key].principal <= 0:
            states[key].waive(on, None)
        elif order == 2:
            for waiver in states[key].account.waivers:
                if waiver.on == on:
                    states[key].waive(on, waiver.ore)
        elif order == 3:
            credit = standing[key]
            customers[credit.customer_id].receive(on, credit.ore, is_payment=credit.is_payment)
            customers[credit.customer_id].cover(on, released)
    return Outcome(
        tuple(allocations),
        tuple(_cost_events(states)),
        tuple(cover for customer in customers.values() for cover in customer.covers),
        tuple(
            Pool(customer.customer_id, customer.payments, customer.others, customer.newest_on)
            for customer in customers.values()
            if customer.newest_on is not None
        ),
    )


def _customers(states: Mapping[str, _State]) -> dict[str, _Customer]:
    found: dict[str, _Customer] = {}
    for state in sorted(states.values(), key=lambda one: (*one.account.due, one.account.case_id)):
        customer = found.setdefault(state.account.customer_id, _Customer(state.account.customer_id, []))
        if state.account.is_covered:
            customer.states.append(state)
    return found


def _cost_events(states: Mapping[str, _State]) -> Iterator[CostEvents]:
    for case_id, state in states.items():
        if state.last_on is not None:
            waived = state.fee_waived + state.interest_waived
            yield CostEvents(case_id, state.fee_paid, state.interest_paid, waived, state.interest_waived, state.last_on)


def _receive(
    key: str,
    on: date,
    parts: Sequence[tuple[str, Reduction]],
    surplus: Surplus | None,
    states: Mapping[str, _State],
    costs_first: bool,
    connected_on: date,
) -> list[Allocation]:
    """One entry's money: the parts that settle claims, then its surplus."""
    shares: dict[str, list[int]] = {}  # fee, interest, principal, credit
    claims_costs = on >= connected_on
    for case_id, part in parts:
        state, share = states[case_id], shares.setdefault(case_id, [0, 0, 0, 0])
        fee = interest = 0
        if costs_first and claims_costs and part.is_payment:
            fee, interest = state.take_costs(key, on, part.ore)
        if not part.from_due:
            state.reduce(on, part.ore - fee - interest)
        if part.is_payment:
            _add(share, fee, interest, part.ore - fee - interest, 0)
    left = surplus.ore if surplus is not None else 0
    known = [case_id for case_id in surplus.case_ids if case_id in states] if surplus is not None else []
    for case_id in known if claims_costs else ():
        state, share = states[case_id], shares.setdefault(case_id, [0, 0, 0, 0])
        fee, interest = state.take_costs(key, on, left)
        principal = min(left - fee - interest, max(0, state.principal)) if costs_first else 0
        if principal:
            state.reduce(on, principal)
        left -= fee + interest + principal
        _add(share, fee, interest, principal, 0)
    if known and left:
        _add(shares.setdefault(known[0], [0, 0, 0, 0]), 0, 0, 0, left)
    return [Allocation(case_id, key, on, *share) for case_id, share in shares.items() if any(share)]


def _add(share: list[int], *amounts: int) -> None:
    for index, amount in enumerate(amounts):
        share[index] += amount
