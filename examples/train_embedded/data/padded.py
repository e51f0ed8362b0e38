"""Values within longer phrases, and strings whose marks belong to them. One generator per kind of value.

Knows how people pad numbers, choices and yes or no; doesn't know which field they end up in.
"""

from __future__ import annotations

from data import numerals, pools
from data.datum import STRING, Context, Datum, Generator, View, copied
from data.pools import CODE_UPPER, DIGITS, HEX, characters, pick

YES = "yes|Yes|true|on|enabled|y|YES"
NO = "no|No|false|off|disabled|n|NO"
NUMBERED = (
    "about # @|ca. # @|around #|# @|at least #|up to # @|# (estimated)|roughly # @|# or so|# @ in all|nearly # @|"
    "#, more or less|exactly #|only # @ left|# (@)|# per @"
)


def padded_number(ctx: Context) -> Datum:
    """One number within a phrase: "about 12 pieces"."""
    rng = ctx.rng
    value: float = rng.choice((rng.randint(1, 20), rng.randint(1, 999), rng.randint(1000, 9999)))
    decimals = 0
    if rng.random() < 0.2:
        value, decimals = round(rng.uniform(0.1, 99.9), 1), 1
    shown = numerals.write(value, decimals, ctx.numbers if rng.random() < 0.3 else numerals.STYLES[0])
    text = pick(rng, NUMBERED).replace("#", shown).replace("@", rng.choice(pools.NOUNS))
    kind = "number" if str(numerals.plain(value)) == shown else "normalised"
    schema = {"type": "number"} if decimals else {"type": "integer"}
    return Datum(text, "count", (View(numerals.plain(value), schema, kind, weight=4.0), View(text, STRING, "copied")))


def padded_boolean(ctx: Context) -> Datum:
    """A yes or no with a remark: "yes, since 2019"."""
    rng = ctx.rng
    value = rng.random() < 0.5
    word = rng.choice(pools.NOUNS)
    remark = rng.choice(
        (f"since {rng.randint(1990, 2026)}", f"by {word}", f"see {word}", f"for {word}", f"{word} only", f"says {word}")
    )
    text = pick(rng, YES if value else NO) + rng.choice((f", {remark}", f" ({remark})", f" - {remark}", f"; {remark}"))
    return Datum(text, "boolean", (View(value, {"type": "boolean"}, "boolean", weight=4.0), View(text, STRING, "copied")))


def padded_choice(ctx: Context) -> Datum:
    """One of a set, within a phrase or fixed by the schema."""
    rng = ctx.rng
    options = sorted({pools.word(rng) for _ in range(rng.randint(2, 5))})
    rng.shuffle(options)
    value = rng.choice(options)
    shown = rng.choice((value, value.capitalize(), value.upper()))
    remark = rng.choice((f"since {rng.randint(1990, 2026)}", f"until {rng.randint(1, 28)} May", f"{rng.randint(2, 90)} %"))
    text = rng.choice((f"{shown} ({remark})", f"{shown}, {remark}", f"now {shown}", f"{shown} - {remark}", f"still {shown}"))
    if rng.random() < 0.1:
        text = value
    if rng.random() < 0.12 or any(option != value and (option in text.lower() or value in option) for option in options):
        options = [value]
    enum = View(value, {"enum": options}, "enum", weight=5.0)
    if len(options) == 1:
        enum = View(value, {"const": value}, "const", weight=5.0)
    return Datum(text, "choice", (enum, View(text, STRING, "copied", weight=0.6)))


def remarked_version(ctx: Context) -> Datum:
    """A version with a remark; only a description makes it the bare number."""
    rng = ctx.rng
    number = ".".join(str(rng.randrange(25)) for _ in range(rng.choice((2, 3))))
    text = pick(rng, "v|V|version |release |") + number + rng.choice((f" ({pools.word(rng)})", f", {pools.word(rng)}", ""))
    if text == number:
        return copied(text, "version")
    hint = pick(rng, "only the number with its dots|the bare version number|digits and dots only|without any word or v")
    return Datum(text, "version", (View(text, STRING, "copied"), View(number, STRING, "copied", hint, weight=1.5)))


def marked(ctx: Context) -> Datum:
    """A short text that ends in, or holds, brackets, dashes, quotes or signs of its own."""
    rng = ctx.rng
    one, two, three = pools.word(rng).capitalize(), pools.word(rng), pools.word(rng)
    letters = characters(rng, CODE_UPPER, rng.randint(2, 3))
    shapes = (
        f"{one} - {letters}", f"{one} {two} ({three})", f"{one} ({letters})", f"{one} ({two}) {three}", f"{one}: {two} {three}",
        f'{one} "{two}"', f'{one} "{two} {three}"', f"{one} '{two}'", f"{one} [{two}]", f"{one} {two} (see {letters})",
        f"{one}, {two} & {three}", f"{one}/{two}", f"{one} + {two}", f"{one} ~{two}", f"{two} ({one} {three})...", f"{one} {two}!",
        f"{one} - {two}, {three}", f"({two}) {three}", f"{two} {{{three}}}", f"<{two}> {three}", f'"{one}" {two}', f"{one} {two}?",
        f"%{letters[0]}-{two}", f"{two} --{three}", f"{two}:{three} {letters}", f"{one} {two} [{letters}]", f"{one}; {two}", f"{one} #{rng.randint(1, 99)}",
    )  # fmt: skip
    return copied(rng.choice(shapes), "title")


def intricate(ctx: Context) -> Datum:
    """A version or identifier with several kinds of marks: "2:1.4+x~b1", "r7/3.2-rc1"."""
    rng = ctx.rng
    pieces = [rng.choice((str(rng.randrange(10)), pools.syllables(rng, 1, 1), f"r{rng.randrange(90)}"))]
    for _ in range(rng.randint(2, 5)):
        pieces += [rng.choice(".:-+~/._.!-"), rng.choice((str(rng.randrange(60)), str(rng.randrange(9)), pools.syllables(rng, 1, 1), "rc1", "b2"))]
    return copied("".join(pieces), "code")


def long_hex(ctx: Context) -> Datum:
    """A long hexadecimal string in either case."""
    text = characters(ctx.rng, HEX, ctx.rng.randint(20, 64))
    return copied(text.upper() if ctx.rng.random() < 0.3 else text, "hex")


def long_digits(ctx: Context) -> Datum:
    """A number too long to be anything but a string."""
    return copied(characters(ctx.rng, DIGITS, ctx.rng.randint(20, 48)), "code")


def fingerprint(ctx: Context) -> Datum:
    """Pairs (at times fours) of hexadecimal digits between colons or blanks."""
    rng = ctx.rng
    groups = [4] * rng.randint(4, 10) if rng.random() < 0.2 else [2] * rng.randint(8, 24)
    text = rng.choice(":::- ").join(characters(rng, HEX, size) for size in groups)
    return copied(text.upper() if rng.random() < 0.5 else text, "hex")


PADDED: list[tuple[float, Generator]] = [
    (3, padded_number),
    (2, padded_boolean),
    (2.5, padded_choice),
    (1.5, remarked_version),
    (5, marked),
    (2.5, intricate),
    (1.5, long_hex),
    (1.5, long_digits),
    (1.2, fingerprint),
]
