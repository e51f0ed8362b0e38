"""Field names and labels: casings, abbreviations, free composition. Knows words, not values."""

from __future__ import annotations

from functools import lru_cache
from random import Random

from data import heldout, pools
from data.pools import COMMON, WORDS, pick, syllables

ABBREVIATIONS = {
    "number": "no|num|nr|nbr",
    "quantity": "qty|quant",
    "amount": "amt",
    "reference": "ref",
    "address": "addr",
    "date": "dt",
    "identifier": "id|ident",
    "description": "desc|descr",
    "customer": "cust",
    "invoice": "inv",
    "account": "acct|acc",
    "telephone": "tel",
    "department": "dept",
    "message": "msg",
    "version": "ver|vers",
    "temperature": "temp",
    "maximum": "max",
    "minimum": "min",
    "average": "avg",
    "percentage": "pct",
    "percent": "pct",
    "category": "cat",
    "organisation": "org",
    "organization": "org",
    "manager": "mgr",
    "time": "ts|tm",
    "transaction": "txn|trx",
    "document": "doc",
    "package": "pkg",
    "configuration": "config|cfg",
    "source": "src",
    "destination": "dest|dst",
    "information": "info",
    "position": "pos",
    "total": "tot",
    "received": "rcvd",
    "delivery": "dlv",
    "order": "ord",
    "product": "prod",
    "price": "prc",
    "payment": "pmt",
    "serial": "ser",
    "street": "str",
    "language": "lang",
    "environment": "env",
    "application": "app",
    "server": "srv",
    "service": "svc",
    "user": "usr",
    "size": "sz",
    "length": "len",
    "width": "w",
    "height": "h",
    "weight": "wt",
    "location": "loc",
    "duration": "dur",
    "distance": "dist",
    "frequency": "freq",
    "request": "req",
    "response": "resp",
    "error": "err",
    "process": "proc",
    "previous": "prev",
    "balance": "bal",
    "appointment": "appt",
    "year": "yr",
    "hours": "hrs",
    "count": "cnt",
    "postal": "post",
    "contact": "ctc",
    "employee": "emp",
    "manufacturer": "mfr|mfg",
    "model": "mdl",
    "password": "pwd",
    "directory": "dir",
    "standard": "std",
    "status": "stat",
    "estimated": "est",
    "required": "reqd",
    "original": "orig",
    "current": "cur",
    "temporary": "tmp",
}
SYNONYMS = {
    "number": "no.|#|num",
    "id": "identifier|ID",
    "date": "day|dated",
    "total": "sum|overall",
    "name": "called|title",
    "phone": "tel|telephone",
    "email": "e-mail|mail",
    "price": "cost|rate",
    "quantity": "qty|count",
    "created": "made|opened",
    "updated": "modified|changed",
    "start": "begin|from",
    "end": "finish|until|to",
    "status": "state",
    "kind": "type",
    "type": "kind|category",
    "size": "extent|volume",
    "owner": "holder|belongs to",
    "author": "writer|written by",
    "notes": "remarks|comments",
    "description": "details|about",
    "city": "town",
    "zip": "postcode|postal code",
    "company": "firm|business",
    "customer": "client|buyer",
    "supplier": "vendor",
    "location": "place|site",
    "version": "release",
    "maximum": "upper limit|highest",
    "minimum": "lower limit|lowest",
    "enabled": "active",
    "website": "homepage|web",
    "job": "position|role",
    "delivery": "shipping",
    "item": "article|product",
    "weight": "mass",
    "duration": "length|takes",
    "error": "fault",
}
# Suffixes that tell the kind of a value, as people add them; by the family of the value.
KIND_WORDS = {
    "date": "date|on|day|at|since|until|due",
    "time": "time|at|from|until",
    "stamp": "timestamp|at|time|logged",
    "person": "name|by|owner|contact|author|manager",
    "company": "company|vendor|supplier|org",
    "city": "city|town|place|location",
    "street": "street|address",
    "postcode": "zip|postcode|plz",
    "country": "country",
    "code": "id|code|number|ref|key|no",
    "hex": "hash|checksum|commit|digest|key",
    "uuid": "id|uuid|guid|key",
    "email": "email|mail|contact",
    "url": "url|link|site|homepage|uri",
    "domain": "domain|host",
    "host": "host|server|node",
    "ip": "ip|addr|address",
    "mac": "mac|device",
    "version": "version|release|ver",
    "path": "path|file|dir|location",
    "package": "package|name|module",
    "phone": "phone|tel|mobile|fax",
    "iban": "iban|account",
    "count": "count|quantity|number|total",
    "number": "value|number|level|score|reading",
    "amount": "price|amount|total|cost|fee|balance",
    "percent": "rate|percent|share|ratio",
    "measure": "weight|size|length|value|limit|reading",
    "year": "year",
    "currency": "currency",
    "boolean": "enabled|active|flag|allowed|required|visible",
    "choice": "status|type|mode|level|state|kind|category",
    "title": "title|subject|text|message|note|description|summary",
    "word": "type|name|kind|group|label|tag",
    "product": "item|product|article|name",
    "user": "user|login|account",
    "list": "list|items|tags|names|values",
    "job": "role|job|title",
    "house": "number|house",
    "flag": "flag|enabled",
    "timezone": "zone|timezone",
    "mime": "type|mime",
    "colour": "colour|color",
    "language": "language|lang",
    "table": "rows|items|entries|list|lines",
}
CASINGS = (
    "snake",
    "snake",
    "snake",
    "camel",
    "camel",
    "kebab",
    "title",
    "pascal",
    "lower",
    "upper_snake",
    "joined",
    "sentence",
    "dotted",
)
CASING_WEIGHTS = (5, 5, 5, 5, 5, 1.5, 2, 1.5, 1.5, 0.7, 1, 1, 0.3)


_KNOWN = {*WORDS, *COMMON, *" ".join(KIND_WORDS.values()).replace("|", " ").split(), *"abcdxyz", "no", "by"}


@lru_cache(maxsize=1 << 16)
def _is_crossing(word: str) -> bool:
    """Whether the word is two words run together that belong to the other split: "filename", "file_name"."""
    cuts = ((word[:at], word[at:]) for at in range(2, len(word)))
    held_out = heldout.is_name_held_out(word)
    return any(a in _KNOWN and b in _KNOWN and heldout.is_name_held_out(f"{a}_{b}") != held_out for a, b in cuts)


def casing(rng: Random) -> str:
    """The way one schema writes its names."""
    return rng.choices(CASINGS, CASING_WEIGHTS)[0]


def join(words: list[str], style: str) -> str:
    """A field name of these words."""
    if style == "snake":
        return "_".join(words)
    if style == "camel":
        return words[0] + "".join(w[:1].upper() + w[1:] for w in words[1:])
    if style == "pascal":
        return "".join(w[:1].upper() + w[1:] for w in words)
    if style == "title":
        return " ".join(w[:1].upper() + w[1:] for w in words)
    if style == "sentence":
        return " ".join(words)[:1].upper() + " ".join(words)[1:]
    if style == "upper_snake":
        return "_".join(words).upper()
    return {"kebab": "-", "lower": " ", "joined": "", "dotted": "."}[style].join(words)


def abbreviate(rng: Random, word: str) -> str:
    """A shorter form that a reader recognises."""
    if word in ABBREVIATIONS:
        return pick(rng, ABBREVIATIONS[word])
    if len(word) < 6:
        return word
    if rng.random() < 0.6:
        return word[: rng.randint(3, 4)]
    return word[0] + "".join(c for c in word[1:] if c not in "aeiou")[:4]


def fits(name: str, split: str) -> bool:
    """Whether the name may be used in this split."""
    if heldout.is_name_held_out(name) != (split == "test"):
        return False
    return not any(map(_is_crossing, heldout.name_words(name)))


def word_for(rng: Random, split: str) -> str:
    """A word for a name: in training never a held-out one."""
    while True:
        chance = rng.random()
        word = syllables(rng, 1, 2) if chance < 0.1 else rng.choice(COMMON) if chance < 0.4 else rng.choice(WORDS)
        if len(word) > 11:
            continue
        if split == "test" or not heldout.is_word_held_out(word):
            return word


def compose(rng: Random, family: str, split: str) -> list[str]:
    """The words of a freely composed name, with or without a word that tells the value's kind."""
    for _ in range(60):
        words = [word_for(rng, split) for _ in range(rng.choice((1, 1, 2, 2, 2, 3)))]
        chance = rng.random()
        if family in KIND_WORDS and chance < 0.5:
            kind = pick(rng, KIND_WORDS[family])
            words = words[:2]
            words.insert(len(words) if chance < 0.42 else 0, kind)
        elif chance < 0.55:
            words.append(rng.choice("1234ABx"))
        elif chance < 0.58:
            words = [words[0], rng.choice("abcdxyz")]
        if len(set(words)) == len(words) and fits("_".join(words), split):
            return words
    while True:
        words = [syllables(rng, 2, 3), syllables(rng, 1, 2)]
        if fits("_".join(words), split):
            return words


def qualify(rng: Random, words: list[str], split: str, doc: str) -> list[str]:
    """The words, or words near them, such that the name belongs to the split: a document noun or a filler is added."""
    if fits("_".join(words), split):
        return words
    extra = [
        doc,
        "the",
        "doc",
        "my",
        "value",
        "field",
        "text",
        "info",
        "main",
        "this",
        "entry",
        "data",
        "given",
        "stated",
    ]
    rng.shuffle(extra)
    fixed = ["my", "the", "main", "this", "given", "stated"]
    for filler in extra:
        if not filler or filler in words:
            continue
        longer = [*words, filler] if filler not in fixed and filler != doc and rng.random() < 0.6 else [filler, *words]
        if fits("_".join(longer), split):
            return longer
    while True:
        longer = [pick(rng, "rec|x|f|col|attr|k|item|p|v") + str(rng.randint(1, 99)), *words]
        if fits("_".join(longer), split):
            return longer
        if any(map(_is_crossing, words)) or (split == "train" and any(map(heldout.is_word_held_out, longer))):
            return []  # no name with this word is of use


def label_of(rng: Random, words: list[str]) -> str:
    """The words as a document writes them in front of a value."""
    shape = rng.randrange(10)
    if shape < 3:
        return join(words, "sentence")
    if shape < 6:
        return join(words, "title")
    if shape == 6:
        return " ".join(words).upper()
    return join(words, pick(rng, "lower|snake|camel|kebab"))


def varied(rng: Random, words: list[str]) -> list[str]:
    """Words that a reader takes for the same: abbreviations and synonyms of some of them."""
    out = list(words)
    for index, word in enumerate(out):
        chance = rng.random()
        if word in SYNONYMS and chance < 0.35:
            out[index] = pick(rng, SYNONYMS[word])
        elif chance < 0.3:
            out[index] = abbreviate(rng, word)
    return out


def typo(rng: Random, text: str) -> str:
    """The text with one letter doubled, dropped or swapped."""
    if len(text) < 5:
        return text
    at = rng.randrange(1, len(text) - 2)
    shape = rng.randrange(3)
    if shape == 0:
        return text[:at] + text[at + 1 :]
    if shape == 1:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + text[at] + text[at:]


def column_label(rng: Random, words: list[str]) -> str:
    """A short heading for a table column."""
    return pools.cased(rng, " ".join(words)) if rng.random() < 0.6 else join(words, casing(rng))
