"""Which names the terms call: the graph of named sub-languages."""

from __future__ import annotations

from ._terms import Alt, And, Call, Erased, Graph, JsonString, Marked, Minus, Not, Repeat, Scope, Seq, Spelled, Term

__all__ = ["calls_of", "components", "depth_of", "reachable"]


def calls_of(term: Term) -> frozenset[str]:
    """The names that a term calls and does not bind itself; kept on the term."""
    kept = term.__dict__.get("_calls")
    if kept is None:
        kept = _find_calls(term)
        object.__setattr__(term, "_calls", kept)
    return kept


def _find_calls(term: Term) -> frozenset[str]:
    match term:
        case Call(name):
            return frozenset([name])
        case Scope(_, definitions):
            return frozenset().union(*map(calls_of, _parts(term))) - {name for name, _ in definitions}
    return frozenset().union(*map(calls_of, _parts(term)))


def _parts(term: Term) -> tuple[Term, ...]:
    match term:
        case Seq(parts) | Alt(parts) | And(parts):
            return parts
        case Repeat(inner) | Not(inner) | JsonString(inner) | Spelled(inner) | Marked(inner) | Erased(inner):
            return (inner,)
        case Minus(inner, removed):
            return (inner, removed)
        case Graph(edges):
            return tuple(part for _, part, _ in edges)
        case Scope(body, definitions):
            return (body, *(definition for _, definition in definitions))
    return ()


def depth_of(term: Term) -> int:
    """The greatest depth that a scope in the term asks for; kept on the term."""
    kept = term.__dict__.get("_depth")
    if kept is None:
        own = term.depth if isinstance(term, Scope) else 0
        kept = max([own, *map(depth_of, _parts(term))])
        object.__setattr__(term, "_depth", kept)
    return int(kept)


def reachable(roots: frozenset[str], calls: dict[str, frozenset[str]]) -> list[str]:
    seen: dict[str, None] = {}
    pending = sorted(roots)
    while pending:
        name = pending.pop()
        if name not in seen:
            seen[name] = None
            pending += sorted(calls[name])
    return list(seen)


def components(names: list[str], calls: dict[str, frozenset[str]]) -> list[list[str]]:
    """Strongly connected groups, callees first (Tarjan, without recursion)."""
    index: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    groups: list[list[str]] = []
    for root in names:
        if root in index:
            continue
        work = [(root, iter(sorted(calls[root])))]
        index[root] = lowest[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            name, rest = work[-1]
            for callee in rest:
                if callee not in index:
                    index[callee] = lowest[callee] = len(index)
                    stack.append(callee)
                    on_stack.add(callee)
                    work.append((callee, iter(sorted(calls[callee]))))
                    break
                if callee in on_stack:
                    lowest[name] = min(lowest[name], index[callee])
            else:
                work.pop()
                if work:
                    lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[name])
                if lowest[name] == index[name]:
                    cut = stack.index(name)
                    groups.append(stack[cut:])
                    on_stack -= set(stack[cut:])
                    del stack[cut:]
    return groups
