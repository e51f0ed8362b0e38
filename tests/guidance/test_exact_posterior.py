"""q with guidance equals enumeration: real guidances, summed, in float64."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from controlgen.constraints import Language, Regex, Vocabulary
from controlgen.guidance import ClassifierFree, ClassifierGuidance, Experts, Guidance, Phrases, total
from tests.guidance.contexts import step_context
from tests.guidance.test_classifier import Quadratic

TOKENS = [b"a", b"b", b"ab", b"c"]
V, L = 5, 4
VOCABULARY = Vocabulary.from_bytes([*TOKENS, None], stop_ids=[4], pad_ids=[4])
LANGUAGES = [Regex("(a|b|c){1,4}"), Regex("ab*c?"), Regex("(ab|c)+") & ~Regex("c")]
GUIDANCES: dict[str, list[Guidance]] = {
    "free": [ClassifierFree(1.3)],
    "exact": [ClassifierGuidance(Quadratic(V, L), 2.0)],
    "first order": [ClassifierGuidance(Quadratic(V, L), 0.5, method="first_order")],
    "experts": [Experts(lambda context: context.logits.flip(-1), strength=0.8)],
    "phrases": [Phrases({"ab": 1.0, "c": -2.0})],
}
GUIDANCES["all"] = [one for group in list(GUIDANCES.values()) for one in group]


def members(language: Language, fixed: Tensor) -> list[tuple[int, ...]]:
    found = []
    for canvas in itertools.product(range(V), repeat=L):
        ends = [token == 4 for token in canvas]
        length = ends.index(True) if True in ends else L
        if not all(ends[length:]) or any(f >= 0 and f != t for f, t in zip(fixed.tolist(), canvas, strict=True)):
            continue
        if language.matches(b"".join(TOKENS[token] for token in canvas[:length]).decode()):
            found.append(canvas)
    return found


@pytest.mark.parametrize("name", GUIDANCES)
@pytest.mark.parametrize("language", LANGUAGES, ids=repr)
@pytest.mark.parametrize("seed", range(3))
def test_posterior_with_guidance_is_the_enumerated_one(name: str, language: Language, seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    logits = torch.randn(1, L, V, generator=draw, dtype=torch.float64)
    automaton = language.compile(VOCABULARY)
    fixed = torch.full((L,), -1)
    if seed == 2:  # a token of some member stands there already
        fixed[0] = members(language, fixed)[0][0]
    editable = (fixed < 0)[None]
    canvas = torch.where(fixed < 0, 3, fixed)[None]
    support = automaton.posterior(logits[0], fixed).support()[None]
    context = step_context(
        logits,
        canvas=canvas,
        editable=editable,
        time=0.6,
        vocabulary=VOCABULARY,
        unconditional=lambda: logits.roll(1, -1),
        support=lambda: support & editable[..., None],
    )
    bias = total(GUIDANCES[name], context)
    assert bias is not None
    posterior = automaton.posterior(logits[0], fixed, bias=bias[0].double())
    factors = logits[0] + bias[0].double()
    canvases = members(language, fixed)
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
