"""Open vocabularies: word pools loaded once, and composed words and names that no pool holds.

Knows how single words, names and codes are drawn; doesn't know which field they end up in.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import cast

POOLS: dict[str, list[str]] = json.loads(Path(__file__).with_name("word_pools.json").read_text(encoding="utf-8"))
NOUNS, ADJECTIVES, VERBS = POOLS["noun"], POOLS["adjective"], POOLS["verb"]
WORDS = sorted(set(NOUNS) | set(ADJECTIVES) | set(VERBS) | set(POOLS["identifier"]))

COMMON = (
    "name id date time type status code number title total price amount email phone address city country state zip street company user "
    "owner author version size count value label key group level mode kind category color priority order customer vendor item product "
    "quantity unit currency tax discount subtotal start end created updated due issue ship delivery invoice payment account bank balance "
    "ticket subject message summary description note comment tag language url link host port path file folder hash checksum format source "
    "target origin destination weight height width length temperature pressure speed duration distance score rating rank index page "
    "chapter room seat gate flight train platform department manager employee contact person first last middle full short long "
    "primary secondary main default current previous next max min avg sum net gross base service server client device sensor model serial "
    "build release license maintainer package module section priority error warning result reason action event session request response "
    "method enabled active required public private verified paid open closed hidden locked archived visible valid expires issued signed"
).split()
ONSETS = "b c d f g h j k l m n p r s t v w z br ch cl dr fl fr gl gr kr pl pr qu sch sh sl sm sn sp st th tr vl wh zh".split()
VOWELS = "a e i o u a e i o ai au ea ee ei ia io oo ou y".split()
CODAS = [
    "",
    "",
    "",
    "",
    "l",
    "m",
    "n",
    "r",
    "s",
    "t",
    "x",
    "ck",
    "ld",
    "lm",
    "nd",
    "ng",
    "nk",
    "nt",
    "rd",
    "rn",
    "rt",
    "ss",
    "st",
    "th",
]
COMPANY_TAILS = (
    "Ltd|GmbH|Inc.|LLC|AG|S.A.|B.V.|plc|Oy|AB|A/S|S.r.l.|Sp. z o.o.|KG|& Sons|& Co.|Group|Partners|Labs|Systems|"
    "Logistics|Foods|Energy|Software|Consulting|Industries|Media|Studio|Bank|Clinic|Pharma|Tools|Airways|Hotels|"
    "Insurance|Telecom|Books|Motors|Works|Collective|Solutions"
).split("|")
STREET_TAILS = (
    "Street|Road|Avenue|Lane|Drive|Way|Square|Court|Hill|Crescent|Close|Boulevard|Park|Terrace|St.|Rd|Ave".split("|")
)
TLDS = "com com com org net io de fr co.uk eu nl es it pl se dev app ch at info biz example".split()
LOWER = "abcdefghijklmnopqrstuvwxyz"
UPPER = LOWER.upper()
DIGITS = "0123456789"
HEX = "0123456789abcdef"
CODE_UPPER = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def pick(rng: Random, choices: str) -> str:
    """One of the `|`-separated choices."""
    return rng.choice(choices.split("|"))


def characters(rng: Random, alphabet: str, count: int) -> str:
    """`count` random characters."""
    return "".join(rng.choices(alphabet, k=count))


def syllables(rng: Random, low: int = 2, high: int = 3) -> str:
    """An invented, pronounceable lower-case word."""
    count = rng.randint(low, high)
    return "".join(rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS) for _ in range(count))


def word(rng: Random) -> str:
    """Any lower-case word, now and then an invented one."""
    return syllables(rng) if rng.random() < 0.15 else rng.choice(WORDS)


def _named(rng: Random, pool: str, invented: float = 0.3, other: float = 0.03) -> str:
    chance = rng.random()
    if chance < invented:
        return syllables(rng, 1, 3).capitalize()
    if chance < invented + other and pool + "_other" in POOLS:
        return rng.choice(POOLS[pool + "_other"])
    return rng.choice(POOLS[pool])


def first_name(rng: Random) -> str:
    """A given name."""
    return _named(rng, "first", 0.15)


def last_name(rng: Random) -> str:
    """A family name."""
    name = _named(rng, "last", 0.3)
    chance = rng.random()
    if chance < 0.04:
        return f"{name}-{_named(rng, 'last', 0.3, 0)}"
    if chance < 0.07:
        return pick(rng, "van |de |von |Mc|O'|Di |al-|dos ") + name
    return name


def city(rng: Random) -> str:
    """A town, real or invented."""
    chance = rng.random()
    if chance < 0.08:
        return pick(rng, "New |Port |St. |San |Bad |Upper |North |Lake |Fort ") + syllables(rng).capitalize()
    if chance < 0.16:
        return syllables(rng, 1, 2).capitalize() + pick(
            rng, "ville|burg|ton|field|stad|ham|by|wick|mouth|dorf|grad|ford"
        )
    return _named(rng, "city", 0.08)


def company(rng: Random) -> str:
    """A company, with or without its legal form."""
    chance = rng.random()
    if chance < 0.25:
        return rng.choice(POOLS["company"])
    if chance < 0.27:
        return rng.choice(POOLS["company_other"])
    stem = syllables(rng, 1, 3) if rng.random() < 0.5 else rng.choice(WORDS)
    if chance < 0.4:
        return stem.capitalize()
    if chance < 0.5:
        return f"{rng.choice(WORDS).capitalize()} {stem.capitalize()} {rng.choice(COMPANY_TAILS)}"
    if chance < 0.58:
        return f"{last_name(rng)} & {last_name(rng)}"
    return f"{stem.capitalize()} {rng.choice(COMPANY_TAILS)}"


def street(rng: Random) -> str:
    """A street without its house number."""
    chance = rng.random()
    if chance < 0.4:
        return rng.choice(POOLS["street"])
    if chance < 0.43:
        return rng.choice(POOLS["street_other"])
    stem = syllables(rng, 1, 2) if rng.random() < 0.5 else rng.choice(NOUNS)
    if chance < 0.55:
        return stem.capitalize() + pick(rng, "straße|strasse|weg|gasse|allee|platz|laan|straat|gatan|vej")
    if chance < 0.65:
        return pick(rng, "Rue de |Rue |Via |Calle |Avenida |Rua |Plaza ") + stem.capitalize()
    return f"{stem.capitalize()} {rng.choice(STREET_TAILS)}"


def domain(rng: Random) -> str:
    """A DNS name."""
    stem = syllables(rng, 1, 3) if rng.random() < 0.5 else rng.choice(WORDS)
    if rng.random() < 0.2:
        stem += pick(rng, "-") + rng.choice(WORDS)
    return f"{stem}.{rng.choice(TLDS)}"


def slug(rng: Random, separator: str = "-", low: int = 1, high: int = 3) -> str:
    """Lower-case words joined as in package names, hosts and file names."""
    return separator.join(word(rng) for _ in range(rng.randint(low, high)))


def ascii_lower(text: str) -> str:
    """The letters of `text` that may stand in an e-mail address; empty for other scripts."""
    return "".join(c for c in text.lower() if c in LOWER)


def code(rng: Random) -> tuple[str, str]:
    """An identifier such as an order number, with the pattern that describes it."""
    build: list[str] = []
    pattern: list[str] = []
    separator = rng.choice(["-", "-", "", "/", ".", "_", "-"])
    prefix = rng.random()
    if prefix < 0.6:
        letters = rng.randint(1, 4)
        build.append(characters(rng, CODE_UPPER, letters))
        pattern.append(f"[A-Z]{{{letters}}}" if letters > 1 else "[A-Z]")
    if prefix > 0.55:
        build.append(str(rng.randint(2015, 2027)) if rng.random() < 0.4 else characters(rng, DIGITS, rng.randint(2, 4)))
        pattern.append(r"\d+")
    for _ in range(1 if rng.random() < 0.75 else 2):
        kind = rng.random()
        if kind < 0.65:
            build.append(characters(rng, DIGITS, rng.randint(2, 7)))
            pattern.append(r"\d+")
        elif kind < 0.85:
            build.append(characters(rng, CODE_UPPER + DIGITS, rng.randint(3, 8)))
            pattern.append("[A-Z0-9]+")
        elif kind < 0.93:
            build.append(characters(rng, HEX, rng.randint(4, 8)))
            pattern.append("[0-9a-f]+")
        else:
            build.append(characters(rng, LOWER, rng.randint(1, 4)))
            pattern.append("[a-z]+")
    escaped = "\\." if separator == "." else separator
    return separator.join(build), "^" + escaped.join(pattern).replace(r"\d+\d+", r"\d+") + "$"


def cased(rng: Random, text: str) -> str:
    """A phrase in one of the usual casings of headings."""
    chance = rng.random()
    if chance < 0.5:
        return text[:1].upper() + text[1:]
    if chance < 0.75:
        return text.title()
    return text.upper() if chance < 0.8 else text


def choose(rng: Random, table: list[tuple[float, object]]) -> object:
    """One entry of a weighted table."""
    weights = [weight for weight, _ in table]
    return cast("object", rng.choices(table, weights)[0][1])
