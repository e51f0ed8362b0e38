"""How people word a label and a value: questions, lead-ins, remarks, clauses, corrections; and when to quote a value.

Knows entries and wording only: no layout, no schema. A value that could run into the words beside it is quoted.
"""

from __future__ import annotations

import re
from random import Random

from data import pools
from data.blocks import Block, Entry
from data.datum import Shown
from data.layouts import Pieces, write_label
from data.pools import pick

SOLID = re.compile(r"\S*[\w%€$£°✓✗)\]]")  # one token that doesn't end in punctuation
LOWER_WORD = re.compile(r"(?<!\S)[^\W\d_A-Z]{2,}(?!\S)")
LETTERS = re.compile(r"[^\W\d_]{2,}")
STOPPED = re.compile(r"[,;:!?.…'\"()«»“”](?:\s|$)|(?:^|\s)['\"(\[–—-]|\s(?:and|or|is|as|for|by|[&+/|·×])\s")
QUOTES = ("“”", '""', '""', "''", "«»", "„“", "``", "‘’")
FLIPS = "yes/no|true/false|on/off|enabled/disabled|active/inactive|ja/nein|oui/non|y/n|1/0|[x]/[ ]|✓/✗"
FLIPPED = {a: b for pair in FLIPS.split("|") for a, b in (pair.split("/"), pair.split("/")[::-1])}

OPENERS = (
    "Well|Hm|Ah|Let me look|Hold on|Certainly|Good question|One second|Let's see|So|Gladly|Of course|Erm|Here we go"
)
HEDGES = (
    "I believe|as far as I can tell|according to my notes|from what I have here|on this sheet|if I read this properly|"
    "by my list|going by the folder|as agreed last week|to my knowledge|in our papers|from memory|looking at the screen|as of today"
)
POINTERS = (
    "we have|I have|I've got|the entry says|it reads|it says|you want|it was given as|it should read|I see|it came out as|"
    "they gave me|please put|write down|make that|we went with|they told us|we settled on|I wrote|here goes:|as follows:|it would be|this one is|namely"
)
COMMENTS = (
    "Anything else|Did you get that|Is that all|Next one then|I checked it twice|That came from the folder|Please write that down|"
    "Same as on the form|It took a while to find|Nothing to add there|Let me know if you need more|Shall I repeat it|"
    "It is underlined here|My colleague confirmed it|I read that straight off the sheet|Hope that helps|Glad you ask|I had to look it up"
)
ASKS = (
    "what did you enter for {l}?|which {l} should I note?|could I have your {l}?|may I take down the {l}?|what goes under {l}?|"
    "how is the {l} given?|I still need the {l}.|please give me the {l}.|what does it say for {l}?|the field {l}: what goes in there?|"
    "would you read out the {l}?|what have you got as {l}?|I lack the {l} here.|what shall I write for {l}?|tell me about the {l}.|"
    "let's do the {l}.|how about the {l}?|what was the {l} again?|and under {l}, what did they put?|which value has {l}?|"
    "{l} – what do you have?|is there a {l} on file?|the {l} would be …?|we come to the {l}."
)
BRIDGES = "|||Thanks. |Now, |Then, |Next: |Fine. |Good, |Noted. |After that, |Another one: |Got it. |Moving on: |Great. |Also, "
SUBJECTS = "the|the|your|our|its|their|this|the current|the stated"
VERBS = (
    "is|is|is|reads|stands as|was set to|came out as|remains|appears as|was noted as|has been entered as|was given as|"
    "is listed as|goes as|should be taken as|is now|has become|is on file as|turned out to be|was agreed to be"
)
AFTERS = "as the {l}|for the {l}|for {l}|as {l}|under {l}|in the field {l}|as our {l}|as your {l}|for the entry {l}|to serve as {l}|for its {l}"
TAKES = "we use|I noted|they gave|we put down|we went with|you told us|the file has|I see|she wrote|he entered|we keep|there is|we chose|it has"
MENDS = (
    "no wait,|sorry, I mean|correction:|scratch that –|I mean|my mistake,|oops, I misread it, make that|hold on, that's wrong:|"
    "pardon, I meant|wrong line, here it is:|strike that,|let me correct myself:|excuse me, rather|er, actually|that was the old one, the new one is|typo, should be"
)
LATER = (
    "Correction: the {l} is {v}, not {x}.|One correction: {l} must be {v} instead of {x}.|Sorry, I got the {l} wrong above, the right one is {v}.|"
    "Please replace {x}: the {l} is {v}.|I was mistaken about the {l}. It should read {v}.|Forget the {l} I gave before, it has changed to {v}.|"
    "Wait, for {l} I said {x}, but I meant {v}."
)


def slip(rng: Random, text: str) -> str:
    """A value that someone might say by mistake for this one."""
    if text.lower() in FLIPPED:
        other = FLIPPED[text.lower()]
        return other.upper() if text.isupper() else other.capitalize() if text[:1].isupper() else other
    digits = [at for at, c in enumerate(text) if c in pools.DIGITS]
    if digits:
        at = rng.choice(digits)
        return text[:at] + rng.choice([d for d in pools.DIGITS[1:] if d != text[at]]) + text[at + 1 :]
    runs = list(LETTERS.finditer(text))
    if not runs:
        return pools.word(rng)
    run = rng.choice(runs)
    old = run.group()
    new = pools.first_name(rng) if old.istitle() else pools.word(rng)
    new = new.upper() if old.isupper() else new
    return text[: run.start()] + (new if new.lower() != old.lower() else new + "s") + text[run.end() :]


def opened(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


class Voice:
    """The habits of one document: how labels are cased, what is quoted, how much is said besides."""

    def __init__(self, rng: Random, blocks: list[Block]) -> None:
        self.rng = rng
        self.entries = [block for block in blocks if isinstance(block, Entry)]
        self.casing = pick(rng, "lower|lower|lower|lower|lower|lower|title|upper|sentence|snake")
        self.label_quote = rng.choice(("", "", "", "", "", "''", '""', "“”"))
        self.quotes = rng.choice(QUOTES)
        self.always = rng.random() < 0.12
        self.wordy = rng.choice((0.0, 0.3, 0.6, 0.9)) if len(self.entries) < 6 else rng.choice((0.0, 0.0, 0.25))
        self.asks = rng.sample(ASKS.split("|"), rng.randint(1, 6))
        self.bridges = rng.sample(BRIDGES.split("|"), 5)
        self.verbs = rng.sample(VERBS.split("|"), 4)
        self.mends = rng.sample(MENDS.split("|"), 4)
        self.asked = 0

    def label(self, entry: Entry, casing: str = "") -> str:
        """The label as this document writes it."""
        text = write_label(self.rng, entry.words, casing or self.casing)
        return self.label_quote[:1] + text + self.label_quote[1:]

    def quoted(self, text: str) -> Pieces:
        """The value in quotes that it doesn't contain."""
        marks = next((q for q in (self.quotes, "“”", '""', "«»", "``") if not set(q) & set(text)), "⟨⟩")
        return [marks[0], Shown(text), marks[1]]

    def bare(self, text: str) -> Pieces:
        """The value where a line end follows."""
        return self.quoted(text) if self.always else [Shown(text)]

    def loose(self, text: str) -> Pieces:
        """The value where punctuation follows: quoted if it has some itself, or several plain words."""
        clear = SOLID.fullmatch(text) or (
            SOLID.fullmatch(text.split(" ")[-1]) and not STOPPED.search(text) and len(LOWER_WORD.findall(text)) < 2
        )
        return [Shown(text)] if clear and not self.always else self.quoted(text)

    def tight(self, text: str) -> Pieces:
        """The value where more words follow: quoted unless it is one token or holds no plain word."""
        clear = SOLID.fullmatch(text) or not LOWER_WORD.search(text)
        return self.loose(text) if clear else self.quoted(text)

    def filled(self, form: str, entry: Entry, value: Pieces) -> Pieces:
        """The form with its `{l}` and `{v}` filled in."""
        before, after = form.split("{v}")
        label = self.label(entry)
        return [before.replace("{l}", label), *value, after.replace("{l}", label)]

    def ask(self, entry: Entry) -> str:
        """A question or a request for the label."""
        asked = self.rng.choice(self.asks).replace("{l}", self.label(entry))
        bridge = self.rng.choice(self.bridges) if self.asked else ""
        self.asked += 1
        return bridge + (asked if bridge[-2:] in (", ", ": ") else opened(asked))

    def lead_in(self) -> str:
        """Words before a value, of up to three parts; empty at times."""
        rng = self.rng
        if rng.random() >= self.wordy:
            return ""
        parts = [pick(rng, OPENERS)] if rng.random() < 0.5 else []
        if rng.random() < 0.45:
            parts.append(pick(rng, HEDGES))
        if not parts or rng.random() < 0.75:
            parts.append(pick(rng, POINTERS))
            mark = "" if rng.random() < 0.7 or parts[-1].endswith(":") else ":"
        else:
            mark = ":"
        lead = ", ".join(parts) + mark + " "
        return opened(lead) if rng.random() < 0.8 else lead

    def remark(self) -> str:
        """Something said after a value that doesn't belong to it; empty at times."""
        rng = self.rng
        if rng.random() >= self.wordy * 0.6:
            return ""
        comment = pick(rng, COMMENTS)
        asks = "?" if comment.startswith(("Anything", "Did", "Is", "Shall")) else ""
        if rng.random() < 0.3:
            return f" – {comment if comment[:2] == 'I ' else comment[:1].lower() + comment[1:]}{asks}"
        return ". " + comment + (asks or ".")

    def answer(self, entry: Entry, lead: bool = True) -> Pieces:
        """The value, perhaps between a lead-in and a remark."""
        before = self.lead_in() if lead else ""
        after = self.remark()
        if not after and (not before or before.endswith(": ")):
            return [before, *self.bare(entry.text)]
        return [before, *self.loose(entry.text), after]

    def clause(self, entry: Entry) -> Pieces:
        """A clause that names label and value; needs punctuation after it."""
        rng = self.rng
        if rng.random() < 0.7:
            form = f"{pick(rng, SUBJECTS)} {{l}} {rng.choice(self.verbs)} {{v}}"
            return self.filled(form, entry, self.loose(entry.text))
        return self.reverse(entry, pick(rng, TAKES))

    def reverse(self, entry: Entry, take: str = "") -> Pieces:
        """The value before its label."""
        form = f"{take} {{v}} {pick(self.rng, AFTERS)}".lstrip()
        return self.filled(form, entry, self.tight(entry.text))

    def mended(self, entry: Entry) -> Pieces:
        """A wrong value, words that take it back, the right value; at a line end."""
        rng = self.rng
        wrong = slip(rng, entry.text)
        mends = [m for m in self.mends if not (entry.text.lower() in FLIPPED and "no " in m)]
        mend, glue = rng.choice(mends), pick(rng, ", |, | – |... | … |. ")
        mend = opened(mend) if glue in (". ", "... ", "… ") else mend
        right = self.bare(entry.text) if mend.endswith(":") else self.loose(entry.text)
        return [*self.loose(wrong), f"{glue}{mend} ", *right]

    def retracted(self, entry: Entry, wrong: str) -> Pieces:
        """A sentence that replaces a wrong value given before."""
        out: Pieces = []
        for part in re.split(r"(\{[vx]\})", pick(self.rng, LATER).replace("{l}", self.label(entry))):
            value = {"{v}": entry.text, "{x}": wrong}.get(part)
            out += [part] if value is None else self.tight(value)
        return out


def speaker(rng: Random) -> str:
    """Someone who speaks: a full or a first name, as records hold them, or a nick."""
    chance = rng.random()
    if chance < 0.4:
        return pools.first_name(rng)
    if chance < 0.75:
        return f"{pools.first_name(rng)} {pools.last_name(rng)}"
    if chance < 0.9:
        return pools.word(rng) + pick(rng, "|_|42|x|99|-7")
    return f"{pools.first_name(rng)[:1]}. {pools.last_name(rng)}"
