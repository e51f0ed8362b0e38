"""Configuration with the keys of published LLaDA2 checkpoints."""

from typing import Any

from transformers import PretrainedConfig


class LLaDA2MoeConfig(PretrainedConfig):
    """No key names the mask token or the block length: both are defaults of the published generate()."""

    model_type = "llada2_moe"

    def __init__(
        self,
        vocab_size: int = 336,
        hidden_size: int = 32,
        num_hidden_layers: int = 2,
        num_attention_heads: int = 2,
        max_position_embeddings: int = 32768,
        use_cache: bool = True,
        **kwargs: Any,
    ) -> None:
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.num_attention_heads = num_attention_heads
        self.max_position_embeddings = max_position_embeddings
        self.use_cache = use_cache
        super().__init__(**kwargs)
