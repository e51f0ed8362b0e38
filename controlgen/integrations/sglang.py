"""An algorithm of SGLang's diffusion engine: `LowConfidence`, with a language.

SGLang takes every module in its folder `sglang/srt/dllm/algorithm` for an algorithm. Put a file there that says

    from controlgen.integrations.sglang import ConstrainedLowConfidence as Algorithm

or call `register()` in the server's process, then start the server with `--dllm-algorithm ConstrainedLowConfidence` and
`--dllm-algorithm-config` naming a YAML file such as

    json_schema: invoice.schema.json     # or regex: "[A-Z]{3}-[0-9]+"
    tokenizer: inclusionAI/LLaDA2.0-mini
    vocab_size: 157184                   # columns of the logits
    max_new_tokens: 256                  # the canvas: a text ends within so many tokens
    threshold: 0.95

The engine decodes block by block and shows one block at a time; each request's way through its language is kept here,
by the request's id. At each step the witness of a block is the joint best that agrees with the tokens on it and that
the blocks to come can complete; committed are tokens of the witness, those with a confidence above the threshold, and
the surest in any case.

Knows: what the engine asks of `init_step_state` and `step`, and how blocks follow each other. Does not know: the model.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from controlgen.constraints import JsonSchema, Regex, TokenAutomaton, Vocabulary

from ._witness import How, Row, checked, choose, lifted, rows_of

__all__ = ["ConstrainedLowConfidence", "register"]

_REQUESTS = 8192  # so many requests are followed at most; the engine runs far fewer at a time
_UNKNOWN = ("json_schema", "regex", "ebnf", "structural_tag")


class _Published:
    """What the engine's base class offers its subclasses, where the engine is not installed."""

    def __init__(self, config: Any) -> None:
        self.block_size: int = config.block_size
        self.mask_id: int = config.mask_id
        self.fdfo: bool = config.first_done_first_out_mode


def _base_class() -> Any:
    try:
        return import_module("sglang.srt.dllm.algorithm.base").DllmAlgorithm
    except ImportError:
        return _Published


_Base: Any = _base_class()


@dataclass
class _Request:
    """A request on its way: the state before its block, where the block begins, and what was last written to it."""

    row: Row | None  # None: a request without a constraint
    start: int
    prompt: int  # columns of the block that are prompt
    written: list[int]


class ConstrainedLowConfidence(_Base):  # type: ignore[misc]
    """Commits confident tokens of a joint witness; every request's text is a member of its constraint.

    Guaranteed for requests whose `max_new_tokens` is not below this algorithm's and that stop at the vocabulary's stop
    tokens; others are refused by `validate_request`. Override `constraint_of` for a constraint of each request's own.

    Args:
        config: the engine's; its `algorithm_config` has the keys in the module's text, and `witness`, `seed`.
        constraint: a compiled one, in place of those keys.

    Raises:
        UnsupportedConstraint: for a verified constraint: it needs a check of each candidate, which has no place here.
        InfeasibleConstraint: where `max_new_tokens` is too small, with the least number.
    """

    max_new_tokens = 256

    def __init__(self, config: Any, constraint: TokenAutomaton | None = None) -> None:
        super().__init__(config)
        options = config.algorithm_config or {}
        self.threshold = float(options.get("threshold", 0.95))
        self.max_new_tokens = int(options.get("max_new_tokens", type(self).max_new_tokens))
        type(self).max_new_tokens = self.max_new_tokens  # for `validate_request`, which the engine asks of the class
        self._how = How(options.get("witness", "mode"), int(options.get("seed", 0)))
        self.constraint = _compiled(options) if constraint is None else constraint
        if self.constraint is not None:
            rows_of(checked(self.constraint), 1, self.max_new_tokens)
        self._requests: OrderedDict[str, _Request] = OrderedDict()

    def constraint_of(self, rid: str) -> TokenAutomaton | None:
        """The constraint of a request by its id, None for free text; asked once, when its first block begins."""
        return self.constraint

    @classmethod
    def validate_request(cls, req: Any) -> str | None:
        """Why a request can't be served, or None."""
        sampling = req.sampling_params
        unknown = [name for name in _UNKNOWN if getattr(sampling, name, None) is not None]
        if unknown:
            return f"{cls.__name__} has its own constraint and does not take a request's {', '.join(unknown)}"
        if getattr(sampling, "ignore_eos", False):
            return f"{cls.__name__} ends a text with a stop token: ignore_eos is not supported"
        limit = getattr(sampling, "max_new_tokens", None)
        if limit is not None and limit < cls.max_new_tokens:
            return f"max_new_tokens is {limit}, {cls.__name__} writes texts of up to {cls.max_new_tokens} tokens"
        return None

    def init_step_state(self, forward_batch: Any) -> list[Any]:
        """A block's state: nothing before its first step (the engine also asks for rows that it then leaves alone)."""
        return [{} for _ in range(forward_batch.batch_size)]

    def max_steps(self, block_size: int) -> int:
        """Each step commits a token, and one more sees the whole block."""
        return block_size + 1

    def step(self, forward_batch: Any, logits_output: Any, states: list[Any]) -> list[bool]:
        """Commit tokens in place; True for each block that was complete before this step."""
        batch = forward_batch.batch_size
        full = getattr(logits_output, "full_logits", logits_output)
        logits = full.view(batch, self.block_size, -1)
        blocks = forward_batch.input_ids.view(batch, self.block_size)
        open_positions = blocks == self.mask_id
        done: list[bool] = (~open_positions.any(dim=1)).tolist()
        groups: dict[tuple[bool, int, int], list[int]] = {}
        for i in (i for i in range(batch) if not done[i]):
            if not states[i]:
                states[i]["request"] = self._request(forward_batch, i, open_positions[i])
            request = states[i]["request"]
            left = self.block_size if request.row is None else request.row.left
            groups.setdefault((request.row is not None, request.prompt, left), []).append(i)
        written = blocks.clone()
        for index in groups.values():
            requests = [states[i]["request"] for i in index]
            written[index] = self._written(requests, logits[index], blocks[index])
            for i, request in zip(index, requests, strict=True):
                request.written = written[i].tolist()
        forward_batch.input_ids.copy_(written.view(-1))
        return done

    # -- blocks -----------------------------------------------------------------------------------------------------

    def _written(self, requests: list[_Request], logits: Tensor, blocks: Tensor) -> Tensor:
        """The blocks (B, n) of requests with equally many columns of prompt, with more tokens on them."""
        first, rows = requests[0].prompt, [request.row for request in requests if request.row is not None]
        if not rows:
            masked = logits.float().index_fill(-1, torch.tensor([self.mask_id], device=logits.device), -torch.inf)
            return self._committed(masked, masked.argmax(dim=-1), blocks)
        out = blocks.clone()
        here = slice(first, min(first + rows[0].left, self.block_size))
        out[:, here.stop :] = self._filler(rows[0])  # behind the canvas: cut off by the engine
        if here.stop > here.start:
            canvas = blocks[:, here]
            fixed = canvas.masked_fill(canvas == self.mask_id, -1)
            tokens, target = choose(rows, logits[:, here], fixed, self._how)
            out[:, here] = self._committed(lifted(logits[:, here], target.support(), tokens), tokens, canvas)
        return out

    def _committed(self, scores: Tensor, tokens: Tensor, canvas: Tensor) -> Tensor:
        """The canvas (B, n) with the tokens that are sure enough, or the surest one, of each row."""
        open_positions = canvas == self.mask_id
        confidence = scores.softmax(dim=-1).gather(-1, tokens[..., None])[..., 0]
        confidence = confidence.masked_fill(~open_positions, -torch.inf)
        best = torch.zeros_like(open_positions).scatter(1, confidence.argmax(dim=1, keepdim=True), True)
        chosen = open_positions & ((confidence > self.threshold) | best)
        return torch.where(chosen, tokens.to(canvas.dtype), canvas)

    @staticmethod
    def _filler(row: Row) -> int:
        vocabulary = row.table.automaton.vocabulary
        return next(iter((*vocabulary.stop_ids, *vocabulary.pad_ids)), 0) if vocabulary is not None else 0

    # -- requests ---------------------------------------------------------------------------------------------------

    def _request(self, forward_batch: Any, i: int, open_positions: Tensor) -> _Request:
        """The request of row i, at the begin of a block: a new one, the next block of one, or the same block again."""
        rids = forward_batch.rids
        if not rids:
            raise RuntimeError("the engine does not say which requests its batch holds (ForwardBatch.rids is empty)")
        rid, start = rids[i], int(forward_batch.extend_prefix_lens_cpu[i])
        known = self._requests.get(rid)
        if known is None or start not in (known.start, known.start + self.block_size):
            constraint = self.constraint_of(rid)
            row = None if constraint is None else rows_of(checked(constraint), 1, self.max_new_tokens)[0]
            known = _Request(row, start, int(open_positions.int().argmax()), [])
        elif start > known.start:
            if known.row is not None:
                known.row.read(known.written[known.prompt :])
            known.start, known.prompt = start, 0
        self._requests[rid] = known
        self._requests.move_to_end(rid)
        if len(self._requests) > _REQUESTS:
            self._requests.popitem(last=False)
        return known


def _compiled(options: dict[str, Any]) -> TokenAutomaton | None:
    """The constraint that the keys of an algorithm's configuration describe."""
    schema, pattern = options.get("json_schema"), options.get("regex")
    if schema is None and pattern is None:
        return None
    if isinstance(schema, str):
        schema = json.loads(Path(schema).read_text(encoding="utf-8"))
    language = Regex(str(pattern)) if schema is None else JsonSchema(schema)
    if "tokenizer" not in options:
        raise ValueError("the algorithm's configuration has a constraint and needs `tokenizer` (and `vocab_size`)")
    vocabulary = Vocabulary.from_tokenizer(_tokenizer(options["tokenizer"]), size=options.get("vocab_size"))
    return language.compile(vocabulary)


def _tokenizer(name: str) -> Any:
    if Path(name).exists():
        return name
    return import_module("transformers").AutoTokenizer.from_pretrained(name)


def register() -> None:
    """Add the algorithm to those that the engine in this process knows."""
    known = import_module("sglang.srt.dllm.algorithm").algo_name_to_cls
    known[ConstrainedLowConfidence.__name__] = ConstrainedLowConfidence
