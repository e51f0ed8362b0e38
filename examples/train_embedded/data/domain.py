"""Examples from meaningful documents: templates in running text, and records of everyday kinds in any layout.

Knows how slots become asked fields: which may be asked, under which name, alone or inside an object.
"""

from __future__ import annotations

from random import Random

from data import dialogue, fields, heldout, names, noise, schemas, writers
from data.blocks import Block, Entry
from data.datum import Context, Datum, View
from data.example import Example
from data.grammar import Expansion, Table, parse, slots_of
from data.roles import ENTITIES, GROUPS, ROLES
from data.schemas import Group, Leaf, Node, Rows, Strings
from data.slots import Many, Slot, parse_slot
from data.templates import TEMPLATES, Template

SPARE_ROLES = [role for role in ROLES if role not in ("tags", "message", "description", "subject")]
GROUP_NAMES = (
    "details",
    "info",
    "data",
    "meta",
    "record",
    "header",
    "summary",
    "basic",
    "general",
    "attributes",
    "props",
    "facts",
)


class Asker:
    """Turns slots into asked fields with names of one style and split."""

    def __init__(self, rng: Random, split: str, doc: str, families: list[str]) -> None:
        self.rng, self.split, self.doc, self.families = rng, split, doc, families
        self.style = names.casing(rng)
        self.describe = rng.choice((0.0, 0.0, 0.1, 0.3, 0.8))
        self.odd = rng.choice((0.0, 0.0, 0.0, 0.1, 0.5))
        self.abbreviate = rng.choice((0.0, 0.0, 0.1, 0.3))
        self.taken: set[str] = set()

    def words(self, options: list[list[str]]) -> list[str]:
        """Name words of this split that no other field of the schema has."""
        rng = self.rng
        rng.shuffle(options)
        for words in options[:4]:
            if rng.random() < self.abbreviate:
                words = [names.abbreviate(rng, word) if rng.random() < 0.5 else word for word in words]
            if not names.fits("_".join(words), self.split):
                if rng.random() < 0.5:
                    continue
                words = names.qualify(rng, words, self.split, self.doc)
            if words and "".join(words) not in self.taken:
                self.taken.add("".join(words))
                return words
        return []

    def invented(self) -> list[str]:
        """A name that tells nothing."""
        while True:
            words = names.compose(self.rng, "", self.split)
            if "".join(words) not in self.taken:
                self.taken.add("".join(words))
                return words

    def name(self, slot: Slot, view_suffix: str, options: list[list[str]]) -> tuple[str, str | None] | None:
        """A field name, and the description that the name needs or has by chance."""
        rng = self.rng
        telling = [" ".join(words) for words in options] + list(slot.descriptions) * 2
        if not telling:
            return None
        if rng.random() < self.odd:
            words, description = self.invented(), rng.choice(telling)
            if rng.random() < 0.3:
                description = fields.linking(rng, description)
        else:
            if view_suffix:
                options = [[*words, view_suffix] if words[-1:] != [view_suffix] else words for words in options]
            words, description = self.words([list(words) for words in options]), None
            if not words:
                return None
            if rng.random() < self.describe:
                description = rng.choice(telling)
        if view_suffix and view_suffix not in words:
            description = f"{view_suffix} of the {description}"
        return fields.named(words, self.style, self.split), description

    def ask(self, slot: Slot, datum: Datum | Many, options: list[list[str]]) -> Node | None:
        """The field that asks for a shown slot."""
        if isinstance(datum, Many):
            found = self.name(slot, "", options)
            if found is None:
                return None
            return Strings(found[0], list(datum.items), dict(datum.item_schema), found[1])
        view = fields.view_of(self.rng, datum)
        found = self.name(slot, view.suffix, options)
        return Leaf(found[0], view, found[1]) if found else None

    def lacking(self, slot: Slot, datum: Datum | Many, options: list[list[str]]) -> Leaf | None:
        """The field that asks for what the text doesn't say."""
        if isinstance(datum, Many):
            return None
        view = next(view for view in datum.views if not view.suffix)
        found = self.name(slot, "", options)
        return Leaf(found[0], View(view.value, view.schema, view.kind), found[1], missing=True) if found else None


def _options(slot: Slot, families: list[str], family: str, present: bool) -> list[list[str]]:
    """The phrases that name a slot unmistakably, as words."""
    limit = 1 if present else 0
    phrases = list(slot.phrases)
    if families.count(family) <= limit and not (slot.group and not present):
        phrases += slot.generic
    return [phrase.replace("-", " ").split() for phrase in phrases]


def _table_node(asker: Asker, table: Table) -> Node | None:
    """An array of objects for the rows that a text has shown."""
    rng = asker.rng
    if not table.slots:
        return None
    families = [datum.family for datum in table.rows[0]]
    columns: list[tuple[int, Leaf, View]] = []
    outer = asker.taken
    asker.taken = set()
    for index, slot in enumerate(table.slots):
        if slot.distractor or rng.random() < 0.15:
            continue
        view = table.rows[0][index].views[0]
        kinds = {
            str(row[index].views[0].schema.get("format", row[index].views[0].schema.get("type"))) for row in table.rows
        }
        hinted = any(row[index].views[0].hint for row in table.rows)
        if kinds == {"integer", "number"}:
            schema = {"type": "number"}
        elif len(kinds) > 1 or hinted:
            continue
        else:
            schema = {key: value for key, value in view.schema.items() if key in ("type", "format", "enum")}
        if "enum" in schema:
            schema = {"type": "string"}
            if any(row[index].views[-1].kind != "copied" for row in table.rows):
                continue
        found = asker.name(slot, "", _options(slot, families, families[index], True))
        if found:
            columns.append((index, Leaf(found[0], View(view.value, schema, view.kind), found[1]), view))
    asker.taken = outer
    words = asker.words([name.split() for name in table.names])
    if not columns or not words:
        return None
    rng.shuffle(columns)
    rows = []
    for row in table.rows:
        leaves = []
        for index, leaf, view in columns:
            source = (
                row[index].views[-1]
                if leaf.view.schema == {"type": "string"} and "enum" in view.schema
                else row[index].views[0]
            )
            leaves.append(Leaf(leaf.name, View(source.value, leaf.view.schema, source.kind)))
        rows.append(leaves)
    return Rows(fields.named(words, asker.style, asker.split), [leaf for _, leaf, _ in columns], rows)


def _grouped(
    asker: Asker, shown: list[tuple[Slot, Datum | Many]], families: list[str]
) -> tuple[list[Node], list[tuple[Slot, Datum | Many]]]:
    """Objects for the slots of a group ("buyer.city"), and the slots that stay by themselves."""
    rng = asker.rng
    nodes: list[Node] = []
    rest = list(shown)
    for group in dict.fromkeys(slot.group for slot, _ in shown if slot.group):
        members = [(slot, datum) for slot, datum in shown if slot.group == group]
        if len(members) < 2 or rng.random() < 0.4:
            continue
        words = asker.words([phrase.split() for phrase in GROUPS[group]])
        if not words:
            continue
        outer, asker.taken = asker.taken, set()
        inner = [asker.ask(slot, datum, [leaf.split() for leaf in slot.generic]) for slot, datum in members]
        asker.taken = outer
        found = [node for node in inner if node is not None]
        if found:
            rng.shuffle(found)
            nodes.append(Group(fields.named(words, asker.style, asker.split), found))
            rest = [(slot, datum) for slot, datum in rest if slot.group != group]
    return nodes, rest


def _nest_some(asker: Asker, nodes: list[Node]) -> list[Node]:
    """At times a few fields move into an object of no particular meaning."""
    rng = asker.rng
    scalars = [node for node in nodes if isinstance(node, Leaf)]
    if len(scalars) < 3 or rng.random() > 0.1:
        return nodes
    words = asker.words([[rng.choice(GROUP_NAMES)], [asker.doc, rng.choice(GROUP_NAMES)], [asker.doc]])
    if not words:
        return nodes
    inner = rng.sample(scalars, rng.randint(2, len(scalars) - 1))
    chosen = {id(node) for node in inner}
    rest = [node for node in nodes if id(node) not in chosen]
    rest.insert(rng.randint(0, len(rest)), Group(fields.named(words, asker.style, asker.split), list(inner)))
    return rest


def _lacking(asker: Asker, absent: list[Slot], ctx: Context, count: int) -> list[Node]:
    """Fields that the text has no value for: slots left out, and roles whose family it doesn't hold."""
    rng = asker.rng
    spare = [parse_slot(rng.choice(SPARE_ROLES)) for _ in range(2)]
    rng.shuffle(absent)
    out: list[Node] = []
    for slot in absent[:3] + spare:
        if len(out) >= count:
            break
        datum = slot.draw(ctx)
        foreign = slot in spare
        if slot.distractor or isinstance(datum, Many) or (foreign and datum.family in asker.families):
            continue
        leaf = asker.lacking(slot, datum, _options(slot, asker.families, datum.family, False))
        if leaf:
            out.append(leaf)
    return out


def _finish(rng: Random, asker: Asker, nodes: list[Node], template: str, text: str) -> Example | None:
    if not nodes:
        return None
    if rng.random() < 0.55:
        rng.shuffle(nodes)
    nodes = _nest_some(asker, nodes)
    if rng.random() < 0.03:
        const = Leaf(_const_name(asker), View(asker.doc, {"const": asker.doc}, "const"))
        nodes.insert(0, const)
    built = schemas.build(rng, nodes, schemas.Policy.draw(rng))
    return Example(built.schema, text, built.record, template, built.kinds)


def _const_name(asker: Asker) -> str:
    words = asker.words([["type"], ["kind"], ["document", "type"], ["doc", "kind"], ["record", "type"]])
    return fields.named(words or asker.invented(), asker.style, asker.split)


def from_template(rng: Random, split: str, template: Template) -> Example | None:
    """An example of a running text; nothing if no field could be named for this split."""
    ctx = Context.draw(rng)
    expansion = Expansion(ctx)
    parts = parse(template.text)
    expansion.run(parts)
    asker = Asker(rng, split, template.doc, expansion.families)
    shown = [(slot, datum) for slot, datum in expansion.shown.values() if not slot.distractor]
    keep = rng.choice((0.4, 0.6, 0.8, 0.9, 1.0))
    chosen = [pair for pair in shown if rng.random() < keep][:12]
    nodes, rest = _grouped(asker, chosen, expansion.families)
    for slot, datum in rest:
        node = asker.ask(slot, datum, _options(slot, expansion.families, datum.family, True))
        if node:
            nodes.append(node)
    for table in expansion.tables:
        if rng.random() < 0.8:
            node = _table_node(asker, table)
            if node:
                nodes.append(node)
    absent = [slot for slot in slots_of(parts) if slot.key not in expansion.shown and not slot.distractor]
    nodes += _lacking(asker, absent, ctx, rng.choice((0, 0, 0, 1, 1, 2)))
    text = noise.text_of(rng, expansion.pieces, prose=True)
    return _finish(rng, asker, nodes, f"text/{template.name}", text)


def from_entity(rng: Random, split: str, layout: str) -> Example | None:
    """An example of an everyday record whose fields stand under their usual labels in some layout."""
    doc = rng.choice(list(ENTITIES))
    heads, roles = ENTITIES[doc]
    ctx = Context.draw(rng)
    listed = roles.split()
    chosen = [role for role in listed if rng.random() < rng.choice((0.4, 0.6, 0.8))][:9] or listed[:2]
    if rng.random() < 0.4:
        rng.shuffle(chosen)
    shown = [(slot, slot.draw(ctx)) for slot in map(parse_slot, chosen)]
    families = [datum.family for _, datum in shown]
    asker = Asker(rng, split, doc, families)
    blocks: list[Block] = []
    nodes: list[Node] = []
    labels: set[str] = set()
    keep = rng.choice((0.4, 0.6, 0.8, 1.0))
    grouped, alone = _grouped(asker, shown, families)
    nodes += grouped if rng.random() < keep else []
    free = {slot.key for slot, _ in alone}
    for slot, datum in shown:
        options = _options(slot, families, datum.family, True)
        label = rng.choice(options or [phrase.split() for phrase in slot.generic])
        if " ".join(label) in labels or not isinstance(datum, Datum):
            continue
        labels.add(" ".join(label))
        written = names.varied(rng, label) if rng.random() < 0.15 else label
        blocks.append(Entry(written, datum.text))
        if slot.key in free and rng.random() < keep:
            node = asker.ask(slot, datum, [*options, label, label])
            if node:
                nodes.append(node)
    if layout not in dialogue.AMBIENT:  # a speaker's name or a time could answer for what the text lacks
        absent = [parse_slot(role) for role in listed if role not in chosen]
        nodes += _lacking(asker, absent, ctx, rng.choice((0, 0, 0, 1, 1, 2)))
    pieces = writers.LAYOUTS[layout][0](rng, blocks)
    head = rng.choice(heads.split("|"))
    if head and rng.random() < 0.4:
        pieces = [head + rng.choice(("\n", "\n\n", ":\n", "\n" + "=" * len(head) + "\n")), *pieces]
    return _finish(rng, asker, nodes, layout, noise.text_of(rng, noise.framed(rng, pieces)))


def templates_of(split: str) -> tuple[list[Template], list[float]]:
    """The running texts of one split with their weights."""
    found = [t for t in TEMPLATES if heldout.is_template_held_out(f"text/{t.name}") == (split == "test")]
    return found, [t.weight for t in found]
