"""q with guidance equals enumeration: real guidances, summed, in float64; factors and members told by hand."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from controlgen.constraints import Language, Regex, Vocabulary
from controlgen.guidance import ClassifierFree, ClassifierGuidance, Experts, Guidance, Phrases, total
from tests.guidance.contexts import step_context
from tests.guidance.test_classifier import Quadratic

TOKENS = [b"a", b"b", b"ab", b"c"]
V, L, TIME = 5, 4, 0.6
VOCABULARY = Vocabulary.from_bytes([*TOKENS, None], stop_ids=[4], pad_ids=[4])
LANGUAGES: dict[str, Language] = {
    "(a|b|c){1,4}": Regex("(a|b|c){1,4}"),
    "ab*c?": Regex("ab*c?"),
    "(?!c$)(ab|c)+": Regex("(ab|c)+") & ~Regex("c"),
}
GUIDANCES: dict[str, list[Guidance]] = {
    "free": [ClassifierFree(1.3)],
    "exact": [ClassifierGuidance(Quadratic(V, L), 2.0)],
    "first order": [ClassifierGuidance(Quadratic(V, L), 0.5, method="first_order")],
    "experts": [Experts(lambda context: context.logits.flip(-1), strength=0.8)],
    "phrases": [Phrases({"ab": 1.0, "c": -2.0})],
}
GUIDANCES["all"] = [one for group in list(GUIDANCES.values()) for one in group]


# -- factors by hand: of logits (L, V), the canvas (L,), and where it is open (L,) -----------------------------------


def _free(logits: Tensor, canvas: Tensor, free: Tensor) -> Tensor:
    return 1.3 * (logits.log_softmax(-1) - logits.roll(1, -1).log_softmax(-1))


def _experts(logits: Tensor, canvas: Tensor, free: Tensor) -> Tensor:
    return 0.8 * (logits.flip(-1).log_softmax(-1) - logits.log_softmax(-1))


def _exact(logits: Tensor, canvas: Tensor, free: Tensor) -> Tensor:
    classifier, found = Quadratic(V, L), torch.zeros(L, V, dtype=torch.float64)
    for position, token in itertools.product(range(L), range(V)):
        changed = canvas.clone()
        changed[position] = token
        found[position, token] = 2.0 * float(classifier(changed[None], TIME) - classifier(canvas[None], TIME))
    return found


def _first_order(logits: Tensor, canvas: Tensor, free: Tensor) -> Tensor:
    """d/dx log σ(t s(x)) = t (1 − σ(t s)) ∇s for the quadratic s, by hand."""
    own = Quadratic(V, L)
    x = torch.nn.functional.one_hot(canvas, V).double()
    pull = torch.einsum("tvsw,sw->tv", own.pairs, x) + torch.einsum("tvsw,tv->sw", own.pairs, x)
    score = (x * own.linear).sum() + torch.einsum("tv,tvsw,sw->", x, own.pairs, x)
    slope = TIME * (1 - torch.sigmoid(TIME * score)) * (own.linear + pull)
    return 0.5 * (slope - (slope * x).sum(-1, keepdim=True))


def _phrases(logits: Tensor, canvas: Tensor, free: Tensor) -> Tensor:
    """Both phrases are single tokens here: the expected weight is linear in each position."""
    found = torch.zeros(L, V, dtype=torch.float64)
    found[:, 2], found[:, 3] = 1.0, -2.0
    return found


BY_HAND: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "free": _free, "exact": _exact, "first order": _first_order, "experts": _experts, "phrases": _phrases,
}  # fmt: skip


def members(pattern: str, fixed: Tensor) -> list[tuple[int, ...]]:
    found = []
    for canvas in itertools.product(range(V), repeat=L):
        ends = [token == 4 for token in canvas]
        length = ends.index(True) if True in ends else L
        if not all(ends[length:]) or any(f >= 0 and f != t for f, t in zip(fixed.tolist(), canvas, strict=True)):
            continue
        if re.fullmatch(pattern, b"".join(TOKENS[token] for token in canvas[:length]).decode()):
            found.append(canvas)
    return found


@pytest.mark.parametrize("name", GUIDANCES)
@pytest.mark.parametrize("pattern", LANGUAGES)
@pytest.mark.parametrize("seed", range(3))
def test_posterior_with_guidance_is_the_enumerated_one(name: str, pattern: str, seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    logits = torch.randn(1, L, V, generator=draw, dtype=torch.float64)
    automaton = LANGUAGES[pattern].compile(VOCABULARY)
    fixed = torch.full((L,), -1)
    if seed == 2:  # a token of some member stands there already
        fixed[0] = members(pattern, fixed)[0][0]
    editable = (fixed < 0)[None]
    canvas = torch.where(fixed < 0, 3, fixed)[None]
    support = automaton.posterior(logits[0], fixed).support()[None]
    context = step_context(
        logits,
        canvas=canvas,
        editable=editable,
        time=TIME,
        vocabulary=VOCABULARY,
        unconditional=lambda: logits.roll(1, -1),
        support=lambda: support & editable[..., None],
    )
    bias = total(GUIDANCES[name], context)
    assert bias is not None
    posterior = automaton.posterior(logits[0], fixed, bias=bias[0])
    names = list(BY_HAND) if name == "all" else [name]
    factors = logits[0] + sum(BY_HAND[one](logits[0], canvas[0], editable[0]) for one in names)
    canvases = members(pattern, fixed)
    weights = [
        math.fsum(float(factors[i, token]) for i, token in enumerate(one) if int(fixed[i]) < 0) for one in canvases
    ]
    top = max(weights)
    log_z = top + math.log(math.fsum(math.exp(weight - top) for weight in weights))
    assert float(posterior.log_z) == pytest.approx(log_z, abs=1e-9)
    marginals = torch.zeros(L, V, dtype=torch.float64)
    for one, weight in zip(canvases, weights, strict=True):
        marginals[torch.arange(L), torch.tensor(one)] += math.exp(weight - log_z)
    assert float((posterior.marginals() - marginals).abs().max()) < 1e-9
    best = max(zip(weights, [[-t for t in one] for one in canvases], strict=True))
    assert posterior.mode().tolist() == [-t for t in best[1]]
    drawn = [tuple(posterior.sample(draw).tolist()) for _ in range(400)]
    shares = {one: math.exp(weight - log_z) for one, weight in zip(canvases, weights, strict=True)}
    off = sum(abs(drawn.count(one) / 400 - share) for one, share in shares.items()) / 2
    assert off < 0.5 * math.sqrt(len(canvases) / 400) + 0.03
