"""Figures of hostile draws, of masks, of other engines and of the judge. Prints nothing itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchmarks._crew import Fault
from benchmarks._judge import Judge, Unjudgeable
from benchmarks._report import Row
from benchmarks._schema_data import Subject
from benchmarks._schema_tables import shortened, written
from benchmarks._schema_work import spell

if TYPE_CHECKING:
    from benchmarks._schema_hostile import Attack
    from benchmarks._schema_masks import Masks
    from benchmarks._schema_peers import Trial

__all__ = ["agreement", "attacks", "flags_of", "mask_tables", "trials"]


def _sorted_out(subjects: Sequence[Subject], found: Mapping[int, Any]) -> tuple[list[Any], list[str]]:
    """Results, and a line for each schema whose process overran, died or raised."""
    whole = [found[place] for place in range(len(subjects))]
    faults = [
        f"{subject.name}: {result.kind}: {result.detail}"
        for subject, result in zip(subjects, whole, strict=True)
        if isinstance(result, Fault)
    ]
    return [result for result in whole if not isinstance(result, Fault)], faults


# -- hostile -------------------------------------------------------------------------------------------------------


def attacks(subjects: Sequence[Subject], found: Mapping[int, Attack | Fault]) -> tuple[list[Row], list[str]]:
    """Figures, exact and verified apart; every invalid draw and every crash as a note."""
    own, faults = _sorted_out(subjects, found)
    groups = {"all": own} | {name: [one for one in own if one.exactness == name] for name in ("exact", "verified")}
    columns = {name: _attack_figures(group) for name, group in groups.items()}
    rows: list[Row] = [
        {"figure": figure, **{name: column[figure] for name, column in columns.items()}} for figure in columns["all"]
    ]
    notes = [f"{count} schemas: {status}" for status, count in Counter(one.status for one in own).most_common()]
    notes += shortened([f"INVALID {one.name}, seed {s}: {why}: {text}" for one in own for s, why, text in one.faults])
    notes += shortened([f"unjudgeable {one.name}: {one.unjudgeable}" for one in own if one.unjudgeable])
    notes += shortened([f"no candidate passed: {one.name}" for one in own if one.exhausted])
    return rows, notes + shortened(faults)


def _attack_figures(own: Sequence[Attack]) -> Row:
    drawn = [count for one in own for count in one.candidates]
    valid, invalid = sum(one.valid for one in own), sum(len(one.faults) for one in own)
    return {
        "schemas": sum(bool(one.candidates) for one in own),
        "draws": len(drawn),
        "valid": valid,
        "invalid": invalid,
        "valid, %": valid / (valid + invalid) if valid + invalid else None,
        "no candidate passed": sum(one.exhausted for one in own),
        "candidates, mean of all draws": f"{sum(drawn) / len(drawn):.3f}" if drawn else None,
        "candidates, greatest": max(drawn, default=0),
        "ms p50 / p95 / max": written([s for one in own for s in one.seconds], 1e3, 1),
    }


# -- masks ---------------------------------------------------------------------------------------------------------


def mask_tables(
    subjects: Sequence[Subject], found: Mapping[int, Masks | Fault]
) -> Iterator[tuple[str, list[Row], list[str]]]:
    """Title, rows and notes of each table."""
    own, faults = _sorted_out(subjects, found)
    compared = [one for one in own if one.status == "compared"]
    notes = [f"{count} schemas: {status}" for status, count in Counter(one.status for one in own).most_common()]
    reasons = Counter(one.reason[:70] for one in own if one.reason)
    notes += [f"llguidance refuses {count}: {reason}" for reason, count in reasons.most_common(10)]
    dead = [f"the instance leaves {side}: {one.name} after {tail!r}" for one in compared for side, tail in one.dead]
    row = {
        "schemas": len(compared),
        "all masks equal": sum(one.prefixes == one.equal + one.forced for one in compared),
        "prefixes": sum(one.prefixes for one in compared),
        "equal": sum(one.equal for one in compared),
        "but for forced text": sum(one.forced for one in compared),
        "support asked": sum(one.supports for one in compared),
        "smaller than the edges": sum(one.binding for one in compared),
        "larger": sum(one.wrong for one in compared),
    }
    yield "masks beside llguidance", [row], notes + shortened(dead) + shortened(faults)
    for side, title in (("ours", "allowed here only"), ("theirs", "allowed by llguidance only")):
        yield title, _cause_rows(compared, side), []


def _cause_rows(compared: Sequence[Masks], side: str) -> list[Row]:
    prefixes: Counter[str] = Counter()
    schemas: Counter[str] = Counter()
    for one in compared:
        counter: dict[str, int] = getattr(one, side)
        prefixes.update(counter)
        schemas.update(counter.keys())
    rows = []
    for cause, count in prefixes.most_common():
        examples = [(one.name, *e[2:]) for one in compared for e in one.examples if e[:2] == (cause, side)]
        name, tail, word = examples[0]
        rows.append(
            {"cause": cause, "prefixes": count, "schemas": schemas[cause], "token": word, "after": tail, "in": name}
        )
    return rows


# -- other engines -------------------------------------------------------------------------------------------------


def trials(name: str, subjects: Sequence[Subject], found: Mapping[int, Trial | Fault]) -> Row:
    """One engine."""
    own, faults = _sorted_out(subjects, found)
    compiled = [one for one in own if one.compiled]
    verdicts = [verdict for one in compiled for verdict in one.verdicts]
    return {
        "engine": name,
        "compiled": len(compiled) / len(subjects),
        "all right": sum(one.right for one in own) / len(subjects),
        "valid accepted": f"{sum(a for f, a in verdicts if f)}/{sum(f for f, _ in verdicts)}",
        "invalid accepted": f"{sum(a for f, a in verdicts if not f)}/{sum(not f for f, _ in verdicts)}",
        "refused": len(own) - len(compiled),
        "overran, crashed": len(faults),
        "ms p50 / p95 / max": written([one.seconds for one in compiled], 1e3, 1),
    }


# -- the judge -----------------------------------------------------------------------------------------------------


def flags_of(draft: str, formats: bool, subject: Subject) -> tuple[str, Counter[str]]:
    """Whether the schema names its draft, and how often the judge says what the flags say."""
    named = "named" if isinstance(subject.schema, dict) and "$schema" in subject.schema else "unnamed"
    counts: Counter[str] = Counter()
    try:
        judge = Judge(subject.schema, draft=draft, formats=formats)
        for valid, value in subject.instances:
            counts["agree" if judge.valid(spell(value)) == valid else f"flag {valid}"] += 1
    except Unjudgeable:
        counts["unjudgeable"] += 1
    return named, counts


def agreement(draft: str, formats: bool, found: Mapping[int, Any]) -> Row:
    """One way to read the flags."""
    totals: dict[str, Counter[str]] = {"named": Counter(), "unnamed": Counter()}
    for result in found.values():
        if isinstance(result, Fault):
            totals["unnamed"]["unjudgeable"] += 1
        else:
            totals[result[0]].update(result[1])
    row: Row = {"draft without $schema": draft, "formats": "assert" if formats else "annotate"}
    for named in ("unnamed", "named"):
        for key in ("agree", "flag True", "flag False", "unjudgeable"):
            if key == "agree" or named == "unnamed":
                row[f"{key}, {named}"] = totals[named][key]
    return row
