"""Makes `word_pools.json`: the open vocabularies that values, names and sentences are drawn from.

Run once by hand (`python -m data.build_pools`); the result is committed, so that neither training nor the
tests need Faker or wonderwords. It knows where words come from; it doesn't know what they are used for.
"""

from __future__ import annotations

import json
import re
import sysconfig
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

TARGET = Path(__file__).with_name("word_pools.json")
LATIN = (
    "en_US en_GB en_AU en_CA en_IN de_DE de_AT de_CH fr_FR fr_CH es_ES es_MX it_IT nl_NL nl_BE pl_PL pt_PT pt_BR "
    "sv_SE no_NO da_DK fi_FI cs_CZ sk_SK hu_HU ro_RO hr_HR sl_SI tr_TR id_ID lt_LT et_EE lv_LV"
).split()
OTHER_SCRIPTS = "ru_RU uk_UA el_GR ja_JP zh_CN ko_KR bg_BG".split()
IDENTIFIER = re.compile(r"[A-Za-z]{3,}")
CAMEL = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def distinct(draw: Callable[[], Any], tries: int) -> list[str]:
    """The distinct, printable one-line texts among `tries` draws."""
    texts = (str(draw()).replace("\n", ", ").strip() for _ in range(tries))
    return sorted({text for text in texts if text and '"' not in text and "\\" not in text})


def from_faker(seed: int) -> dict[str, list[str]]:
    """Names, places and companies of many countries."""
    from faker import Faker

    pools: dict[str, set[str]] = {}
    for locale in LATIN + OTHER_SCRIPTS:
        fake = Faker(locale)
        fake.seed_instance(seed)
        suffix = "" if locale in LATIN else "_other"
        tries = 160 if locale in LATIN else 60
        if locale == "en_US":
            tries = 700
        for pool, method in (
            ("first", "first_name"),
            ("last", "last_name"),
            ("city", "city"),
            ("company", "company"),
            ("street", "street_name"),
            ("country", "country"),
            ("job", "job"),
        ):
            if method in ("country", "job") and not locale.startswith("en"):
                continue
            try:
                found = distinct(getattr(fake, method), tries)
            except AttributeError:
                continue
            pools.setdefault(pool + suffix, set()).update(found)
    english = Faker("en_US")
    english.seed_instance(seed)
    pools["agent"] = set(distinct(english.user_agent, 80))
    pools["mime"] = set(distinct(english.mime_type, 200))
    pools["extension"] = set(distinct(english.file_extension, 300))
    pools["timezone"] = set(distinct(english.timezone, 400))
    pools["colour"] = set(distinct(english.color_name, 500))
    pools["phrase"] = set(distinct(english.catch_phrase, 250)) | set(distinct(english.bs, 150))
    pools["language"] = set(distinct(english.language_name, 300))
    return {name: sorted(pool) for name, pool in pools.items()}


def identifier_words(limit: int) -> list[str]:
    """Words that programmers build names from: the parts of identifiers in the standard library."""
    files = sorted(Path(sysconfig.get_paths()["stdlib"]).rglob("*.py"))
    counts: Counter[str] = Counter()
    for path in files:
        if "site-packages" in path.parts or "test" in path.parts:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        parts = {p.lower() for word in IDENTIFIER.findall(text) for p in CAMEL.findall(word)}
        counts.update(p for p in parts if 3 <= len(p) <= 13)
    return sorted(word for word, count in counts.most_common(limit) if count >= 4)


def from_wonderwords() -> dict[str, list[str]]:
    """English nouns, adjectives and verbs."""
    import wonderwords

    folder = Path(wonderwords.__file__).parent / "assets"
    barred = set((folder / "profanitylist.txt").read_text().split("\n"))

    def read(name: str) -> Iterable[str]:
        for line in (folder / name).read_text().split("\n"):
            word = line.strip().lower()
            if word.isascii() and word.isalpha() and 3 <= len(word) <= 13 and word not in barred:
                yield word

    files = {"noun": "nounlist.txt", "adjective": "adjectivelist.txt", "verb": "verblist.txt"}
    return {pool: sorted(set(read(name))) for pool, name in files.items()}


def main() -> None:
    pools = {**from_faker(7), **from_wonderwords(), "identifier": identifier_words(4000)}
    lines = [f"{json.dumps(name)}: {json.dumps(pool, ensure_ascii=False)}" for name, pool in sorted(pools.items())]
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print({name: len(pool) for name, pool in pools.items()}, TARGET.stat().st_size)


if __name__ == "__main__":
    main()
