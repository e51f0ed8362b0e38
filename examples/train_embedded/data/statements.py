"""Layouts of facts that nobody in particular states: checklists, confirmations, values before labels, corrections.

Knows the shape of such texts; the wording is that of `data.wording`. `STATEMENTS` has every layout by id.
"""

from __future__ import annotations

from random import Random

from data.blocks import Block
from data.datum import Shown
from data.layouts import Pieces, Writer
from data.pools import pick
from data.wording import FLIPPED, Voice, opened, slip


def as_late_correction(rng: Random, blocks: list[Block]) -> Pieces:
    """Facts first, then a remark that replaces one or two of them."""
    voice = Voice(rng, blocks)
    amended = rng.sample(voice.entries, min(len(voice.entries), rng.choice((1, 1, 2))))
    mark = pick(rng, ": |: | = | – ")
    wrongs = {id(entry): slip(rng, entry.text) for entry in amended}
    out: Pieces = []
    for entry in voice.entries:
        out += [voice.label(entry) + mark, *voice.bare(wrongs.get(id(entry), entry.text)), "\n"]
    out.append(pick(rng, "|\n|PS: |Update. |--\n|\nLater: "))
    for entry in amended:
        out += [*voice.retracted(entry, wrongs[id(entry)]), "\n"]
    return out


def as_read_aloud(rng: Random, blocks: list[Block]) -> Pieces:
    """Someone reads a form out, box by box."""
    voice = Voice(rng, blocks)
    place = pick(rng, "box|field|line|row|entry|item")
    out: Pieces = [
        pick(rng, "|Okay, reading from the top. |I'll read it to you. |Here is what the form says. |Page one. ")
    ]
    between = pick(rng, ". |.\n| … |, ")
    for count, entry in enumerate(voice.entries, 1):
        start = (
            pick(rng, f"First {place}|In the first {place}")
            if count == 1
            else pick(rng, f"Next {place}|Then {place} {count}|{opened(place)} {count}|Below that")
        )
        form = pick(
            rng,
            ", {l}, filled in with {v}|, {l}: {v}|, labelled {l}, says {v}|, it asks for {l} and there stands {v}|, {l}, which has {v}",
        )
        out += [start, *voice.filled(form, entry, voice.loose(entry.text)), between]
    return [*out[:-1], ".\n"]


def as_questionnaire(rng: Random, blocks: list[Block]) -> Pieces:
    """Numbered questions, then the numbered answers."""
    voice = Voice(rng, blocks)
    one, two = rng.choice(
        (
            ("#. ", "#. "),
            ("#) ", "#) "),
            ("Q#: ", "A#: "),
            ("(#) ", "(#) "),
            ("Question #: ", "Answer #: "),
            ("#. ", "to #: "),
            ("Q#. ", "re Q#: "),
            ("#. ", "ad # – "),
        )
    )
    numerals = rng.choice(("123456789", "abcdefghi", "ABCDEFGHI", "123456789"))
    tags = [
        numerals[at]
        if at < 9
        else "jklm"[at - 9]
        if numerals[0] == "a"
        else "JKLM"[at - 9]
        if numerals[0] == "A"
        else str(at + 1)
        for at in range(len(voice.entries))
    ]
    short = rng.random() < 0.6
    voice.bridges = [""]
    out: Pieces = [pick(rng, "|Questions\n|Questionnaire:\n|Please answer:\n")]
    for tag, entry in zip(tags, voice.entries, strict=True):
        out.append(
            one.replace("#", tag) + (opened(voice.label(entry)) + pick(rng, "?|") if short else voice.ask(entry)) + "\n"
        )
    out.append(pick(rng, "\n|\nAnswers\n|Answers:\n|---\n"))
    order = list(zip(tags, voice.entries, strict=True))
    if rng.random() < 0.2:
        rng.shuffle(order)
    for tag, entry in order:
        out += [two.replace("#", tag), *voice.bare(entry.text), "\n"]
    return out


def as_checklist(rng: Random, blocks: list[Block]) -> Pieces:
    """Ticked items."""
    voice = Voice(rng, blocks)
    flags = any(entry.text.lower() in FLIPPED for entry in voice.entries)
    tick = pick(rng, "# |#) |Step #: ") if flags else pick(rng, "[x] |- [x] |[X] |✔ |✓ |☑ |(x) |* [x] |[done] |OK ")
    mark = pick(rng, " – | - |: | → | … |, noted: | (= |; value: ")
    close = ")" if mark == " (= " else ""
    out: Pieces = [pick(rng, "|||Checklist\n|Todo\n|Before we leave:\n")]
    for count, entry in enumerate(voice.entries, 1):
        said = voice.loose(entry.text) if close else voice.bare(entry.text)
        out += [tick.replace("#", str(count)) + voice.label(entry) + mark, *said, close + "\n"]
    return out


CONFIRMED = (
    "{l} confirmed as {v}|{l} verified: {v}|{l} has been checked and is {v}|confirmed {l}: {v}|{l} accepted with {v}|{l} – agreed on {v}|"
    "we confirm {v} for {l}|{l} matches {v}|{l} approved at {v}|{l} recorded, {v}|{l} stays {v}|{l} fixed to {v}|{l} acknowledged ({v})|you confirmed {l} to be {v}"
)


def as_confirmations(rng: Random, blocks: list[Block]) -> Pieces:
    """A list of things confirmed."""
    voice = Voice(rng, blocks)
    forms = rng.sample(CONFIRMED.split("|"), rng.choice((1, 1, 2, 3)))
    bullet, end = rng.choice(
        (("", ".\n"), ("- ", "\n"), ("* ", ";\n"), ("", "; "), ("", ". "), ("✓ ", "\n"), ("+ ", "\n"))
    )
    if any(entry.text.lower() in FLIPPED for entry in voice.entries):
        bullet = bullet.replace("✓", "•")
    out: Pieces = [pick(rng, "|||We confirm the following.\n|Confirmation\n|This is to confirm:\n")]
    for entry in voice.entries:
        form = rng.choice(forms)
        value = voice.tight(entry.text) if not form.endswith(("{v}", "({v})")) else voice.loose(entry.text)
        said = voice.filled(form, entry, value)
        out += [bullet + (opened(said[0]) if "." in end else said[0]), *said[1:], end]
    return [*out[:-1], end.rstrip("; \n") + "\n"]


def as_slash_pairs(rng: Random, blocks: list[Block]) -> Pieces:
    """Label and value in one line, table-like: label/value; label/value."""
    voice = Voice(rng, blocks)
    mark, between = rng.choice(
        (
            ("/", "; "),
            (" / ", "; "),
            ("/", ", "),
            ("|", "; "),
            (" to ", " / "),
            ("~", ", "),
            (" vs ", "; "),
            ("→", "; "),
            (">", " ; "),
            ("…", "; "),
        )
    )
    out: Pieces = [pick(rng, "|||Facts: |Overview – |Given: |as of now: ")]
    for entry in voice.entries:
        clash = set(entry.text) & set((mark + between).replace(" ", "").replace("to", "").replace("vs", ""))
        value = voice.quoted(entry.text) if clash else voice.loose(entry.text)
        out += [voice.label(entry) + mark, *value, between]
    return [*out[:-1], pick(rng, "\n|.\n")]


def as_value_first(rng: Random, blocks: list[Block]) -> Pieces:
    """The value before its label, in one sentence or a line each."""
    voice = Voice(rng, blocks)
    between = pick(rng, ", |; |\n|.\n|, ")
    opener = pick(rng, "|We have |The record shows |Use |I noted |So far: |Entered: ") if "\n" not in between else ""
    lead = pick(rng, "|||- |* ") if between == "\n" else ""
    out: Pieces = [opener]
    for entry in voice.entries:
        out += [lead, *voice.reverse(entry), between]
    return [*out[:-1], between if "\n" in between else ".\n"]


def as_sms(rng: Random, blocks: list[Block]) -> Pieces:
    """A text message without punctuation; one fact a line unless every value is a single token."""
    voice = Voice(rng, blocks)
    plain = all(" " not in entry.text for entry in voice.entries)
    between = pick(rng, " and | n | & | also | \n") if plain and not voice.label_quote else "\n"
    out: Pieces = [pick(rng, "|hey |hi |yo |ok so |pls note |update ")]
    verb = pick(rng, " is | is | = | now | - ") if between != "\n" else pick(rng, " | is | = | - ")
    verb = " is " if between == "\n" and verb == " " and not voice.label_quote else verb
    for entry in voice.entries:
        out += [voice.label(entry, "lower") + verb, Shown(entry.text), between]
    return [*out[:-1], pick(rng, "\n|\nthx\n|\nc u\n|\nok?\n")]


def as_status_bullets(rng: Random, blocks: list[Block]) -> Pieces:
    """Bullets on what was done or changed."""
    voice = Voice(rng, blocks)
    forms = "set {l} to {v}|{l} now {v}|{l} updated to {v}|changed {l}; new value {v}|{l}: {v} (done)|{l} still {v}|moved {l} to {v}|put {v} under {l}|entered {v} as {l}|{l} ➜ {v}|{l}, currently {v}|filled in {l}: {v}"
    chosen = rng.sample(forms.split("|"), rng.choice((1, 2, 3, 4)))
    bullet = pick(rng, "- |* |• |+ |– |> ")
    past = rng.random() < 0.2
    out: Pieces = [pick(rng, "|||Status\n|Done today:\n|Changes:\n|Update:\n|This week\n")]
    for entry in voice.entries:
        form = rng.choice(chosen)
        if form.endswith("{v}") and ("to {v}" in form or "now" in form) and past:
            form += ", was {x}"
        value = voice.tight(entry.text) if form[-3:] != "{v}" else voice.loose(entry.text)
        said = voice.filled(form.replace(", was {x}", ""), entry, value)
        old = [", was ", *voice.loose(slip(rng, entry.text)), " before"] if "{x}" in form else []
        out += [bullet + (opened(said[0]) if bullet != "> " else said[0]), *said[1:], *old, "\n"]
    return out


def as_key_brackets(rng: Random, blocks: list[Block]) -> Pieces:
    """Labels in brackets within a running line."""
    voice = Voice(rng, blocks)
    opener, closer = rng.choice((("[", "]"), ("(", ")"), ("{", "}"), ("<", ">"), ("⟦", "⟧"), ("[[", "]]"), ("«", "»")))
    before = rng.random() < 0.55
    between = pick(rng, ", |; |. | — |, ") if before else pick(rng, ", |; |, and ")
    out: Pieces = [pick(rng, "|||Here: |Received |Booked |For the file: ")]
    voice.label_quote = ""
    for entry in voice.entries:
        label = opener + voice.label(entry) + closer
        safe = voice.loose(entry.text) if before else voice.tight(entry.text)
        value = voice.quoted(entry.text) if set(entry.text) & set(opener + closer) else safe
        out += [label + " ", *value, between] if before else [*value, " " + label, between]
    return [*out[:-1], ".\n"]


def as_asides(rng: Random, blocks: list[Block]) -> Pieces:
    """Sentences in which label or value stand between brackets or dashes."""
    voice = Voice(rng, blocks)
    forms = rng.sample(
        (
            "The {l} ({v}) was on the list",
            "There was also {v} ({l})",
            "We got – for the {l} – {v}",
            "The {l}, namely {v}, went into the file",
            "{v}, which is the {l}, came up",
            "I asked for the {l} and got {v}",
            "The {l} – {v} – is settled",
            "One more: {v} (that's under {l})",
            "On {l} they were clear: {v}",
        ),
        rng.randint(2, 5),
    )
    out: Pieces = []
    for entry in voice.entries:
        form = rng.choice(forms)
        value = voice.loose(entry.text) if form[-3:] == "{v}" or "({v})" in form else voice.tight(entry.text)
        out += [*voice.filled(form, entry, value), pick(rng, ". |. |.\n")]
    return out


STATEMENTS: dict[str, tuple[Writer, float]] = {
    "late-correction": (as_late_correction, 1),
    "read-aloud": (as_read_aloud, 1),
    "questionnaire": (as_questionnaire, 1.2),
    "checklist": (as_checklist, 1),
    "confirmations": (as_confirmations, 1.2),
    "slash-pairs": (as_slash_pairs, 1),
    "value-first": (as_value_first, 1.5),
    "sms": (as_sms, 1),
    "status-bullets": (as_status_bullets, 1),
    "key-brackets": (as_key_brackets, 1),
    "asides": (as_asides, 1),
}
