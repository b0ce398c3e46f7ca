"""Kroner and øre: the two shapes an amount of money has here, and the one rounding rule.

Belongs here: conversion and rounding. Not here: what an amount is for. No binary float passes through this module.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

ZERO = Decimal("0.00")
_ORE = Decimal("0.01")
_KRONE = Decimal("1")


def to_ore(kroner: Decimal | int) -> int:
    """Whole øre of an amount in kroner.

    Raises ``ValueError`` for an amount finer than an øre: rounding is a decision of the rule that made the amount.
    """
    ore = Decimal(kroner) * 100
    if ore != ore.to_integral_value():
        raise ValueError(f"amount {kroner}: found a fraction of an øre, want at most two decimals")
    return int(ore)


def to_kroner(ore: int) -> Decimal:
    """Kroner with two decimals of a number of øre."""
    return Decimal(ore).scaleb(-2)


def divide_half_up(numerator: int, denominator: int) -> int:
    """Integer quotient rounded half up, away from zero at exactly one half; exact for any size of integers."""
    quotient, rest = divmod(abs(numerator), denominator)
    rounded = quotient + (2 * rest >= denominator)
    return rounded if numerator >= 0 else -rounded


def to_nearest_krone(kroner: Decimal) -> Decimal:
    """Rounded to whole kroner, .50 up (flat letter fees from 2026, inkassoforskriften § 1-2)."""
    return kroner.quantize(_KRONE, ROUND_HALF_UP).quantize(_ORE)


def down_to_krone(kroner: Decimal) -> Decimal:
    """Rounded down to whole kroner (court fees, rettsgebyrloven § 6 a)."""
    return kroner.quantize(_KRONE, ROUND_FLOOR).quantize(_ORE)
