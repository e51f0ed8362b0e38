"""How documents write numbers: thousands, decimals, currencies, units. Every form has one reading."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()
CURRENCIES = {
    "EUR": "€",
    "USD": "$",
    "GBP": "£",
    "CHF": "CHF",
    "JPY": "¥",
    "PLN": "zł",
    "SEK": "SEK",
    "CZK": "Kč",
    "NOK": "NOK",
    "DKK": "DKK",
    "INR": "₹",
    "CAD": "CAD",
    "AUD": "AUD",
    "BRL": "R$",
    "HUF": "HUF",
    "RON": "RON",
    "TRY": "₺",
}
SIGNED = ("EUR", "USD", "GBP", "JPY", "INR")
UNITS = (
    "kg|g|mg|t|lb|oz|km|m|cm|mm|mi|ft|in|l|ml|m²|°C|°F|K|V|mV|A|mA|W|kW|kWh|Hz|kHz|MHz|GHz|Pa|hPa|bar|psi|dB|rpm|lx|ppm|"
    "MB|GB|KB|KiB|MiB|GiB|TB|bytes|ms|s|µs|min|h|days|hours|minutes|weeks|pcs|pieces|pages|steps|points|kcal|km/h|mbar"
).split("|")


@dataclass(frozen=True)
class NumberStyle:
    """Separators of one document."""

    thousands: str
    decimal: str


STYLES = (
    NumberStyle("", "."),
    NumberStyle("", "."),
    NumberStyle(",", "."),
    NumberStyle(",", "."),
    NumberStyle(".", ","),
    NumberStyle("", ","),
    NumberStyle(" ", ","),
    NumberStyle("'", "."),
)


def number_style(rng: Random) -> NumberStyle:
    """The way one document writes numbers."""
    return rng.choice(STYLES)


def plain(value: float) -> int | float:
    """The JSON number: whole numbers are written without a fraction."""
    return int(value) if value == int(value) else value


def write(value: float, decimals: int, style: NumberStyle) -> str:
    """The number with the document's separators. A lone group of three decimals is never written with a comma."""
    sign = "-" if value < 0 else ""
    whole, _, fraction = f"{abs(value):.{decimals}f}".partition(".")
    # "1.234" and "1,234" alone could be read both ways: group only where a fraction settles it, or by a comma.
    if decimals == 3:
        style = NumberStyle("", ".")
    if style.thousands and len(whole) > 3 and (fraction or style.thousands in ", '"):
        groups = []
        while whole:
            groups.insert(0, whole[-3:])
            whole = whole[:-3]
        whole = style.thousands.join(groups)
    return sign + whole + (style.decimal + fraction if fraction else "")


def magnitude(rng: Random) -> int:
    """A whole number whose length, rather than whose size, is uniform."""
    digits = rng.choice((1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6, 7))
    return rng.randint(10 ** (digits - 1) if digits > 1 else 0, 10**digits - 1)


def amount(rng: Random) -> float:
    """A price."""
    if rng.random() < 0.15:
        return float(magnitude(rng))
    return round(rng.choice((10, 100, 100, 1000, 1000, 10000, 100000)) * rng.random() + 0.5, 2)


def money(rng: Random, number: str, currency: str) -> str:
    """An amount with its currency, by sign or code, before or after."""
    sign = CURRENCIES[currency]
    chance = rng.random()
    if currency in SIGNED and chance < 0.6:
        if currency == "EUR" and chance < 0.35:
            return f"{number} {sign}"
        return f"{sign}{number}" if chance < 0.5 else f"{sign} {number}"
    if chance < 0.85:
        return f"{number} {currency}"
    return f"{currency} {number}"
