"""Left-to-right masks beside those of llguidance, token by token, with a cause for each difference.

A left-to-right mask is ours with the prefix fixed and room behind it: the tokens on the edges that leave the state
after the prefix (every state of the automaton leads to an end). At a few prefixes of each instance `support` of a real
canvas is asked as well and compared with those edges. Both sides write compact JSON, and read the same bytes of each
token. Where the text is forced, llguidance's mask has the tokenizer's own next token only: tokens that it takes there
all the same (`validate_tokens`) are counted as forced text, not as a difference of languages. Runs in the processes of
`_crew`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from benchmarks._schema_data import Subject
from benchmarks._schema_peers import guidance_matcher
from benchmarks._schema_work import Bench, compile_schema, forget

__all__ = ["MaskBench", "Masks", "compare"]

Mask = npt.NDArray[np.bool_]
_ROOM = 64
_MOST_TOKENS = 400  # of an instance that is walked
_VARIANTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("number spelling", {"numbers": "any"}),
    ("white space", {"whitespace": "flexible"}),
)
_GUIDANCE = {"item_separator": ",", "key_separator": ":", "json_allowed_escapes": 'nrbtf\\"u'}


@dataclass
class Masks:
    """What came of one schema.

    Attributes:
        status: "compared", or who refused it; `reason`: of llguidance.
        prefixes: masks compared; `equal`: the same in every token; `forced`: but for forced text.
        ours, theirs: cause → prefixes at which there is a token that only one side allows, for that cause.
        examples: (cause, side, the end of the prefix, the token).
        supports: prefixes at which `support` was asked; `binding`: there it is smaller than the edges; `wrong`: larger.
        dead: the valid instance itself leaves one of the two languages: (side, the end of the prefix).
    """

    name: str
    status: str
    prefixes: int = 0
    equal: int = 0
    forced: int = 0
    ours: dict[str, int] = field(default_factory=dict)
    theirs: dict[str, int] = field(default_factory=dict)
    examples: list[tuple[str, str, str, str]] = field(default_factory=list)
    supports: int = 0
    binding: int = 0
    wrong: int = 0
    dead: list[tuple[str, str]] = field(default_factory=list)
    reason: str = ""


@dataclass
class MaskBench:
    """Both engines, prepared. `asked`: at how many prefixes of an instance `support` is asked."""

    bench: Bench
    asked: int = 2

    @cached_property
    def tokenizer(self) -> Any:
        """llguidance's, from our bytes, so that both sides mean the same tokens."""
        from llguidance import LLTokenizer
        from llguidance._tokenizer import TokenizerWrapper

        return LLTokenizer(TokenizerWrapper(_Spelled(self.bench)))


class _Spelled:
    """What llguidance wants of a tokenizer: stop token, bytes, special tokens, a call that encodes."""

    def __init__(self, bench: Bench) -> None:
        vocabulary = bench.vocabulary
        ids, text = range(vocabulary.size), vocabulary.is_text
        self._tokens = bench.tokens
        self.eos_token_id, self.bos_token_id = vocabulary.stop_ids[0], None
        self.tokens = [vocabulary.token(i) if text[i] else f"<|barred {i}|>".encode() for i in ids]
        self.special_token_ids = [i for i in ids if not text[i]]

    def __call__(self, text: str | bytes) -> list[int]:
        return self._tokens(text if isinstance(text, str) else text.decode("utf-8", errors="replace"))


class _Walk:
    """The state of a constraint along a prefix."""

    def __init__(self, constraint: Any) -> None:
        self.constraint, self.state = constraint, int(constraint.start)

    def step(self, token: int) -> None:
        self.state = self.constraint._next(self.state, token) if self.state >= 0 else -1

    def mask(self) -> Mask:
        own, classes = self.constraint, np.zeros(self.constraint.num_classes + 1, dtype=np.bool_)
        if self.state >= 0:
            for edge in range(int(own.edge_ptr[self.state]), int(own.edge_ptr[self.state + 1])):
                label = int(own.edge_label[edge])
                classes[own.label_class[int(own.label_ptr[label]) : int(own.label_ptr[label + 1])].numpy()] = True
        token_class = own.token_class.numpy()
        allowed: Mask = classes[np.where(token_class < 0, own.num_classes, token_class)]
        return allowed


def compare(masks: MaskBench, subject: Subject) -> Masks:
    """Walk the first valid instance of a schema through both engines."""
    forget()
    bench, result = masks.bench, Masks(subject.name, "compared")
    compiled = compile_schema(subject.schema, bench, whitespace="compact")
    if compiled.constraint is None:
        result.status = f"controlgen: {compiled.status}"
        return result
    try:
        matcher = guidance_matcher(masks.tokenizer, subject.schema, **_GUIDANCE)
    except ValueError as error:
        result.status, result.reason = "refused by llguidance", str(error)[:200]
        return result
    texts = [json.dumps(v, ensure_ascii=False, separators=(",", ":")) for ok, v in subject.instances if ok]
    if not texts:
        result.status = "no valid instance"
        return result
    canvas = bench.canvas(texts[0])[:_MOST_TOKENS]
    _walk(masks, subject, compiled.constraint, matcher, canvas, result)
    return result


def _walk(masks: MaskBench, subject: Subject, constraint: Any, matcher: Any, canvas: list[int], result: Masks) -> None:
    vocabulary = masks.bench.vocabulary
    walk, variants = _Walk(constraint), _Variants(masks.bench, subject)
    asked = set(np.linspace(0, len(canvas) - 1, masks.asked + 2, dtype=int)[1:-1].tolist())
    for place, token in enumerate(canvas):
        ours = walk.mask()
        theirs: Mask = np.frombuffer(matcher.compute_logit_bias(), dtype=np.uint8)[: vocabulary.size] > 0
        result.prefixes += 1
        forced = _forced(matcher, ours & ~theirs) if theirs.sum() == 1 else np.zeros_like(ours)
        if np.array_equal(ours & ~forced, theirs):
            result.equal += not forced.any()
            result.forced += bool(forced.any())
        else:
            theirs = theirs | forced
            _explain(masks.bench, variants, canvas[:place], ours, theirs, result)
        if place in asked:
            _ask_support(constraint, canvas[:place], ours, result)
        for side, mask in (("controlgen", ours), ("llguidance", theirs)):
            if not mask[token]:
                result.dead.append((side, _tail(masks.bench, canvas[:place])))
        if result.dead or (place + 1 < len(canvas) and not matcher.consume_token(token)):
            return
        walk.step(token)


def _forced(matcher: Any, candidates: Mask) -> Mask:
    """The tokens that llguidance takes although its mask leaves them out."""
    taken = np.zeros_like(candidates)
    for token in candidates.nonzero()[0].tolist():
        taken[token] = matcher.validate_tokens([token]) == 1
    return taken


def _ask_support(constraint: Any, prefix: list[int], edges: Mask, result: Masks) -> None:
    """Is `support` of a canvas with this prefix what the edges say?"""
    length = max(len(prefix), constraint.min_tokens) + _ROOM
    fixed = torch.full((length,), -1)
    fixed[: len(prefix)] = torch.tensor(prefix, dtype=torch.int64)
    logits = torch.zeros(1, 1).expand(length, constraint.vocab_size)
    support: Mask = constraint.posterior(logits, fixed).support()[len(prefix)].numpy()
    result.supports += 1
    result.wrong += bool((support & ~edges).any())
    result.binding += bool((edges & ~support).any())


# -- causes --------------------------------------------------------------------------------------------------------


class _Variants:
    """The same schema in other spellings, compiled when first needed."""

    def __init__(self, bench: Bench, subject: Subject) -> None:
        self._bench, self._subject, self._kept = bench, subject, {}  # type: ignore[var-annotated]

    def masks(self, prefix: list[int]) -> Iterator[tuple[str, Mask]]:
        for name, options in _VARIANTS:
            if name not in self._kept:
                wanted = {"whitespace": "compact", **options}
                self._kept[name] = compile_schema(self._subject.schema, self._bench, **wanted).constraint
            if self._kept[name] is not None:
                walk = _Walk(self._kept[name])
                for token in prefix:
                    walk.step(token)
                yield name, walk.mask()


def _explain(
    bench: Bench, variants: _Variants, prefix: list[int], ours: Mask, theirs: Mask, result: Masks
) -> None:
    spelled = bench.vocabulary.decode(prefix)
    for side, counter, only in (("ours", result.ours, ours & ~theirs), ("theirs", result.theirs, theirs & ~ours)):
        rest, found = only.copy(), {}
        for cause, mask in variants.masks(prefix) if side == "theirs" and rest.any() else ():
            explained = rest & mask
            if explained.any():
                found[cause] = int(explained.nonzero()[0][0])
                rest &= ~mask
        for token in rest.nonzero()[0].tolist():
            found.setdefault(_cause(bench, spelled, token), token)
        for cause, token in found.items():
            counter[cause] = counter.get(cause, 0) + 1
            if sum(example[:2] == (cause, side) for example in result.examples) < 2:
                word = "stop" if token in bench.vocabulary.stop_ids else repr(bench.vocabulary.token(token))[1:]
                result.examples.append((cause, side, _tail(bench, prefix), word))


def _cause(bench: Bench, prefix: bytes, token: int) -> str:
    """What a token is that only one side allows, from where it stands."""
    if not bench.vocabulary.is_text[token]:
        return "end of the text"
    word, place = bench.vocabulary.token(token), _place(prefix)
    if b"\\" in word or place.endswith("escape"):
        return "escapes"
    if any(byte < 0x20 or byte == 0x7F for byte in word) and place in ("key", "string"):
        return "control characters"
    if place == "number" or (place == "structure" and word[:1] in b"-0123456789"):
        return "number spelling"
    if any(byte >= 0x80 for byte in word):
        try:
            (prefix + word).decode("utf-8")
        except UnicodeDecodeError:
            return f"part of a character, in a {place}"
    return f"in a {place}"


def _place(prefix: bytes) -> str:
    """Where a JSON text breaks off: "key", "string", either with " escape", "number" or "structure"."""
    inside, escaped, key, opened = False, False, False, []
    expecting_key = False
    for byte in prefix.decode("utf-8", errors="replace"):
        if inside:
            inside, escaped = byte != '"' or escaped, byte == "\\" and not escaped
        elif byte == '"':
            inside, escaped, key = True, False, expecting_key
        elif byte in "{[":
            opened.append(byte)
            expecting_key = byte == "{"
        elif byte in "}]":
            opened = opened[:-1]
            expecting_key = False
        elif byte in ":,":
            expecting_key = byte == "," and opened[-1:] == ["{"]
    if inside:
        escaped = escaped or re.search(rb"\\u[0-9a-fA-F]{0,3}$", prefix) is not None
        return ("key" if key else "string") + (" escape" if escaped else "")
    return "number" if re.search(rb"[-0-9][-+.eE0-9]*$", prefix) else "structure"


def _tail(bench: Bench, prefix: list[int]) -> str:
    return str(bench.vocabulary.decode(prefix)[-30:], "utf-8", errors="replace")
