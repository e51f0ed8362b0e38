"""What mails, terminals, pages and programs put around a text: headers, footers, signatures, fences, prompts.

Knows no field. Frames hold names, dates and numbers that nobody asks for, so they only suit documents in which every
asked field has a label; a frame whose own labels resemble the words of the document is not used.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from data import heldout, pools, values
from data.datum import Context, Shown
from data.pools import pick

Frame = tuple[str, str]  # what stands before and after the body

KIN = (
    "from sender by author wrote printed|to recipient for dear hi hello|subject subj title topic re about|on date dt day dated sent printed|"
    "at time hour when|phone tel telephone mobile mob fax call cell|page pages pg sheet|file path cat document doc|user login|host server|"
    "email mail e contact|name signed regards|copyright company owner|cc copy|id message|version rev|status exit code rc|type kind content"
)
KINDRED: dict[str, set[str]] = {}
for _group in KIN.split("|"):
    for _word in _group.split():
        KINDRED.setdefault(_word, set()).update(_group.split())

MAILBOX = "{name} <{mail}>"
GREETS = "Hi|Hello|Hey|Dear|Good morning|Good afternoon|Hallo|Greetings"
WHOM = "all|team|everyone|{name}|{first}|colleagues"
INTROS = (
    "||see below.|please find the details below.|here is what I have.|as promised.|just forwarding this.|this came in today.|could you look at this?|"
    "hope you are well.|pasting it here again.|sorry for the delay.|for your information."
)
CLOSINGS = "Best|Best regards|Kind regards|Cheers|Thanks|Many thanks|Yours|Regards|Sincerely|Take care|VG|MfG|Bye"
DISCLAIMERS = (
    "This {thing} is confidential.|If you received this {thing} in error, please delete it.|All rights reserved.|Subject to change without notice.|"
    "No liability is assumed for this {thing}.|Please consider the environment before printing.|This {thing} was created automatically and is valid without signature.|"
    "Do not reply to this {thing}.|Internal use only.|The terms of our house apply.|You get this {thing} because you subscribed.|Views are those of the writer."
)
THINGS = "message|mail|e-mail|document|notice|page|text|print-out|letter"
FORWARDS = (
    "---------- Forwarded message ----------|Begin forwarded message:|-----Original Message-----|>>> forwarded|[fwd]|----- Weitergeleitet -----|"
    "<forwarded>|** copy of the original **|== quoted text ==|FW:|Fwd:"
)
FENCES = "```/```|~~~/~~~|```text/```|----8<----/---->8----|<<</>>>|'''/'''|{code}/{code}|[quote]/[/quote]|BEGIN/END|<!-- start -->/<!-- end -->|%%/%%"
MARKS = "---|***|===|-- \n|EOF|[end]|# end|(end of text)|~|* * *|<eot>|that's it|___|//|END OF FILE|[…]|-30-"
HTML = (
    "<html><body>\n/\n</body></html>|<div>\n/\n</div>|<pre>\n/</pre>|<body>\n<p>/</p>\n</body>|<!doctype html>\n<main>\n/\n</main>|"
    "<p>/</p>|<section>/</section>|<td>/</td>|<blockquote>\n/</blockquote>"
)


def _greeting(rng: Random, ctx: Context) -> Frame:
    intro = pick(rng, INTROS)
    opener = f"{pick(rng, GREETS)} {_filled(ctx, pick(rng, WHOM))}{pick(rng, ',|,|!| –|')}\n"
    return opener + (intro[:1].upper() + intro[1:] + "\n" if intro else "") + pick(rng, "|\n"), ""


def _signature(rng: Random, ctx: Context) -> Frame:
    lines = [pick(rng, CLOSINGS), _filled(ctx, pick(rng, "{name}|{name}|{first}"))]
    extras = [
        pools.company(rng),
        pick(rng, "Tel. |Phone: |T |M: |Mob. |☎ |") + values.phone(ctx).text,
        values.email(ctx).text,
        values.street_line(ctx).text,
        rng.choice(pools.POOLS["job"]),
        "www." + pools.domain(rng),
    ]
    lines += rng.sample(extras, rng.choice((0, 0, 1, 1, 2, 3)))
    if rng.random() < 0.3:
        lines[:1] = [pick(rng, "-- |--|___|~~")]
    return "", "\n" + pick(rng, "\n|,\n|, |\n").join(lines[:2]) + "".join("\n" + line for line in lines[2:]) + "\n"


def _headers(rng: Random, ctx: Context) -> Frame:
    lines = [
        "From: " + _filled(ctx, pick(rng, "{name} <{mail}>|{mail}|{name}")),
        "To: " + _filled(ctx, pick(rng, "{name} <{mail}>|{mail}|{name}")),
        "Subject: " + values.title(ctx).text,
        "Date: " + ctx.dates.write(ctx.today),
        "Cc: " + _filled(ctx, "{mail}"),
    ]
    chosen = [line for line in lines if rng.random() < 0.6] or lines[:1]
    lead = pick(rng, "||> |") if rng.random() < 0.5 else ""
    return "".join(f"{lead}{line}\n" for line in chosen) + "\n", ""


def _footer(rng: Random, ctx: Context) -> Frame:
    last = rng.randint(1, 9)
    forms = (
        f"Page {rng.randint(1, last)} of {last}|- {last} -|p. {last}|[{last}/{last + 2}]|© {ctx.today.year} {pools.company(rng)}|"
        f"Printed by {pools.first_name(rng)}|Printed on {ctx.dates.write(ctx.today)}|{pools.company(rng)} · Page {last}|Rev. {last}|www.{pools.domain(rng)}"
    )
    return "", pick(rng, "\n|\n\n|") + pick(rng, forms) + "\n"


def _disclaimer(rng: Random, ctx: Context) -> Frame:
    thing = pick(rng, THINGS)
    chosen = rng.sample(DISCLAIMERS.split("|"), rng.choice((1, 1, 2)))
    text = " ".join(chosen).replace("{thing}", thing)
    return "", pick(rng, "\n|\n--\n|\n* ") + text + "\n"


def _forwarded(rng: Random, ctx: Context) -> Frame:
    return pick(rng, FORWARDS) + pick(rng, "\n|\n\n"), ""


def _stamp(rng: Random, ctx: Context) -> Frame:
    hour, minute = rng.randrange(24), rng.randrange(60)
    form = pick(rng, "[{d} {t}]\n|{t}\n|--- {d} ---\n|{d}, {t}:\n|*{t}*\n|({d})\n")
    return form.replace("{d}", ctx.dates.write(ctx.today)).replace("{t}", f"{hour:02}:{minute:02}"), ""


def _prompt(rng: Random, ctx: Context) -> Frame:
    command = (
        pick(rng, "cat|show|get|print|less|view|dump|list|head|more|type|open|fetch|read")
        + " "
        + pools.slug(rng, "_", 1, 2)
    )
    mark = pick(rng, "$ |> |# |>>> |% |PS> |~ $ |In [1]: |C:\\> |λ ")
    if rng.random() < 0.4:
        mark = f"{pools.word(rng)}@{pools.word(rng)}:~{pick(rng, '$|#|>')} "
    after = pick(rng, f"|||{mark}|{mark}exit|{mark}_")
    return mark + command + "\n", after + "\n" if after else ""


def _fence(rng: Random, ctx: Context) -> Frame:
    before, after = pick(rng, FENCES).split("/", 1) if rng.random() < 0.7 else ("```" + pools.word(rng), "```")
    return before.strip() + "\n", after.strip() + "\n"


def _mark(rng: Random, ctx: Context) -> Frame:
    mark = pick(rng, MARKS).rstrip("\n")
    return ("", mark + "\n") if rng.random() < 0.7 else (mark + "\n", "")


def _html(rng: Random, ctx: Context) -> Frame:
    before, after = pick(rng, HTML).split("/", 1)
    return before, after + "\n"


FRAMES: list[tuple[Callable[[Random, Context], Frame], float]] = [
    (_greeting, 2),
    (_signature, 2),
    (_headers, 1.5),
    (_footer, 1.5),
    (_disclaimer, 1.2),
    (_forwarded, 1),
    (_stamp, 1),
    (_prompt, 1),
    (_fence, 1.2),
    (_mark, 1),
    (_html, 1),
]
MAKERS = [maker for maker, _ in FRAMES]
WEIGHTS = [weight for _, weight in FRAMES]


def _filled(ctx: Context, form: str) -> str:
    """The form with a person who has nothing to do with the document."""
    first, last = pools.first_name(ctx.rng), pools.last_name(ctx.rng)
    mail = f"{pools.ascii_lower(first) or 'info'}@{pools.domain(ctx.rng)}"
    return form.replace("{name}", f"{first} {last}").replace("{first}", first).replace("{mail}", mail)


def _words(text: str) -> set[str]:
    return set(heldout.name_words(text))


def _misleads(frame: Frame, body: set[str], markup: bool) -> bool:
    """Whether the frame has a label that the body might mean, or can't hold the body as it stands."""
    text = "".join(frame)
    if text.lstrip().startswith("<") and markup:
        return True
    near = {kin for word in _words(text) & KINDRED.keys() for kin in KINDRED[word]}
    return bool(near & body)


def framed(rng: Random, pieces: list[str]) -> list[str]:
    """The body within one or two frames, or as it is where none fits."""
    ctx = Context.draw(rng)
    body = set().union(*(_words(piece) for piece in pieces if not isinstance(piece, Shown)))
    markup = any(set(piece) & set("<>&") for piece in pieces)
    for maker in rng.choices(MAKERS, WEIGHTS, k=rng.choice((1, 1, 1, 2))):
        frame = maker(rng, ctx)
        if not _misleads(frame, body, markup):
            pieces = (
                [frame[0], *pieces, frame[1]] if pieces[-1].endswith("\n") else [frame[0], *pieces, "\n" + frame[1]]
            )
    return pieces
