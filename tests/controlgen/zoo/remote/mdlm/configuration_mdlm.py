"""Configuration with the keys of published MDLM checkpoints."""

from typing import Any

from transformers import PretrainedConfig


class MDLMConfig(PretrainedConfig):
    """No special ids: the mask token is the last of the vocabulary by convention."""

    model_type = "mdlm"

    def __init__(
        self,
        vocab_size: int = 322,
        model_length: int = 1024,
        hidden_dim: int = 32,
        cond_dim: int = 16,
        n_blocks: int = 2,
        n_heads: int = 2,
        dropout: float = 0.1,
        time_conditioning: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocab_size = vocab_size
        self.model_length = model_length
        self.hidden_dim = hidden_dim
        self.cond_dim = cond_dim
        self.n_blocks = n_blocks
        self.n_heads = n_heads
        self.dropout = dropout
        self.time_conditioning = time_conditioning
