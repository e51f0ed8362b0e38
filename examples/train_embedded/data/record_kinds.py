"""The table of kinds of cells, and the words that tell them. Knows which generator and which phrases belong together."""

from __future__ import annotations

from data import pools, values
from data.datum import Context, Datum
from data.pools import DIGITS, characters, pick
from data.record_cells import (
    ACTIONS,
    NAME,
    NEW,
    OLD,
    STATES,
    TIME_PHRASES,
    Maker,
    clock_time,
    copied,
    date,
    date_time,
    decimal,
    glued,
    level,
    mailbox,
    number_text,
    one_of,
    place,
    plain_version,
    port_text,
    slug_text,
    sublist,
    united,
    version_text,
    whole,
    yes_no,
)


def _host(ctx: Context) -> Datum:
    return values.copied(slug_text(ctx) + pick(ctx.rng, "-01|-2|3|01|-eu"), "")


def _file(ctx: Context) -> Datum:
    return values.copied(f"{slug_text(ctx)}.{ctx.rng.choice(pools.POOLS['extension'])}", "")


def _hash(ctx: Context) -> Datum:
    return values.copied(characters(ctx.rng, pools.HEX, ctx.rng.choice((6, 7, 9, 11))) + "e", "")


def _code(ctx: Context) -> Datum:
    rng = ctx.rng
    return values.copied(
        f"{characters(rng, pools.CODE_UPPER, rng.randint(2, 3))}-{characters(rng, DIGITS, rng.randint(2, 5))}", ""
    )


def _full_name(ctx: Context) -> Datum:
    return values.copied(f"{pools.first_name(ctx.rng)} {pools.last_name(ctx.rng)}", "")


KINDS: dict[str, Maker] = {
    "date": date,
    "time": clock_time,
    "moment": date_time(" | |T|, | at |_"),
    "level": level,
    "flag": yes_no,
    "action": one_of(ACTIONS, "action|operation|activity|verb|action taken"),
    "state": one_of(STATES, "status|state|outcome|result|condition"),
    "method": copied(
        "method", "method|http method|request method", values.listed("GET|POST|PUT|DELETE|HEAD|PATCH", "")
    ),
    "host": copied("slug", "host|machine|node|server|hostname|box", _host),
    "user": copied("slug", "user|login|account|username|user name|who|owner", values.username),
    "package": copied("slug", "package|module|library|component|pkg", values.package),
    "word": copied("slug", "name|item|entry name", values.simple(pools.word, "")),
    "version": copied("version", "version|release|ver|revision|build", values.version),
    "old": copied("old", OLD, values.version),
    "new": copied("new", NEW, values.version),
    "path": copied("path", "path|file|file path|location|filename", values.path),
    "file": copied("path", "file|filename|file name|document", _file),
    "url": copied("url", "url|link|web address|uri|href", values.url, "uri"),
    "ip": copied("ip", "ip|ip address|ipv4|ip addr|client ip", values.ipv4, "ipv4"),
    "mac": copied("mac", "mac|mac address|hardware address", values.mac),
    "uuid": copied("uuid", "uuid|guid|unique id|id|identifier", values.uuid4, "uuid"),
    "hex": copied("hex", "hash|commit|checksum|digest|sha|fingerprint", _hash),
    "code": copied("code", "code|id|identifier|reference|ref|key", _code),
    "email": copied("email", "email|mail|email address|mail address", values.email, "email"),
    "phone": copied("phone", "phone|telephone|tel|phone number|mobile", values.phone),
    "person": copied("person", "person|full name|who|author|owner|name", _full_name),
    "city": copied("proper", "city|town|place|location", values.simple(pools.city, "")),
    "company": copied("proper", "company|firm|vendor|organisation|business", values.simple(pools.company, "")),
    "product": copied("text", "product|article|goods|thing|description|item|name", values.product),
    "message": copied("text", "message|text|note|remark|comment|description|details|summary|msg", values.title),
    "count": whole("count|quantity|total|how many", 0, 999),
    "bytes": whole("size|bytes|length|volume", 0, 9999999),
    "status": whole("status code|code|status|response code|result code", 200, 504),
    "line": whole("line|line number|position|row", 1, 2000),
    "decimal": decimal,
    "size": united("size|volume|file size|disk usage", "KB|MB|kB|M|K|GiB|B|KiB"),
    "took": united("duration|elapsed|took|latency|time taken|runtime", "ms|s|µs|min|sec"),
    "percent": united("percent|percentage|share|progress|ratio", "%"),
    "list": sublist,
    "place": place,
    "mailbox": mailbox,
    "endpoint": glued(
        "{}:{}",
        ("slug", "host|server|machine|hostname", slug_text, False),
        ("port", "port|port number", port_text, True),
    ),
    "tagged": glued(
        "{}:{}", ("slug", "name|image|item", slug_text, False), ("tag", "tag|tag version|variant", plain_version, False)
    ),
    "pinned": glued(
        "{}@{}|{}=={}|{}~{}",
        ("slug", "package|name|module|library", slug_text, False),
        ("version", "version|release|ver", version_text, False),
    ),
    "login": glued(
        "{}@{}",
        ("user", "user|login|account|username", lambda c: pools.syllables(c.rng), False),
        ("host", "host|machine|server|hostname", slug_text, False),
    ),
    "branch": glued(
        "{}/{}",
        ("slug", "remote|project|repository|owner", slug_text, False),
        ("branch", "branch|ref|branch name", slug_text, False),
    ),
    "archive": glued(
        "{}-{}.{}",
        ("slug", "name|stem|package|project", lambda c: pools.word(c.rng), False),
        ("version", "version|release|ver", plain_version, False),
        ("ext", "extension|ext|file type|suffix", lambda c: pick(c.rng, "zip|tgz|whl|jar|gem|exe|iso|msi"), False),
    ),
    "change": glued(
        "{} -> {}|{}->{}|{} => {}|{} → {}|{}..{}",
        ("old", OLD, plain_version, False),
        ("new", NEW, plain_version, False),
    ),
    "extent": glued(
        "{}x{}|{}×{}|{} x {}",
        ("width", "width|w|horizontal size", number_text, True),
        ("height", "height|h|vertical size", number_text, True),
    ),
    "process": glued(
        "{}[{}]",
        ("slug", "process|program|daemon|service|app", slug_text, False),
        ("pid", "pid|process id|process number", number_text, True),
    ),
    "aside": glued(
        "{} ({})",
        ("slug", "name|item|main name", slug_text, False),
        ("aside", "remark|alias|qualifier|extra|aside", lambda c: pools.word(c.rng), False),
    ),
    "range": glued(
        "{}-{}|{}..{}|{}–{}",
        ("low", "start|low|min|lower|begin|lower bound", lambda c: str(c.rng.randint(1, 40)), True),
        ("high", "end|high|max|upper|stop|upper bound", lambda c: str(c.rng.randint(41, 900)), True),
    ),
}
EXTRA = (
    "server machine node box user login account module library component item topic group release revision build file document "
    "link hash commit digest person contact owner town firm vendor goods note remark text line row percent share ratio tag image "
    "branch width height process program daemon alias range start end low high action event operation state outcome method port "
    "place client project service app latitude duration runtime checksum phone mobile house day week month hour minute second"
)
PHRASE_WORDS = (
    {word for phrases in (OLD, NEW, TIME_PHRASES, NAME) for word in phrases.replace("|", " ").split()}
    | set(pools.COMMON)
    | set(EXTRA.split())
)
