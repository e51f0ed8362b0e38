"""SEDD with the absorbing graph: a network of log score ratios, and the analytic sampler that Tweedie's rule gives.

Not a transformers model: its config.json is the configuration of the training run, without a model_type, and a
folder is read with ``SEDD.from_pretrained`` of huggingface_hub's mixin.
"""

from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import Tensor, nn

from tests.controlgen.zoo import _shared, _tokenizer
from tests.controlgen.zoo._attention import TinyBlocks
from tests.controlgen.zoo._shared import Uniforms

SPECIAL = ("<|endoftext|>",)
END = _tokenizer.TEXT_TOKENS
MASK = END + 1
"""The absorbing state: the id just behind the tokenizer's last."""
COLUMNS = MASK + 1

CONFIG: dict[str, Any] = {
    "data": {"cache_dir": "data", "train": "openwebtext", "valid": "wikitext103"},
    "eval": {"batch_size": 512, "perplexity": True, "perplexity_batch_size": 32},
    "graph": {"file": "data", "report_all": False, "type": "absorb"},
    "model": {
        "cond_dim": 16,
        "dropout": 0.1,
        "hidden_size": 32,
        "length": 1024,
        "n_blocks": 2,
        "n_heads": 2,
        "name": "tiny",
        "scale_by_sigma": True,
        "type": "ddit",
    },
    "ngpus": 8,
    "noise": {"sigma_max": 20, "sigma_min": 0.0001, "type": "loglinear"},
    "optim": {"beta1": 0.9, "beta2": 0.999, "eps": 1e-08, "lr": 0.0003, "optimizer": "AdamW", "weight_decay": 0},
    "sampling": {"noise_removal": True, "predictor": "euler", "steps": 128},
    "tokens": MASK,
    "training": {"batch_size": 512, "ema": 0.9999, "n_iters": 1300001, "weight": "standard"},
}


class SEDD(nn.Module, PyTorchModelHubMixin):
    """``model(indices, sigma)``: logarithms of score ratios (B, T, tokens + 1), zero at each position's own id."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.config = config
        self.absorb = config["graph"]["type"] == "absorb"
        shape = config["model"]
        columns = config["tokens"] + (1 if self.absorb else 0)
        self.blocks = TinyBlocks(columns, shape["hidden_size"], shape["n_blocks"], shape["n_heads"], absolute=1.0)
        self.time = nn.Parameter(torch.linspace(-1, 1, shape["hidden_size"]))
        self.scale_by_sigma = shape["scale_by_sigma"]

    def forward(self, indices: Tensor, sigma: Tensor) -> Tensor:
        """``sigma`` (B,) is the total noise.

        A trained network's scores nearly sum to 1 / (exp(sigma) - 1), else sampling would write all at once.
        Random weights do not, so the logits are normalised, but for an error that differs between positions.
        """
        logits, _ = self.blocks(indices, offset=torch.sin(sigma.to(self.time.dtype))[:, None] * self.time)
        tokens = logits.shape[-1] - 1
        error = 0.3 * torch.sin(logits[..., -1:])
        logits = logits - logits[..., :-1].logsumexp(-1, keepdim=True) + torch.tensor(float(tokens)).log() + error
        if self.scale_by_sigma:
            logits = logits - torch.expm1(sigma).log().to(logits.dtype)[:, None, None]
            logits = logits - torch.tensor(float(tokens)).log()
        return logits.scatter(-1, indices[..., None], 0.0)


def network(seed: int = 0, spread: float = 3.0, **sizes: Any) -> SEDD:
    """The model in memory; ``sizes`` override entries of the configuration's ``model``."""
    made = SEDD({**CONFIG, "model": {**CONFIG["model"], **sizes}}).eval()
    made.blocks.fill(spread, seed)
    return made


def save(folder: str | Path, seed: int = 0) -> None:
    """config.json, model.safetensors and the tokenizer beside them (published models borrow GPT-2's)."""
    _shared.write(folder, network(seed), CONFIG)
    _tokenizer.save(folder, SPECIAL, bos_token="<|endoftext|>", eos_token="<|endoftext|>", unk_token="<|endoftext|>")


def load(folder: str | Path) -> SEDD:
    """The model of a folder, in the way the published code does it."""
    return SEDD.from_pretrained(str(folder)).eval()


def barred() -> Tensor:
    """The mask token and <|endoftext|>: a canvas holds text only."""
    bad = torch.zeros(COLUMNS, dtype=torch.bool)
    bad[_tokenizer.TEXT_TOKENS :] = True
    return bad


def total_noise(t: float, eps: float = 1e-3) -> Tensor:
    """The log-linear schedule's sigma at time t."""
    return -torch.log1p(torch.tensor(-(1 - eps) * t, dtype=torch.float64))


def transition(scores: Tensor, current: Tensor, dsigma: Tensor) -> Tensor:
    """Weights (N, V) of every position's next token over a noise step ``dsigma``; the last column is the mask.

    The staggered score times the transposed transition of the absorbing graph, written out as published.
    Negative weights, which imperfect scores can give the mask, mean never.
    """
    mask = scores.shape[-1] - 1
    staggered = scores * dsigma.exp()
    staggered[:, mask] += (1 - dsigma.exp()) * scores.sum(-1)
    edges = (-dsigma).exp() * nn.functional.one_hot(current, mask + 1)
    edges[current == mask] += 1 - (-dsigma).exp()
    return (staggered * edges).clamp(min=0)


def split(weights: Tensor) -> tuple[Tensor, Tensor]:
    """The same weights as a probability of leaving the mask and weights of the tokens that may replace it."""
    tokens = weights[:, :-1]
    return tokens.sum(-1) / weights.sum(-1), tokens


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
    denoise: bool = True,
) -> Tensor:
    """The canvas (L,) behind a fixed prompt (often empty), by the analytic predictor and the final denoiser."""
    prompt, mask = len(prompt_ids), network.config["tokens"]
    canvas = torch.cat((prompt_ids.long(), torch.full((length,), mask)))
    answer = canvas[prompt:]
    times = torch.linspace(1, eps, steps + 1, dtype=torch.float64).tolist()
    unwritable = barred.clone()
    unwritable[mask] = False  # as a state to stay in; only its share of the weights is at stake

    def weights(t: float, dsigma: Tensor) -> Tensor:
        scores = network(canvas[None], total_noise(t)[None].float())[0, prompt:]
        return transition(_shared.allowed(scores, unwritable).exp(), answer, dsigma)

    for t, s in pairwise(times):
        leave, tokens = split(weights(t, total_noise(t) - total_noise(s)))
        drawn = _shared.draw(tokens, uniforms("tokens", (length,)))
        opened = (answer == mask) & (uniforms("unmask", (length,)) < leave)
        answer[opened] = drawn[opened]
    if denoise:
        _, tokens = split(weights(times[-1], total_noise(times[-1])))
        drawn = _shared.draw(tokens, uniforms("tokens", (length,)))
        answer[answer == mask] = drawn[answer == mask]
    return answer.clone()
