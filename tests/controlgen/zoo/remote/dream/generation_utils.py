"""``diffusion_generate``: the decoding loop that Dream checkpoints bring along, with its two hooks.

Simplified where the convention does not show; what a caller or a hook can observe is kept: the arguments, the
order of the calls, what is passed, and that the canvas is changed in place between the hooks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers.utils import ModelOutput

Hook = Callable[[int | None, Tensor, Tensor | None], Tensor]

DEFAULTS: dict[str, Any] = {
    "temperature": 0.0,
    "top_p": None,
    "top_k": None,
    "max_length": 20,
    "max_new_tokens": None,
    "eps": 1e-3,
    "steps": 512,
    "alg": "origin",
    "alg_temp": None,
    "num_return_sequences": 1,
    "return_dict_in_generate": False,
    "output_history": False,
    "mask_token_id": None,
    "pad_token_id": None,
    "bos_token_id": None,
    "eos_token_id": None,
}


class DreamGenerationConfig:
    """The options of ``diffusion_generate`` as attributes."""

    def __init__(self, **options: Any) -> None:
        for name, value in {**DEFAULTS, **options}.items():
            setattr(self, name, value)


@dataclass
class DreamModelOutput(ModelOutput):
    """What ``return_dict_in_generate`` returns; the history has the canvas after every step."""

    sequences: Tensor | None = None
    history: tuple[Tensor, ...] | None = None


def sample_tokens(
    logits: Tensor, temperature: float, top_p: float | None, top_k: int | None, score: str
) -> tuple[Tensor, Tensor]:
    """Confidences and tokens of the rows (N, V); all confidences are taken after temperature and truncation."""
    lowest = torch.finfo(logits.dtype).min
    if temperature > 0:
        logits = logits / temperature
    if top_p is not None and top_p < 1:
        ranked, order = logits.sort(descending=True, dim=-1)
        beyond = ranked.softmax(-1).cumsum(-1) > top_p
        beyond = torch.cat((torch.zeros_like(beyond[:, :1]), beyond[:, :-1]), dim=-1)
        logits = logits.masked_fill(torch.zeros_like(beyond).scatter(-1, order, beyond), lowest)
    if top_k is not None:
        kept = logits.topk(min(top_k, logits.shape[-1])).values[:, -1:]
        logits = logits.masked_fill(logits < kept, lowest)
    probabilities = logits.softmax(-1)
    confidence, tokens = probabilities.max(-1)
    if temperature > 0 and len(logits):
        tokens = torch.multinomial(probabilities, 1)[:, 0]
        confidence = probabilities.gather(-1, tokens[:, None])[:, 0]
    if score == "topk_margin":
        two = probabilities.topk(2).values
        confidence = two[:, 0] - two[:, 1]
    if score == "entropy":
        confidence = (probabilities * (probabilities + 1e-10).log()).sum(-1)
    return confidence, tokens


def padded_views(attention_mask: Tensor | None, length: int) -> tuple[Tensor | str, Tensor | None]:
    """What the network gets for a left-padded batch: a 4-D mask and position ids, or ("full", None)."""
    if attention_mask is None or bool(attention_mask.bool().all()):
        return "full", None
    attention_mask = F.pad(attention_mask, (0, length - attention_mask.shape[1]), value=1)
    positions = (attention_mask.long().cumsum(-1) - 1).masked_fill(attention_mask == 0, 1)
    seen = attention_mask.bool()
    return seen[:, None, None, :] & seen[:, None, :, None], positions


class DreamGenerationMixin:
    """Gives a model ``diffusion_generate``."""

    @torch.no_grad()
    def diffusion_generate(
        self, inputs: Tensor | None = None, generation_config: DreamGenerationConfig | None = None, **kwargs: Any
    ) -> DreamModelOutput | Tensor:
        """Fills ``max_new_tokens`` masks after the (left-padded) prompts ``inputs`` (B, P)."""
        assert inputs is not None
        tokens_hook: Hook = kwargs.pop("generation_tokens_hook_func", lambda step, x, logits: x)
        logits_hook: Hook = kwargs.pop("generation_logits_hook_func", lambda step, x, logits: logits)
        attention_mask = kwargs.pop("attention_mask", None)
        given = vars(generation_config) if generation_config is not None else {}
        options = DreamGenerationConfig(**{**given, **kwargs})
        if options.mask_token_id is None:
            options.mask_token_id = self.config.mask_token_id
        if options.max_new_tokens is not None:
            options.max_length = inputs.shape[1] + options.max_new_tokens
        if inputs.shape[1] >= options.max_length:
            raise ValueError("max_length leaves nothing to generate")
        inputs = inputs.repeat_interleave(options.num_return_sequences, dim=0)
        if attention_mask is not None:
            attention_mask = attention_mask.repeat_interleave(options.num_return_sequences, dim=0)
        return self._sample(inputs, attention_mask, options, tokens_hook, logits_hook)

    def _sample(
        self,
        inputs: Tensor,
        attention_mask: Tensor | None,
        options: DreamGenerationConfig,
        tokens_hook: Hook,
        logits_hook: Hook,
    ) -> DreamModelOutput | Tensor:
        x = F.pad(inputs, (0, options.max_length - inputs.shape[1]), value=options.mask_token_id)
        visible, positions = padded_views(attention_mask, options.max_length)
        times = torch.linspace(1, options.eps, options.steps + 1, device=x.device)
        history: list[Tensor] = []
        x = tokens_hook(None, x, None)
        for step in range(options.steps):
            masked = x == options.mask_token_id
            logits = self(x, visible, positions).logits
            logits = torch.cat((logits[:, :1], logits[:, :-1]), dim=1)
            logits = logits_hook(step, x, logits)
            left = times[step + 1] / times[step] if step < options.steps - 1 else torch.tensor(0.0)
            (_at_random if options.alg == "origin" else _surest)(x, masked, logits, 1 - left, options)
            x = tokens_hook(step, x, logits)
            if options.output_history:
                history.append(x.clone())
        if options.return_dict_in_generate:
            return DreamModelOutput(sequences=x, history=tuple(history) if options.output_history else None)
        return x


def _at_random(x: Tensor, masked: Tensor, logits: Tensor, share: Tensor, options: DreamGenerationConfig) -> None:
    """Each masked position is written with probability ``share``."""
    chosen = masked.clone()
    chosen[masked] = torch.rand(int(masked.sum()), device=x.device) < share
    _, x[chosen] = sample_tokens(logits[chosen], options.temperature, options.top_p, options.top_k, "origin")


def _surest(x: Tensor, masked: Tensor, logits: Tensor, share: Tensor, options: DreamGenerationConfig) -> None:
    """The surest positions of every row are written: ``share`` of the rows' mean number of masks."""
    if options.alg not in ("maskgit_plus", "topk_margin", "entropy"):
        raise RuntimeError(f"unknown alg: {options.alg}")
    sure, found = sample_tokens(logits[masked], options.temperature, options.top_p, options.top_k, options.alg)
    count = int(masked.sum() / masked.shape[0] * share)
    if count == 0:
        return
    confidence = torch.full_like(x, -torch.inf, dtype=logits.dtype)
    confidence[masked] = sure
    tokens = torch.full_like(x, options.mask_token_id)
    tokens[masked] = found
    if options.alg_temp:
        chosen = torch.multinomial((confidence / options.alg_temp).softmax(-1), count)
    else:
        chosen = confidence.topk(count).indices
    x.scatter_(1, chosen, tokens.gather(1, chosen))
