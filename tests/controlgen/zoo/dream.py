"""Dream 7B: bidirectional with shifted logits, left-padded batches, and a decoding loop with hooks of its own."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tests.controlgen.zoo import _shared, _tokenizer
from tests.controlgen.zoo._shared import Uniforms
from tests.controlgen.zoo.remote.dream.configuration_dream import DreamConfig
from tests.controlgen.zoo.remote.dream.modeling_dream import DreamModel

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|beginoftext|>", "<|mask|>")
EOS, IM_START, IM_END, BOS, MASK = range(_tokenizer.TEXT_TOKENS, _tokenizer.TEXT_TOKENS + len(SPECIAL))
COLUMNS = 336

CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

CONFIG: dict[str, Any] = {
    "architectures": ["DreamModel"],
    "attention_dropout": 0.0,
    "auto_map": {"AutoConfig": "configuration_dream.DreamConfig", "AutoModel": "modeling_dream.DreamModel"},
    "bos_token_id": EOS,
    "eos_token_id": EOS,
    "hidden_act": "silu",
    "hidden_size": 32,
    "initializer_range": 0.02,
    "intermediate_size": 64,
    "mask_token_id": MASK,
    "max_position_embeddings": 131072,
    "max_window_layers": 2,
    "model_type": "Dream",
    "num_attention_heads": 2,
    "num_hidden_layers": 2,
    "num_key_value_heads": 2,
    "pad_token_id": EOS,
    "rms_norm_eps": 1e-06,
    "rope_scaling": None,
    "rope_theta": 30.0,
    "sliding_window": None,
    "tie_word_embeddings": False,
    "torch_dtype": "float32",
    "use_cache": False,
    "use_mrope": False,
    "use_sliding_window": False,
    "vocab_size": COLUMNS,
}


def network(seed: int = 0, spread: float = 3.0, **sizes: Any) -> DreamModel:
    """The model in memory; ``sizes`` override entries of the configuration."""
    made = DreamModel(DreamConfig(**{**CONFIG, **sizes})).eval()
    made.model.fill(spread, seed)
    return made


def save(folder: str | Path, seed: int = 0) -> None:
    """A model folder as published: remote code with its decoding loop, and a generation_config.json."""
    _shared.write(folder, network(seed), CONFIG, remote="dream")
    ids = {name: CONFIG[name] for name in ("bos_token_id", "eos_token_id", "mask_token_id", "pad_token_id")}
    text = json.dumps({"_from_model_config": True, **ids}, indent=2)
    (Path(folder) / "generation_config.json").write_text(text + "\n", encoding="utf-8")
    _tokenizer.save(
        folder,
        SPECIAL,
        bos_token="<|beginoftext|>",
        eos_token="<|endoftext|>",
        pad_token="<|endoftext|>",
        mask_token="<|mask|>",
        chat_template=CHAT_TEMPLATE,
    )


def barred(ends: bool = False) -> Tensor:
    """Control tokens and padded columns; the two tokens that end a text are allowed if ``ends``."""
    bad = torch.zeros(COLUMNS, dtype=torch.bool)
    bad[_tokenizer.TEXT_TOKENS :] = True
    if ends:
        bad[[EOS, IM_END]] = False
    return bad


def shifted(logits: Tensor) -> Tensor:
    """Logits (..., T, V) moved one position to the right, so that row i speaks of position i; row 0 is doubled."""
    return torch.cat((logits[..., :1, :], logits[..., :-1, :]), dim=-2)


def truncated(logits: Tensor, top_p: float | None, top_k: int | None) -> Tensor:
    """Keeps the likeliest tokens up to and including the one that passes ``top_p``, then the ``top_k`` best."""
    if top_p is not None and top_p < 1:
        ranked, order = logits.sort(dim=-1, descending=True, stable=True)
        before = ranked.softmax(-1).cumsum(-1).roll(1, dims=-1)
        before[:, 0] = 0
        logits = logits.masked_fill(torch.empty_like(before).scatter(-1, order, before) > top_p, -torch.inf)
    if top_k is not None:
        kept = logits.topk(min(top_k, logits.shape[-1])).values[:, -1:]
        logits = logits.masked_fill(logits < kept, -torch.inf)
    return logits


def confidences(probabilities: Tensor, tokens: Tensor, alg: str) -> Tensor:
    """How sure the model is of every position, larger is surer; only ``maskgit_plus`` looks at the token drawn."""
    if alg == "topk_margin":
        two = probabilities.topk(2).values
        return two[:, 0] - two[:, 1]
    if alg == "entropy":
        return (probabilities * (probabilities + 1e-10).log()).sum(-1)
    assert alg == "maskgit_plus"
    return probabilities.gather(-1, tokens[:, None])[:, 0]


@torch.no_grad()
def generate(
    network: nn.Module,
    prompt_ids: Tensor,
    length: int,
    *,
    barred: Tensor,
    uniforms: Uniforms = _shared.no_uniforms,
    steps: int = 16,
    eps: float = 1e-3,
    alg: str = "origin",
    temperature: float = 0.0,
    top_p: float | None = None,
    top_k: int | None = None,
) -> Tensor:
    """The answer (L,). Times are float32 as published: counts of tokens are rounded down from products of them."""
    mask, prompt = network.config.mask_token_id, len(prompt_ids)
    canvas = torch.cat((prompt_ids, torch.full((length,), mask)))
    answer = canvas[prompt:]
    times = torch.linspace(1, eps, steps + 1)
    for step in range(steps):
        masked = answer == mask
        logits = shifted(network(canvas[None], "full", None).logits[0])[prompt:]
        logits = truncated(_shared.allowed(logits, barred) / (temperature or 1), top_p, top_k)
        tokens = _shared.pick(logits, 1 if temperature else 0, uniforms)
        share = 1 - times[step + 1] / times[step] if step < steps - 1 else torch.tensor(1.0)
        if alg == "origin":
            chosen = (masked & (uniforms("unmask", (length,)) < share)).nonzero()[:, 0]
        else:
            confidence = confidences(logits.softmax(-1), tokens, alg).masked_fill(~masked, -torch.inf)
            chosen = _shared.first(confidence, int(masked.sum() * share))
        answer[chosen] = tokens[chosen]
    return answer.clone()
