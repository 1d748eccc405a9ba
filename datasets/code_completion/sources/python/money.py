"""Amounts of money in a currency, kept in the currency's smallest unit."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

DECIMALS = {"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3}
SYMBOLS = {"EUR": "€", "USD": "$", "JPY": "¥"}


class CurrencyMismatch(ValueError):
    """Amounts of different currencies were put together."""


@dataclass(frozen=True)
class Money:
    """An amount, for instance ``Money(1250, "EUR")`` for 12.50 euros."""

    units: int
    currency: str

    @classmethod
    def parse(cls, text: str) -> "Money":
        """Read an amount such as ``12.50 EUR``, ``-1,299.9 USD`` or ``300 JPY``."""
        match = re.fullmatch(r"(-?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))? ([A-Z]{3})", text)
        if match is None or match[4] not in DECIMALS:
            raise ValueError(f"not an amount: {text!r}")
        sign, whole, fraction, currency = match.groups(default="")
        decimals = DECIMALS[currency]
        if len(fraction) > decimals:
            raise ValueError(f"too many decimals for {currency}: {text!r}")
        units = int(whole.replace(",", "") + fraction.ljust(decimals, "0"))
        return cls(-units if sign else units, currency)

    @property
    def amount(self) -> Decimal:
        """The amount in whole currency units."""
        return Decimal(self.units).scaleb(-DECIMALS[self.currency])

    def __add__(self, other: "Money") -> "Money":
        self._check(other)
        return Money(self.units + other.units, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return self + -other

    def __neg__(self) -> "Money":
        return Money(-self.units, self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._check(other)
        return self.units < other.units

    def __bool__(self) -> bool:
        return self.units != 0

    def __str__(self) -> str:
        """Return the amount as it is shown to people: ``-€1,299.90``, ``12.500 KWD``."""
        sign = "-" if self.units < 0 else ""
        number = f"{abs(self.amount):,.{DECIMALS[self.currency]}f}"
        symbol = SYMBOLS.get(self.currency)
        return f"{sign}{symbol}{number}" if symbol else f"{sign}{number} {self.currency}"

    def times(self, factor: Decimal | int) -> "Money":
        """Return the amount times a factor, rounded half to even."""
        product = (self.units * Decimal(factor)).quantize(Decimal(1), ROUND_HALF_EVEN)
        return Money(int(product), self.currency)

    def percent(self, rate: str) -> "Money":
        """Return a share such as ``"19"`` or ``"7.5"`` percent, rounded half up."""
        product = (self.units * Decimal(rate) / 100).quantize(Decimal(1), ROUND_HALF_UP)
        return Money(int(product), self.currency)

    def split(self, parts: int) -> list["Money"]:
        """Return equal shares that add up to the amount; the first ones get what is left."""
        share, left = divmod(self.units, parts)
        return [Money(share + (index < left), self.currency) for index in range(parts)]

    def _check(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")


def total(amounts: Iterable[Money], currency: str) -> Money:
    """Return the sum of amounts, which may be none."""
    result = Money(0, currency)
    for amount in amounts:
        result += amount
    return result


class Exchange:
    """Rates between a base currency and others."""

    def __init__(self, base: str, rates: dict[str, str]):
        self._rates = {currency: Decimal(rate) for currency, rate in rates.items()}
        self._rates[base] = Decimal(1)

    def convert(self, money: Money, currency: str) -> Money:
        """Return the amount in another currency, by way of the base, rounded half to even."""
        if money.currency == currency:
            return money
        in_base = money.amount / self._rates[money.currency]
        units = (in_base * self._rates[currency]).scaleb(DECIMALS[currency])
        return Money(int(units.quantize(Decimal(1), ROUND_HALF_EVEN)), currency)


@dataclass(frozen=True)
class Line:
    """A line of an invoice."""

    text: str
    price: Money
    quantity: int = 1
    tax_rate: str = "19"

    @property
    def net(self) -> Money:
        return self.price.times(self.quantity)


def invoice_totals(lines: list[Line], currency: str) -> dict[str, str]:
    """Return the net sum, the tax for each rate in rising order, and the gross sum.

    Tax is worked out once for the sum of each rate, not line by line.
    """
    net_by_rate: dict[str, Money] = {}
    for line in lines:
        net_by_rate[line.tax_rate] = net_by_rate.get(line.tax_rate, Money(0, currency)) + line.net
    net = total(net_by_rate.values(), currency)
    taxes = {
        rate: net_by_rate[rate].percent(rate) for rate in sorted(net_by_rate, key=Decimal)
    }
    summary = {"net": str(net)}
    summary |= {f"tax {rate}%": str(tax) for rate, tax in taxes.items() if tax}
    summary["gross"] = str(net + total(taxes.values(), currency))
    return summary
