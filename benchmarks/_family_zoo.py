"""Tiny random models of every family, the samplers, languages that fit their canvases, and the judges.

A `Subject` says how a family's model is made and, from the zoo's own constants, which ids are text and which end it:
the judges read a canvas by that and by the tokenizer's decoder, and ask `re` and `jsonschema`. Of the constraint they
know nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema
import torch
from torch import Tensor

from benchmarks.hostile import format_checker
from controlgen import Model
from controlgen._prompt import SPECIAL_TOKENS
from controlgen.constraints import JsonSchema, Language, Regex
from controlgen.samplers import (
    Analytic,
    Ancestral,
    Entropy,
    EntropyBound,
    Factor,
    FirstHitting,
    LeftToRight,
    LowConfidence,
    Margin,
    Random,
    ReMDM,
    Sampler,
    Threshold,
    TokenEditing,
    UniformRenoise,
)

SAMPLERS: dict[str, Sampler] = {
    "LowConfidence": LowConfidence(),
    "Entropy": Entropy(),
    "Margin": Margin(),
    "Random": Random(),
    "LeftToRight": LeftToRight(),
    "Threshold": Threshold(0.6),
    "Factor": Factor(),
    "EntropyBound": EntropyBound(0.3),
    "Ancestral": Ancestral(),
    "Analytic": Analytic(),
    "FirstHitting": FirstHitting(),
    "ReMDM cap": ReMDM("cap", eta=0.2),
    "ReMDM rescale": ReMDM("rescale", eta=0.2),
    "ReMDM conf": ReMDM("conf"),
    "ReMDM loop": ReMDM("loop", eta=0.2),
    "TokenEditing": TokenEditing(0.5, 0.2, post_steps=4),
    "UniformRenoise": UniformRenoise(0.3),
}
KINDS = ("regex", "schema", "none")
PROMPTS = ("Name the city, please.", "Return only the JSON object, with no other text before or after it: Ada, 36.")

_ENDING = ("[A-Z][a-z]{1,8}(?: [A-Z][a-z]{1,8}){0,2}, [0-9]{4}", "(?:[a-f]{2}-)+[0-9]\\.é?")
_FILLING = ("(?:[A-Z][a-z]+ )+[0-9]{2,4}", "[a-z .,é]+!")
_PERSON: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 12},
        "age": {"type": "integer", "minimum": 0, "maximum": 130},
        "tags": {"type": "array", "items": {"enum": ["a", "bc", 7, None]}, "maxItems": 3},
    },
    "required": ["name", "age"],
    "additionalProperties": False,
}
_BILL: dict[str, Any] = {
    "type": "object",
    "properties": {
        "no": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$"},
        "on": {"type": "string", "format": "date"},
        "paid": {"type": "boolean"},
    },
    "required": ["no", "on", "paid"],
    "additionalProperties": False,
}
_FREE_NAME: dict[str, Any] = {**_PERSON, "properties": {**_PERSON["properties"], "name": {"type": "string"}}}
_FREE_LIST: dict[str, Any] = {"type": "array", "items": {"type": "string"}, "minItems": 1}


@dataclass(frozen=True)
class Subject:
    """A family as the benchmark sees it.

    Attributes:
        name: of the family.
        make: seed to the model.
        text: how many ids are text; they are the lowest ones, from `first` on.
        stops, ends: ids that end a text, and those with the ids of padding; without any a canvas is text to its end.
        lengths: of the two rows of a batch.
        blocks: sizes of blocks to try, one after the other; None is the family's own.
        first: the lowest id that is text.
    """

    name: str
    make: Callable[[int], Model]
    text: int
    stops: frozenset[int]
    ends: frozenset[int]
    lengths: tuple[int, int] = (40, 33)
    blocks: tuple[int | None, ...] = (None,)
    first: int = 0

    def languages(self, kind: str) -> list[Language | None]:
        """One per row; without a token that ends the text, some member has to fill any canvas."""
        if kind == "regex":
            return [_regex(pattern) for pattern in (_ENDING if self.stops else _FILLING)]
        if kind == "schema":
            return [_schema(json.dumps(schema)) for schema in self._schemas]
        return [None, None]

    def judges(self, kind: str, model: Model) -> list[Callable[[Sequence[int]], str | None]]:
        """Per row: what is wrong with a canvas, or None."""
        if kind == "none":
            return [self._fault_of_free] * 2
        known = [
            (lambda text, p=pattern: re.fullmatch(p, text) is not None)
            for pattern in (_ENDING if self.stops else _FILLING)
        ]
        if kind == "schema":
            known = [_accepts(schema) for schema in self._schemas]
        return [lambda canvas, holds=holds: self._fault(canvas, model.tokenizer, holds) for holds in known]

    @property
    def _schemas(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return (_PERSON, _BILL) if self.stops else (_FREE_NAME, _FREE_LIST)

    def _is_text(self, token: int) -> bool:
        return self.first <= token < self.text

    def _fault_of_free(self, canvas: Sequence[int]) -> str | None:
        strange = [token for token in canvas if not self._is_text(token) and token not in self.ends]
        return f"token {strange[0]} may never be written" if strange else None

    def _fault(self, canvas: Sequence[int], tokenizer: Any, holds: Callable[[str], bool]) -> str | None:
        end = next((i for i, token in enumerate(canvas) if token in self.ends), len(canvas))
        if not all(map(self._is_text, canvas[:end])):
            return "a mask, control or padded token"
        if any(token not in self.ends for token in canvas[end:]):
            return "text after the end"
        if end < len(canvas) and canvas[end] not in self.stops:
            return "padding before the end"
        text = tokenizer.decode(list(canvas[:end]), skip_special_tokens=False)
        return None if holds(text) else f"no member: {text!r}"


@cache
def _regex(pattern: str) -> Language:
    return Regex(pattern)


@cache
def _schema(schema: str) -> Language:
    return JsonSchema(json.loads(schema))


def _accepts(schema: dict[str, Any]) -> Callable[[str], bool]:
    validator = jsonschema.Draft202012Validator(schema, format_checker=format_checker())

    def holds(text: str) -> bool:
        try:
            return bool(validator.is_valid(json.loads(text)))
        except ValueError:
            return False

    return holds


def _from_zoo(module: Any, family: str | None = None) -> Callable[[int], Model]:
    from tests.controlgen.zoo import _tokenizer

    def make(seed: int) -> Model:
        tokenizer = _tokenizer.tokenizer(module.SPECIAL)
        return Model.of(module.network(seed), tokenizer, family=family, config=module.CONFIG)

    return make


GEMMA_SPECIAL = ("<pad>", "<eos>", "<bos>", "<image>")


def gemma(seed: int, canvas: int = 16) -> Model:
    """transformers' own DiffusionGemma with one sliding and one full layer of random weights."""
    from transformers import DiffusionGemmaForBlockDiffusion
    from transformers.models.diffusion_gemma.configuration_diffusion_gemma import (
        DiffusionGemmaConfig,
        DiffusionGemmaTextConfig,
    )

    from tests.controlgen.zoo import _tokenizer

    pad, eos, bos, image = range(_tokenizer.TEXT_TOKENS, _tokenizer.TEXT_TOKENS + len(GEMMA_SPECIAL))
    shared = {"hidden_size": 32, "intermediate_size": 32, "num_attention_heads": 2, "num_key_value_heads": 1}
    text = DiffusionGemmaTextConfig(
        **shared,
        vocab_size=336,
        moe_intermediate_size=16,
        num_hidden_layers=2,
        layer_types=["sliding_attention", "full_attention"],
        num_global_key_value_heads=1,
        head_dim=16,
        global_head_dim=16,
        num_experts=2,
        top_k_experts=1,
        sliding_window=64,
        pad_token_id=pad,
        eos_token_id=eos,
        bos_token_id=bos,
    )
    vision = {**shared, "model_type": "gemma4_vision", "hidden_size": 16, "num_hidden_layers": 1, "head_dim": 8}
    config = DiffusionGemmaConfig(text_config=text, vision_config=vision, canvas_length=canvas, image_token_id=image)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = DiffusionGemmaForBlockDiffusion(config).eval()
        with torch.no_grad():
            for parameter in network.parameters():
                if parameter.dim() >= 2:
                    parameter.normal_(std=0.3)
            network.model.decoder.embed_tokens.weight.normal_(std=6.0 / 32**0.5)
    network.generation_config.pad_token_id = pad
    network.generation_config.eos_token_id = eos
    return Model.of(network, _tokenizer.tokenizer(GEMMA_SPECIAL))


def subjects() -> list[Subject]:
    """Every family of the zoo, transformers' DiffusionGemma, and the embedded one with random weights."""
    from tests.controlgen import tiny
    from tests.controlgen.zoo import _tokenizer, bd3lm, dream, fast_dllm, llada, llada2, mdlm, sdar, sedd

    text = _tokenizer.TEXT_TOKENS
    nothing: frozenset[int] = frozenset()

    def ids(*tokens: int) -> frozenset[int]:
        return frozenset(tokens)

    config = tiny.network().config
    stop, pad = int(config.eos_token_id), int(config.pad_token_id)
    width = tiny.tokenizer().get_vocab_size()
    return [
        Subject("LLaDA", _from_zoo(llada), text, ids(llada.EOS, llada.EOT), ids(llada.EOS, llada.EOT)),
        Subject("Dream", _from_zoo(dream), text, ids(dream.EOS, dream.IM_END), ids(dream.EOS, dream.IM_END)),
        Subject("SDAR", _from_zoo(sdar), text, ids(sdar.EOS, sdar.END), ids(sdar.EOS, sdar.END), blocks=(None, 8)),
        Subject("LLaDA2.0", _from_zoo(llada2), text, ids(llada2.EOS), ids(llada2.EOS), blocks=(8, None)),
        Subject("LLaDA2.1", _from_zoo(llada2, "llada2.1"), text, ids(llada2.EOS), ids(llada2.EOS), blocks=(8, None)),
        Subject(
            "Fast-dLLM v2",
            _from_zoo(fast_dllm),
            text,
            ids(fast_dllm.END, fast_dllm.PAD),
            ids(fast_dllm.END, fast_dllm.PAD),
            blocks=(16, None),
        ),
        Subject("MDLM", _from_zoo(mdlm), text, nothing, nothing, (32, 25)),
        Subject("SEDD", _from_zoo(sedd, "sedd"), text, nothing, nothing, (32, 25)),
        Subject("BD3-LM", _from_zoo(bd3lm), text, nothing, nothing, (32, 25)),
        Subject("DiffusionGemma", gemma, text, ids(text + 1), ids(text, text + 1), (48, 32)),
        Subject("embedded", tiny.model, width, ids(stop), ids(stop, pad), first=len(SPECIAL_TOKENS)),
    ]


def tokens_of(canvas: Tensor) -> list[int]:
    return [int(token) for token in canvas]
