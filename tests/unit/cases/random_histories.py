"""Random histories of a customer, as a bookkeeper could have made them, and their writing into a ledger.

Here belongs drawing: what can happen next, given what the ledger holds. A history is drawn so that match groups say
without doubt which credit met which invoice: each credit names one invoice, or each names all of them, oldest first.
No expectation belongs here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from tests.unit.cases.histories import CustomerLedger, KnownBook
from tests.unit.cases.oracle import Act, Bill, History, Word
from tests.unit.cases_settlement.books import Entry

TURNS = ["01-01", "02-28", "02-29", "03-01", "05-01", "05-17", "06-30", "07-01", "12-25", "12-26", "12-31"]
"""Days on which something changes: the year, the rate, or what is a business day."""


def kid_of(number: int, no: int) -> str:
    """A reference that no other invoice of any customer has."""
    return f"{number:06d}{no:03d}"


def invoice_no(number: int, no: int) -> int:
    """The invoice number in the company's ledger of the customer's bill ``no``."""
    return number * 10 + no


def kroner(ore: int) -> str:
    return f"{Decimal(ore).scaleb(-2)}"


@dataclass
class Written:
    """A customer's ledger with the bills and acts of a history written into it."""

    number: int
    ledger: CustomerLedger = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = CustomerLedger(number=self.number)

    @classmethod
    def up_to(cls, number: int, history: History, on: date) -> Written:
        """The ledger as a bookkeeper had it at the end of ``on``."""
        written = cls(number)
        for bill in history.bills:
            if bill.posted <= on:
                written.bill(bill)
        for act in history.acts:
            if act.day <= on:
                written.act(act, len(act.to) > 1)
        return written

    def entry(self, no: int) -> Entry:
        return self.ledger.entries[str(invoice_no(self.number, no))]

    def balance(self, no: int) -> int:
        return int(self.ledger.balance(self.entry(no)) * 100)

    def bill(self, bill: Bill) -> None:
        self.ledger.invoice(
            invoice_no(self.number, bill.no), kroner(bill.ore), due=str(bill.due), dated=str(bill.posted),
            customer=self.number, kid=kid_of(self.number, bill.no),
        )  # fmt: skip

    def act(self, act: Act, together: bool = False) -> None:
        """``together``: what the act names is one match group, also where it settled nothing."""
        ledger, on, who, name = self.ledger, str(act.day), self.number, f"{act.name}-{self.number}"
        known = [no for no in act.to if str(invoice_no(who, no)) in ledger.entries]
        to = [invoice_no(who, no) for no in known]
        match act.kind:
            case "payment":
                ledger.payment(name, kroner(act.ore), dated=on, for_=to, customer=who)
            case "credit_note":
                note = invoice_no(who, 900 + len(ledger.entries))
                ledger.credit_note(note, kroner(act.ore), dated=on, for_=to, customer=who)
                ledger.entries[name] = ledger.entries.pop(str(note))
                ledger.entries[name].name = name
                ledger.pairs = [
                    (debit, name if credit == str(note) else credit, met) for debit, credit, met in ledger.pairs
                ]
            case "netting":
                ledger.journal(name, kroner(-act.ore), dated=on, offset_account=None, for_=to, customer=who)
                entry = ledger.entries[name]
                entry.voucher_type, entry.due = "OutgoingInvoice", act.day
            case "journal":
                ledger.journal(name, kroner(-act.ore), dated=on, offset_account="7830", for_=to, customer=who)
            case "write_off":
                ledger.write_off(to[0], dated=on, id=name)
            case "recovery":
                kid = kid_of(who, act.to[0])
                ledger.payment(name, kroner(act.ore), dated=on, customer=who, kid=kid, kind="IncomingOcrGiro")
            case "reversal":
                ledger.reverse(f"{act.of}-{who}", dated=on)
            case "refund":
                ledger.refund(name, kroner(act.ore), dated=on, of=f"{act.of}-{who}", customer=who)
            case "own_fee":
                ledger.own_voucher(name, kroner(act.ore), dated=on, customer=who)
            case "unmatch":
                ledger.unmatch(f"{act.of}-{who}", str(to[0]))
            case _:
                raise ValueError(f"act {act.name}: found kind {act.kind}")
        if together and act.kind not in ("reversal", "refund", "own_fee", "unmatch"):
            ledger.join(*(str(no) for no in to), name)


@dataclass
class Drawing:
    """A history being drawn: one random choice after another, each possible in the ledger as it stands.

    ``credits``: now and then something stands to the customer's credit, unmatched or above what it was matched with.
    ``wild``: also what the oracle does not tell: refunds, matches undone, and vouchers of our own.
    """

    random: Random
    number: int
    last: date
    credits: bool = True
    wild: bool = False
    acts: list[Act] = field(default_factory=list[Act])
    words: list[Word] = field(default_factory=list[Word])
    ended: set[int] = field(default_factory=set[int])

    def history(self) -> History:
        """Some bills and what happened to them up to about ``last``."""
        bills = self._bills()
        self.written = Written(self.number)
        for bill in bills:
            self.written.bill(bill)
        together = len(bills) > 1 and self.random.random() < 0.4
        day = bills[0].due - timedelta(days=self.random.randint(0, 13))
        for _ in range(self.random.randint(0, 7)):
            day = self._near(day + timedelta(days=self.random.choice((1, 2, 7, 13, 30, self.random.randint(1, 200)))))
            if day > self.last + timedelta(days=40) or any(act.day == day for act in self.acts):
                break
            there = [bill for bill in bills if bill.posted <= day]
            if together and len(there) < len(bills):
                continue
            for act in self._next(there, day, together):
                self.acts.append(act)
                self.written.act(act, together)
        return History(tuple(bills), tuple(self.acts), tuple(sorted(self.words, key=lambda word: word.day)))

    def _near(self, day: date) -> date:
        """Now and then the next day on which the law turns."""
        if self.random.random() < 0.75:
            return day
        turn = self.random.choice(TURNS)
        for year in (day.year, day.year + 1):
            found = date.fromisoformat(f"{year}-{turn}") if turn != "02-29" or year % 4 == 0 else date(year, 3, 1)
            if found >= day:
                return found
        return day

    def _bills(self) -> list[Bill]:
        pick = self.random
        due = self._near(self.last - timedelta(days=pick.choice((pick.randint(1, 60), pick.randint(1, 1500)))))
        bills: list[Bill] = []
        for no in range(pick.choice((1, 1, 2, 3))):
            half_an_ore_a_day = pick.choice((1_460, 1_464)) * pick.randint(1, 99)  # at 12.50 % the rounding is a tie
            any_size = (pick.randint(1, 200), pick.randint(1, 900_000), pick.randint(1, 90_000_000))
            ore = pick.choice((*any_size, 100_000, half_an_ore_a_day))
            bills.append(Bill(no, ore, due - timedelta(days=pick.choice((14, 30))), due))
            due = self._near(due + timedelta(days=pick.randint(0, 90)))
        return bills

    def _next(self, bills: list[Bill], day: date, together: bool) -> list[Act]:
        """The acts of one day; none where what was chosen is not possible."""
        pick, name = self.random, f"a{len(self.acts)}"
        bill = pick.choice(bills)
        balance, free = self.written.balance(bill.no), bill.no not in self.ended
        to = tuple(each.no for each in bills) if together else (bill.no,)
        left = sum(self.written.balance(no) for no in to)
        kind = pick.choice((
            "part", "part", "whole", "over", "credit_note", "credit_note", "credited", "netting", "write_off",
            "rounding", "journal", "reversal", "on_account", "note_on_account", *self._wilder(),
        ))  # fmt: skip
        if kind in ("refund", "own_fee", "unmatch"):
            return self._wild(kind, name, day)
        if kind in ("on_account", "note_on_account"):
            credit = "payment" if kind == "on_account" else "credit_note"
            return [Act(name, credit, day, pick.randint(1, max(2, 2 * bill.ore)))] if self.credits else []
        if kind == "reversal":
            return self._reversal(name, day) if not together else []
        if any(act.kind == "write_off" and act.to == (bill.no,) for act in self.acts):
            return self._recovery(name, day, bill) if kind in ("part", "whole", "over") else []
        if not left or not free or (together and self.ended):
            return []  # of a group with a loss in it nobody could say what more money is for
        match kind:
            case "part":
                return [Act(name, "payment", day, pick.randint(1, left), to)]
            case "whole":
                return [Act(name, "payment", day, left, to)]
            case "over" if self.credits:
                return [Act(name, "payment", day, left + pick.choice((1, 500, pick.randint(1, left + 5_000))), to)]
            case "credit_note" | "credited":
                ore = left if kind == "credited" else pick.randint(1, left)
                if pick.random() < 0.4:
                    self.words.append(Word(self._later(day, bill), bill.no, "goodwill"))
                return [Act(name, "credit_note", day, ore, to)]
            case "netting" if not together:
                return [Act(name, "netting", day, pick.randint(1, left), to)]
            case "write_off" if balance and not (together and bill.no != self._oldest_open(bills)):
                self.ended.add(bill.no)
                return [Act(name, "write_off", day, 0, (bill.no,))]
            case "rounding" if not together and balance > 1_500:
                paid = Act(name, "payment", day, balance - pick.choice((1, 999, 1_000, pick.randint(1, 1_400))), to)
                self.ended.add(bill.no)
                return [paid, Act(f"{name}w", "write_off", day, 0, to)]
            case "journal" if not together and not any(word.no == bill.no for word in self.words):
                self.ended.add(bill.no)
                if pick.random() < 0.6:
                    said = pick.choice(("paid", "written_off", "credited"))
                    self.words.append(Word(self._later(day, bill), bill.no, said))
                return [Act(name, "journal", day, pick.choice((balance, pick.randint(1, balance))), to)]
            case _:
                return []

    def _later(self, day: date, bill: Bill) -> date:
        """A day on which a person could say a word: the bill is overdue, and so a case."""
        return max(day, bill.due + timedelta(days=1)) + timedelta(days=self.random.randint(0, 30))

    def _oldest_open(self, bills: list[Bill]) -> int | None:
        still = [bill for bill in sorted(bills, key=lambda bill: (bill.due, bill.no)) if self.written.balance(bill.no)]
        return still[0].no if still else None

    def _wilder(self) -> tuple[str, ...]:
        return ("refund", "own_fee", "unmatch") if self.wild else ()

    def _wild(self, kind: str, name: str, day: date) -> list[Act]:
        if kind == "own_fee":
            return [Act(name, kind, day, self.random.choice((3_500, 3_800, 11_300)))]
        entries = self.written.ledger.entries
        gone = {act.of for act in self.acts}
        paid = [act for act in self.acts if act.kind == "payment" and act.name not in gone]
        if kind == "unmatch":
            chosen = [act for act in paid if len(act.to) == 1 and not self.ended.intersection(act.to)]
            act = self.random.choice(chosen) if chosen else None
            return [Act(name, kind, day, 0, act.to, act.name)] if act else []
        left = {act.name: -self.written.ledger.balance(entries[f"{act.name}-{self.number}"]) for act in paid}
        chosen = [held for held, amount in left.items() if amount]
        act_name = self.random.choice(chosen) if chosen else None
        return [Act(name, kind, day, int(left[act_name] * 100), (), act_name)] if act_name else []

    def _recovery(self, name: str, day: date, bill: Bill) -> list[Act]:
        """Money with the KID of a bill that was written off."""
        entries = self.written.ledger.entries
        own = [act for act in self.acts if act.to == (bill.no,) and act.kind in ("write_off", "recovery")]
        lost = sum(
            int(100 * abs(entries[f"{act.name}-{self.number}"].amount)) for act in own if act.kind == "write_off"
        )
        left = lost - sum(act.ore for act in own if act.kind == "recovery")
        if lost < 1_000:
            left = 0  # a rounding is no loss
        most = bill.ore if self.credits else left
        return [Act(name, "recovery", day, self.random.randint(1, most), (bill.no,))] if most > 0 else []

    def _reversal(self, name: str, day: date) -> list[Act]:
        """Of a payment or a credit note whose invoice has met no write-off, no journal and no other credit that is
        not used up: what that one would settle now, the match group does not say."""
        gone = {act.of for act in self.acts}
        standing = [act for act in self.acts if act.kind in ("payment", "credit_note") and act.name not in gone]
        entries = self.written.ledger.entries
        left_over = [act for act in standing if self.written.ledger.balance(entries[f"{act.name}-{self.number}"])]
        chosen = [
            act
            for act in standing
            if not self.ended.intersection(act.to) and not any(o != act and o.to == act.to != () for o in left_over)
        ]
        return [Act(name, "reversal", day, of=self.random.choice(chosen).name)] if chosen else []


def say(book: KnownBook, written: Written, history: History) -> None:
    """Writes the words of a history into the book's journal, as far as their invoices are known."""
    known = {bill.no for bill in history.bills if str(invoice_no(written.number, bill.no)) in written.ledger.entries}
    for word in history.words:
        if word.no in known:
            book.decide(written.entry(word.no), "classify", word.day, reason=word.said)
