"""Layouts in which label and value stand in running or conversational text: talks, letters, minutes.

Knows the shape of such texts; the wording is that of `data.wording`. `TALKS` has every layout by id with its weight.
`AMBIENT` has the ids whose text holds names or times that nobody asks for: where a field is asked that the text
lacks, its name must not be one that such a name or time could answer.
"""

from __future__ import annotations

from random import Random

from data.blocks import Block
from data.layouts import Pieces, Writer
from data.pools import pick
from data.wording import Voice, opened, speaker

ROLES = (
    "Q/A|Q/A|Interviewer/Candidate|Agent/Customer|Agent/Caller|Clerk/Visitor|Nurse/Patient|Teacher/Pupil|Host/Guest|Officer/Applicant|"
    "Moderator/Speaker|Question/Answer|Support/User|Me/Them|Operator/Caller|Frage/Antwort|F/A|Desk/Client|Bot/You|A/B|Editor/Author"
)
STAMPS = (
    "[{:02}:{:02}] ",
    "{:02}:{:02} ",
    "({:02}:{:02}) ",
    "{:02}:{:02}:{:02} ",
    "[{:02}:{:02}:{:02}] ",
    "{:02}.{:02} h ",
    "{}:{:02} PM - ",
    "[Tue {:02}:{:02}] ",
)
FILLERS = "one moment|just a second|mm-hm|I see|thanks|thank you|go ahead|of course|bear with me|perfect|lovely|understood|sorry for the wait|take your time|let me type that in|okay|great|uh-huh|I'm listening|the line is bad today"
GREETINGS = "hello|hi there|good morning|good afternoon|hey|thanks for calling|good day|evening all|hiya|welcome"
ENDS = "bye|thank you, goodbye|thanks, that was all|have a nice day|see you|talk soon|cheers|take care|all done then|great, thanks a lot"


def _stamps(rng: Random) -> list[str]:
    """Timestamps in one style, in order."""
    form = rng.choice(STAMPS)
    clock = rng.randint(3600, 70000)  # in seconds
    out = []
    for _ in range(40):
        clock += rng.choice((7, 18, 31, 55, 64, 142, 309))
        hour, rest = divmod(clock, 3600)
        out.append(form.format((hour - 1) % 12 + 1 if "PM" in form else hour, rest // 60, rest % 60))
    return out


def _pair(rng: Random) -> tuple[str, str]:
    """Two speakers: roles, or people."""
    if rng.random() < 0.55:
        one, two = pick(rng, ROLES).split("/")
        return (one.upper(), two.upper()) if rng.random() < 0.15 else (one, two)
    return speaker(rng), speaker(rng)


def as_interview(rng: Random, blocks: list[Block]) -> Pieces:
    """One side asks, the other answers."""
    voice = Voice(rng, blocks)
    one, two = _pair(rng)
    mark = pick(rng, ": |: |. | – |:\n  |> |:\t") if len(one) < 12 else ": "
    gap = pick(rng, "||\n")
    number = rng.random() < 0.15
    out: Pieces = []
    for count, entry in enumerate(voice.entries, 1):
        tag = f"{one}{count}" if number and len(one) == 1 else one
        reply = f"{two}{count}" if number and len(two) == 1 else two
        out += [f"{tag}{mark}{voice.ask(entry)}\n{reply}{mark}", *voice.answer(entry), "\n" + gap]
    return out


def as_messenger(rng: Random, blocks: list[Block]) -> Pieces:
    """A chat log with times: one asks and the other answers, or people state facts."""
    voice = Voice(rng, blocks)
    people = [speaker(rng) for _ in range(rng.choice((2, 2, 2, 3)))]
    form = pick(rng, "{t}<{w}> |{t}{w}: |{w}, {t}\n|{t}{w} > |{t}* {w}: |{w} {t}– |{t}@{w}: |{t}{w} writes: ")
    stamps = iter(_stamps(rng))
    asking = rng.random() < 0.6

    def line(who: str, said: Pieces) -> Pieces:
        stamp = next(stamps)
        stamp = stamp.strip(" -") if "{t}\n" in form else stamp
        return [form.replace("{t}", stamp).replace("{w}", who), *said, "\n"]

    out: Pieces = []
    if rng.random() < 0.3:
        out += line(people[0], [pick(rng, GREETINGS)])
    for entry in voice.entries:
        if asking:
            out += [*line(people[0], [voice.ask(entry)]), *line(rng.choice(people[1:]), voice.answer(entry))]
        else:
            out += line(rng.choice(people), [voice.label(entry) + pick(rng, ": | = |: "), *voice.answer(entry, False)])
    return [*out, *line(people[-1], [pick(rng, ENDS)])] if rng.random() < 0.3 else out


def as_monologue(rng: Random, blocks: list[Block]) -> Pieces:
    """One speaker states label and value."""
    voice = Voice(rng, blocks)
    opener = pick(rng, "{}: |{} says: |{} wrote:\n|{} dictated the following:\n|“|<{}> |{} noted: ").replace(
        "{}", speaker(rng)
    )
    same_line = rng.random() < 0.6
    out: Pieces = [opener]
    for entry in voice.entries:
        bridge = rng.choice(voice.bridges)
        first, *rest = voice.clause(entry)
        first = first if bridge[-2:] in (", ", ": ") else opened(first)
        out += [bridge + first, *rest, ". " if same_line else ".\n"]
    return [*out[:-1], ".”\n" if opener == "“" else ".\n"]


def as_mail_reply(rng: Random, blocks: list[Block]) -> Pieces:
    """Answers under quoted questions."""
    voice = Voice(rng, blocks)
    voice.bridges = [""]
    mark = pick(rng, "> |> |>> |>|| |>>> ")
    short = rng.random() < 0.5
    tail = pick(rng, "?|:|?|… ?")
    gap = pick(rng, "|\n")
    head = pick(
        rng,
        "|||{} wrote:\n|On Tuesday {} wrote:\n|Answers inline.\n\n|See my replies below.\n\n|Hi {},\nmy answers are below.\n\n",
    )
    out: Pieces = [head.replace("{}", speaker(rng))]
    for entry in voice.entries:
        asked = opened(voice.label(entry)) + tail if short else voice.ask(entry)
        out += [f"{mark}{asked}\n{gap}", *voice.answer(entry), "\n" + gap]
    return out


def as_helpdesk_call(rng: Random, blocks: list[Block]) -> Pieces:
    """A call with polite lines that hold no value."""
    voice = Voice(rng, blocks)
    one, two = _pair(rng)
    form = pick(rng, "{}: |{}: |[{}] |- {}: |({}) |** {} ** ")
    lines: list[tuple[str, Pieces]] = []
    if rng.random() < 0.7:
        hello = opened(pick(rng, GREETINGS)) + pick(
            rng, ", how can I help you?|, {} speaking.|.|, this is {}.|, you're through to the desk."
        )
        lines.append((one, [hello.replace("{}", speaker(rng))]))
    chatty = 0.5 if len(voice.entries) < 6 else 0.2
    for entry in voice.entries:
        lines.append((one, [voice.ask(entry)]))
        if rng.random() < chatty:
            lines.append((two, [opened(pick(rng, FILLERS)) + pick(rng, ".|…|")]))
            lines += [(one, [opened(pick(rng, FILLERS)) + "."])] if rng.random() < 0.4 else []
        lines.append((two, voice.answer(entry)))
        lines += [(one, [opened(pick(rng, FILLERS)) + "."])] if rng.random() < chatty / 2 else []
    lines += [(two, [opened(pick(rng, ENDS)) + "."])] if rng.random() < 0.5 else []
    return [piece for who, said in lines for piece in (form.replace("{}", who), *said, "\n")]


def as_self_correction(rng: Random, blocks: list[Block]) -> Pieces:
    """Values that are taken back: the right one follows at once."""
    voice = Voice(rng, blocks)
    rate = rng.choice((0.3, 0.5, 0.8))
    lead = pick(rng, "|||- |{}: ").replace("{}", speaker(rng))
    mark = pick(rng, ": |: | is | = |… | – ")
    out: Pieces = []
    for entry in voice.entries:
        label = opened(voice.label(entry)) if rng.random() < 0.7 else f"The {voice.label(entry)}"
        wrong = rng.random() < rate
        said = voice.mended(entry) if wrong else voice.loose(entry.text) if "is" in mark else voice.bare(entry.text)
        out += [lead + label + mark, *said, "\n"]
    return out


def as_letter(rng: Random, blocks: list[Block]) -> Pieces:
    """A paragraph with one to three facts a sentence."""
    voice = Voice(rng, blocks)
    left = list(voice.entries)
    out: Pieces = [
        pick(rng, "||Dear {},\n\n|Dear Sir or Madam,\n|Dear {},\n|To whom it may concern\n\n").replace(
            "{}", speaker(rng)
        )
    ]
    starts = "|||As discussed, |For your records: |We are happy to tell you that |Please note that |As you asked, |With regard to our talk, |Be informed that |It may help to know that "
    while left:
        count = rng.choice((1, 2, 2, 3))
        group, left = left[:count], left[count:]
        start = pick(rng, starts)
        for at, entry in enumerate(group):
            clause = voice.clause(entry)
            if not start and at == 0:
                clause[0] = opened(clause[0])
            out += [
                start if at == 0 else "",
                *clause,
                pick(rng, ", and | and |, while |, whereas ") if at == len(group) - 2 else ", ",
            ]
        out[-1] = pick(rng, ". |. |. |.\n")
    return [*out, pick(rng, "|||\n\nYours sincerely|We look forward to your reply.|\nWith kind regards")]


def as_ticket_thread(rng: Random, blocks: list[Block]) -> Pieces:
    """Comments of a ticket, each with a fact or two."""
    voice = Voice(rng, blocks)
    head = pick(
        rng,
        "{w} commented:\n|#{n} {w}\n|Comment {n} by {w}:\n|{w} added a comment\n|@{w} – |[{n}] {w}: |--- {w}, {d} days ago ---\n|* {w} ({d}h ago): |{w} replied {d} hours ago\n",
    )
    people = [speaker(rng) for _ in range(rng.choice((1, 2, 2, 3)))]
    days = sorted(rng.sample(range(2, 60), len(voice.entries)), reverse=True)
    out: Pieces = []
    step = rng.choice((1, 1, 2, 3))
    for at in range(0, len(voice.entries), step):
        who = rng.choice(people)
        out.append(head.replace("{w}", who).replace("{n}", str(at // step + 1)).replace("{d}", str(days[at])))
        for entry in voice.entries[at : at + step]:
            clause = voice.clause(entry)
            out += [opened(clause[0]), *clause[1:], ". "]
        out[-1] = pick(rng, ".|. Any objections?|. Will follow up.|. Thanks.|. +1|.") + pick(rng, "\n|\n\n")
    return out


def as_minutes(rng: Random, blocks: list[Block]) -> Pieces:
    """Minutes of a meeting: people report facts."""
    voice = Voice(rng, blocks)
    verbs = "reported|said|pointed out|announced|explained|stated|told us|informed the group|noted|recalled"
    people = [speaker(rng) for _ in range(rng.randint(1, 3))]
    bullet = pick(rng, "|- |#. |* |Item #: |TOP #: ")
    listed = ", ".join(people)
    out: Pieces = [pick(rng, f"|Minutes\n|Present: {listed}\n|Attendees: {listed}\n|Notes of the meeting\n\n")]
    for count, entry in enumerate(voice.entries, 1):
        chance = rng.random()
        lead = bullet.replace("#", str(count))
        if chance < 0.55:
            out += [f"{lead}{rng.choice(people)} {pick(rng, verbs)} that ", *voice.clause(entry), ".\n"]
        elif chance < 0.8:
            out += [f"{lead}{pick(rng, 'Resolved|Agreed|Decision|Noted|Outcome')}: ", *voice.clause(entry), ".\n"]
        else:
            out += [
                f"{lead}{opened(voice.label(entry))}: ",
                *voice.loose(entry.text),
                pick(rng, " (agreed)|. No objections.|") + "\n",
            ]
    return out


def as_voicemail(rng: Random, blocks: list[Block]) -> Pieces:
    """What someone left on the machine: flowing, with hesitation."""
    voice = Voice(rng, blocks)
    hello = pick(
        rng, "Hi, {} here|Hello, this is {}|Hey, it's me|Good morning, {} calling|You have one new message. Hello"
    ).replace("{}", speaker(rng))
    out: Pieces = [
        hello + pick(rng, ", just calling back about your note. |. I have what you asked for. |, um, quick one. |. ")
    ]
    links = "uh, |so |and then |okay, |um, |right, so |and, let me see, |oh, and |er, "
    for entry in voice.entries:
        said = voice.mended(entry) if rng.random() < 0.08 else voice.loose(entry.text)
        form = (
            f"{opened(pick(rng, links))}{pick(rng, 'the|the|your|our|that')} {{l}} {pick(rng, 'is|would be|was')} {{v}}"
        )
        out += [*voice.filled(form, entry, said), pick(rng, ". |. |… | ... ")]
    return [*out, pick(rng, "Okay, bye!\n|Call me back. Bye.\n|Thanks, talk later.\n|\n|End of message.\n")]


TALKS: dict[str, tuple[Writer, float]] = {
    "interviews": (as_interview, 1.5),
    "messenger": (as_messenger, 1.5),
    "monologue": (as_monologue, 1.2),
    "mail-reply": (as_mail_reply, 1.2),
    "helpdesk-call": (as_helpdesk_call, 1.5),
    "self-correction": (as_self_correction, 1.2),
    "letter": (as_letter, 1.5),
    "ticket-thread": (as_ticket_thread, 1.2),
    "minutes": (as_minutes, 1),
    "voicemail": (as_voicemail, 1),
}
AMBIENT = frozenset(f"flat/{name}" for name in (*TALKS, "self-correction"))
