"""What a language may cost: depth of recursion by the number of copies, states, time."""

from __future__ import annotations

import time

import numpy as np
import pytest

from controlgen.constraints import BudgetExceeded
from controlgen.constraints import _terms as T
from controlgen.constraints._deadline import Deadline
from controlgen.constraints._expansion import MAX_CUT, MAX_DEPTH, MAX_STATES, compile_term, forget_compiled_parts

NESTED = {"x": T.alt(T.rep(T.lit("."), 0, 300), T.seq(T.lit("("), T.Call("x"), T.lit(")"), T.Call("x"), T.lit("!")))}


def copies(count: int) -> T.Term:
    """Many places that each hold the recursion, with an end of their own."""
    return T.scope(T.alt(*(T.seq(T.lit(f"{i:04}"), T.Call("x"), T.lit(f"-{i:04}")) for i in range(count))), NESTED)


def test_few_copies_of_a_recursion_are_as_deep_as_asked() -> None:
    dfa = compile_term(copies(1))
    assert dfa.max_depth == MAX_DEPTH
    assert dfa.matches(b"0000" + b"(" * MAX_DEPTH + b")!" * MAX_DEPTH + b"-0000")


def test_many_copies_are_less_deep_and_say_so() -> None:
    deep = compile_term(copies(1)).num_states
    count = MAX_CUT // deep + 5
    dfa = compile_term(copies(count))
    assert dfa.max_depth is not None
    assert 0 <= dfa.max_depth < MAX_DEPTH
    assert dfa.num_states < MAX_CUT + 20 * count
    last = f"{count - 1:04}".encode()
    assert [dfa.matches(last + b"(" * n + b")!" * n + b"-" + last) for n in range(5)] == [
        n <= dfa.max_depth for n in range(5)
    ]


def test_too_many_copies_are_refused_with_the_figures() -> None:
    with pytest.raises(BudgetExceeded, match="more than 300 byte states with recursive parts 0 deep"):
        compile_term(copies(40), max_states=300)


def test_a_refusal_for_time_comes_in_time_and_is_not_remembered() -> None:
    term = T.json_string(T.both(T.rep(T.any_char(), 0, 10_000), T.neg(T.lit("a" * 5000))))
    compile_term(T.lit("a"))  # loads the kernels
    forget_compiled_parts()
    start = time.perf_counter()
    with pytest.raises(BudgetExceeded, match=r"more than 0\.05 s"):
        compile_term(term, max_seconds=0.05)
    assert time.perf_counter() - start < 5
    assert compile_term(term, max_seconds=None).matches(b'"' + b"a" * 4999 + b'"')


def test_a_deadline_without_a_limit_never_passes() -> None:
    with Deadline(None) as deadline:
        deadline.check("anything")
    assert not np.any(deadline.passed)
    assert compile_term(T.lit("a"), max_states=MAX_STATES, max_seconds=None).num_states == 2
