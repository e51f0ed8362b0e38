"""MDLM: a masked language model sampled by ancestral steps, and ReMDM, which masks written tokens again.

The published class returns raw logits; the SUBS parameterisation (nothing predicts the mask, what is written
stays) belongs to the sampler. Models of this family know no end of text: a canvas is exactly that many tokens.
"""

from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tests.controlgen.zoo import _shared, _tokenizer
from tests.controlgen.zoo._shared import Uniforms
from tests.controlgen.zoo.remote.mdlm.configuration_mdlm import MDLMConfig
from tests.controlgen.zoo.remote.mdlm.modeling_mdlm import MDLM

SPECIAL = ("<|endoftext|>",)
END = _tokenizer.TEXT_TOKENS
MASK = END + 1
"""The tokenizer, that of GPT-2 in published models, has no mask token: the id just behind its last is it."""
COLUMNS = MASK + 1

CONFIG: dict[str, Any] = {
    "architectures": ["MDLM"],
    "auto_map": {"AutoConfig": "configuration_mdlm.MDLMConfig", "AutoModelForMaskedLM": "modeling_mdlm.MDLM"},
    "cond_dim": 16,
    "dropout": 0.1,
    "hidden_dim": 32,
    "model_length": 1024,
    "model_type": "mdlm",
    "n_blocks": 2,
    "n_heads": 2,
    "return_dict": False,
    "time_conditioning": False,
    "torch_dtype": "float32",
    "vocab_size": COLUMNS,
}


def network(seed: int = 0, spread: float = 3.0, **sizes: Any) -> MDLM:
    """The model in memory; ``sizes`` override entries of the configuration."""
    made = MDLM(MDLMConfig(**{**CONFIG, **sizes})).eval()
    made.backbone.fill(spread, seed)
    return made


def save(folder: str | Path, seed: int = 0) -> None:
    """A model folder as published, with the tokenizer beside it (published models borrow GPT-2's)."""
    _shared.write(folder, network(seed), CONFIG, remote="mdlm")
    _tokenizer.save(folder, SPECIAL, bos_token="<|endoftext|>", eos_token="<|endoftext|>", unk_token="<|endoftext|>")


def barred() -> Tensor:
    """The mask token and <|endoftext|>: a canvas holds text only."""
    bad = torch.zeros(COLUMNS, dtype=torch.bool)
    bad[_tokenizer.TEXT_TOKENS :] = True
    return bad


def total_noise(t: float, eps: float = 1e-3) -> Tensor:
    """The log-linear schedule's sigma at time t, what the network is told as ``timesteps``."""
    return -torch.log1p(torch.tensor(-(1 - eps) * t, dtype=torch.float64))


def nucleus(probabilities: Tensor, nucleus_p: float) -> Tensor:
    """Keeps the likeliest tokens whose running sum stays within ``nucleus_p``, and always the first."""
    if nucleus_p >= 1:
        return probabilities
    ranked, order = probabilities.sort(dim=-1, descending=True, stable=True)
    kept = ranked.cumsum(-1) <= nucleus_p
    kept[:, 0] = True
    ranked = ranked * kept
    return torch.zeros_like(probabilities).scatter(-1, order, ranked / ranked.sum(-1, keepdim=True))


def rates(
    strategy: str,
    t: float,
    s: float,
    *,
    eta: float = 0.0,
    weights: Tensor | float = 1.0,
    t_on: float = 0.0,
    t_off: float = 0.0,
    alpha_on: float = 0.0,
) -> tuple[float, Tensor | float]:
    """Probabilities of a step from time t to s: that a mask is written, and that a token is masked again.

    ``weights`` are those of strategy "conf", one per position. As published, writing and masking are coupled: what
    is masked again at rate sigma is made up for by writing more. Strategy "conf" alone writes at MDLM's rate,
    because positions that are masked have weight zero. Values beyond 1 mean certainty.
    """
    alpha_t, alpha_s = 1 - t, 1 - s
    limit = min(1.0, (1 - alpha_s) / alpha_t) if alpha_t > 0 else 1.0
    if strategy == "mdlm":
        return 1 - s / t, 0.0
    if strategy == "cap":
        sigma = min(eta, (1 - alpha_s) / alpha_t) if alpha_t > 0 else eta
        return (alpha_s - (1 - sigma) * alpha_t) / (1 - alpha_t), sigma
    if strategy == "rescale":
        sigma = eta * limit
        return (alpha_s - (1 - sigma) * alpha_t) / (1 - alpha_t), sigma
    if strategy == "conf":
        return (alpha_s - alpha_t) / (1 - alpha_t), weights * limit
    assert strategy == "loop"
    if t > t_on:
        slope = alpha_on / (1 - t_on)
        return 1 - (1 - (1 - s) * slope) / (1 - (1 - t) * slope), 0.0
    if t <= t_off:
        return 1 - s / t, 0.0
    return eta * alpha_on / (1 - alpha_on), eta


def conf_weights(confidence: Tensor, masked: Tensor) -> Tensor:
    """Strategy "conf": the surer the model was of a token, the smaller its share of being masked again.

    ``confidence`` has minus the probability a token had when it was written, minus infinity at masks.
    """
    if masked.all():
        return torch.zeros_like(confidence)
    return confidence.softmax(-1).masked_fill(masked, 0)


@torch.no_grad()
def generate(
    network: nn.Module,
    prompt_ids: Tensor,
    length: int,
    *,
    barred: Tensor,
    uniforms: Uniforms,
    steps: int = 16,
    eps: float = 1e-5,
    strategy: str = "mdlm",
    eta: float = 0.0,
    t_on: float = 0.0,
    t_off: float = 0.0,
    alpha_on: float = 0.0,
    nucleus_p: float = 1.0,
    noise_removal: bool = True,
) -> Tensor:
    """The canvas (L,) behind a fixed prompt (often empty). Masks left at the end get their likeliest tokens."""
    prompt, mask = len(prompt_ids), network.config.vocab_size - 1
    canvas = torch.cat((prompt_ids.long(), torch.full((length,), mask)))
    answer = canvas[prompt:]
    times = torch.linspace(1, eps, steps + 1, dtype=torch.float64).tolist()
    confidence = torch.full((length,), -torch.inf, dtype=torch.float64)

    def predictions(t: float) -> Tensor:
        logits = network(canvas[None], total_noise(t)[None].float())[0, prompt:]
        return _shared.allowed(logits, barred).softmax(-1)

    for t, s in pairwise(times):
        masked = answer == mask
        likely = nucleus(predictions(t), nucleus_p)
        written, remasked = rates(
            strategy,
            t,
            s,
            eta=eta,
            weights=conf_weights(confidence, masked),
            t_on=t_on,
            t_off=t_off,
            alpha_on=alpha_on,
        )
        tokens = _shared.draw(likely, uniforms("tokens", (length,)))
        opened = masked & (uniforms("unmask", (length,)) < written)
        if strategy != "mdlm":
            closed = ~masked & (uniforms("remask", (length,)) < remasked)
            answer[closed] = mask
            confidence[closed] = -torch.inf
        answer[opened] = tokens[opened]
        confidence[opened] = -likely.gather(-1, tokens[:, None])[:, 0][opened]
    if noise_removal:
        left = answer == mask
        answer[left] = predictions(times[-1]).argmax(-1)[left]
    return answer.clone()
