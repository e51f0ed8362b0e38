"""Configuration with the keys of published BD3-LM checkpoints."""

from typing import Any

from transformers import PretrainedConfig


class BD3LMConfig(PretrainedConfig):
    """Sizes are called hidden_dim, n_blocks and n_heads; vocab_size counts the mask token, the last id."""

    model_type = "bd3lm"

    def __init__(
        self,
        block_size: int = 4,
        vocab_size: int = 322,
        model_length: int = 64,
        cross_attn: bool = True,
        adaln: bool = True,
        attn_backend: str = "sdpa",
        causal: bool = False,
        hidden_dim: int = 32,
        cond_dim: int = 8,
        n_blocks: int = 2,
        n_heads: int = 2,
        dropout: float = 0.1,
        time_conditioning: bool = False,
        var_min: bool = True,
        sampling_eps_min: float = 1e-3,
        sampling_eps_max: float = 0.999,
        **kwargs: Any,
    ) -> None:
        self.block_size = block_size
        self.vocab_size = vocab_size
        self.model_length = model_length
        self.cross_attn = cross_attn
        self.adaln = adaln
        self.attn_backend = attn_backend
        self.causal = causal
        self.hidden_dim = hidden_dim
        self.cond_dim = cond_dim
        self.n_blocks = n_blocks
        self.n_heads = n_heads
        self.dropout = dropout
        self.time_conditioning = time_conditioning
        self.var_min = var_min
        self.sampling_eps_min = sampling_eps_min
        self.sampling_eps_max = sampling_eps_max
        super().__init__(**kwargs)
