"""Figures of the schema benchmarks, from what the processes send back. Knows no engine and prints nothing itself."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks._crew import Fault
from benchmarks._report import Row
from benchmarks._schema_data import Subject
from benchmarks._schema_work import Verdicts

__all__ = [
    "as_verdicts",
    "by_keyword",
    "failures",
    "quantiles",
    "refusals",
    "slowest",
    "status_rows",
    "summary",
    "wrong",
]

_ITEMS = 40  # most lines of a list


def as_verdicts(subjects: Sequence[Subject], results: Mapping[int, Any]) -> list[Verdicts]:
    """Results in the order of the subjects; a schema without one has its fault as its status."""
    rows = []
    for place, subject in enumerate(subjects):
        result = results[place]
        if isinstance(result, Fault):
            reason = ("", result.kind, result.detail)
            result = Verdicts(subject.name, result.kind, subject.features, (reason,))
        rows.append(result)
    return rows


def quantiles(values: Iterable[float]) -> tuple[float, float, float]:
    """p50, p95 and the greatest; zeros of nothing."""
    ordered = sorted(values)
    if not ordered:
        return 0.0, 0.0, 0.0
    return statistics.median(ordered), ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], ordered[-1]


def written(values: Iterable[float], unit: float = 1.0, digits: int = 0) -> str:
    return " / ".join(f"{value * unit:,.{digits}f}" for value in quantiles(values))


def summary(rows: Sequence[Verdicts]) -> list[Row]:
    """The figures of all schemas together."""
    compiled = [row for row in rows if row.status == "compiled"]
    instances = [one for row in compiled for one in row.instances]
    bad, good = [one for one in instances if not one.valid], [one for one in instances if one.valid]
    seconds = [row.seconds for row in compiled]
    return [
        {"figure": "schemas", "value": f"{len(rows):,}"},
        {"figure": "compiled", "value": _share(len(compiled), len(rows))},
        {"figure": "  exact", "value": _share(sum(row.exactness == "exact" for row in compiled), len(rows))},
        {"figure": "  verified", "value": _share(sum(row.exactness == "verified" for row in compiled), len(rows))},
        {"figure": "  of bounded depth", "value": _share(sum(row.depth is not None for row in compiled), len(rows))},
        {"figure": "all instances right", "value": _share(sum(row.right for row in rows), len(rows))},
        {"figure": "  the automaton by itself", "value": _share(sum(row.right_alone for row in rows), len(rows))},
        {"figure": "refused as empty, no instance is valid", "value": f"{sum(row.rightly_empty for row in rows):,}"},
        {"figure": "invalid accepted", "value": f"{sum(one.accepted for one in bad):,} of {len(bad):,}"},
        {"figure": "  the automaton by itself", "value": f"{sum(one.by_automaton for one in bad):,} of {len(bad):,}"},
        {"figure": "valid refused", "value": f"{sum(not one.accepted for one in good):,} of {len(good):,}"},
        {"figure": "compile ms p50 / p95 / max", "value": written(seconds, 1e3, 1)},
        {"figure": "  with refusals", "value": written((row.seconds for row in rows), 1e3, 1)},
        {"figure": "token states p50 / p95 / max", "value": written(row.states for row in compiled)},
        {"figure": "edges p50 / p95 / max", "value": written(row.edges for row in compiled)},
        {"figure": "peak MB p50 / p95 / max", "value": written(row.megabytes for row in rows)},
    ]


def _share(part: int, whole: int) -> str:
    return f"{part:,} ({100 * part / whole:.1f} %)" if whole else "–"


def status_rows(rows: Sequence[Verdicts]) -> list[Row]:
    """How many schemas have each status."""
    counts = Counter(row.status for row in rows)
    return [{"status": name, "schemas": count, "%": count / len(rows)} for name, count in counts.most_common()]


def refusals(rows: Sequence[Verdicts]) -> list[Row]:
    """Refused keywords: in how many schemas each is named, in how many it is the only one, and a reason."""
    named: dict[str, list[tuple[str, str]]] = defaultdict(list)
    only: Counter[str] = Counter()
    for row in rows:
        words = {word: why for _, word, why in row.reasons}
        for word, why in words.items():
            named[word].append((row.name, why))
        only.update(list(words) if len(words) == 1 else ())
    ordered = sorted(named.items(), key=lambda item: -len(item[1]))
    return [
        {"refused": word, "schemas": len(places), "alone": only[word], "for example": places[0][0][:32],
         "why": Counter(why for _, why in places).most_common(1)[0][0][:90]}
        for word, places in ordered
    ]  # fmt: skip


def by_keyword(rows: Sequence[Verdicts], least: int = 1) -> list[Row]:
    """Exact, verified and refused among the schemas with a feature."""
    groups: dict[str, list[Verdicts]] = defaultdict(list)
    for row in rows:
        for feature in row.features:
            groups[feature].append(row)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return [{"keyword": feature, **_shares(own)} for feature, own in ordered if len(own) >= least]


def _shares(rows: Sequence[Verdicts]) -> Row:
    exact, verified = (sum(row.exactness == name for row in rows) / len(rows) for name in ("exact", "verified"))
    right = sum(row.right for row in rows) / len(rows)
    refused = 1 - exact - verified
    return {"schemas": len(rows), "exact %": exact, "verified %": verified, "refused %": refused, "right %": right}


def wrong(rows: Sequence[Verdicts], *, accepted: bool) -> list[str]:
    """Invalid instances that were accepted, or valid ones that were refused, by schema and cause."""
    found = []
    for row in rows:
        causes = Counter(one.cause for one in row.instances if one.accepted == accepted != one.valid)
        found += [f"{row.name}: {count} × {cause}" for cause, count in causes.items()]
    return shortened(found)


def failures(rows: Sequence[Verdicts]) -> list[str]:
    """Schemas whose process died, overran or raised what it shouldn't."""
    return shortened(
        [
            f"{row.name}: {row.status}: {row.reasons[0][2] if row.reasons else ''}"
            for row in rows
            if row.status in ("crash", "overrun", "error", "budget", "refused")
        ]
    )


def slowest(rows: Sequence[Verdicts], number: int = 10) -> list[Row]:
    """The longest compilations."""
    ordered = sorted(rows, key=lambda row: -row.seconds)[:number]
    return [
        {"slowest": row.name[:44], "status": row.status, "ms": f"{1e3 * row.seconds:,.0f}",
         "byte states": row.byte_states, "states": row.states, "edges": f"{row.edges:,}", "MB": f"{row.megabytes:,.0f}"}
        for row in ordered
    ]  # fmt: skip


def shortened(lines: Sequence[str]) -> list[str]:
    rest = len(lines) - _ITEMS
    return [*lines[:_ITEMS], f"… and {rest} more (all of them in --json)"] if rest > 0 else list(lines)
