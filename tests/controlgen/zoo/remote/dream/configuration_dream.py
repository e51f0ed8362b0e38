"""Configuration with the keys of published Dream checkpoints."""

from typing import Any

from transformers import PretrainedConfig


class DreamConfig(PretrainedConfig):
    """Sizes have the usual names; the mask token's id is an entry of its own."""

    model_type = "Dream"

    def __init__(
        self,
        vocab_size: int = 336,
        hidden_size: int = 32,
        num_hidden_layers: int = 2,
        num_attention_heads: int = 2,
        max_position_embeddings: int = 131072,
        use_cache: bool = False,
        mask_token_id: int = 324,
        pad_token_id: int = 320,
        **kwargs: Any,
    ) -> None:
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.num_attention_heads = num_attention_heads
        self.max_position_embeddings = max_position_embeddings
        self.use_cache = use_cache
        super().__init__(**kwargs)
        self.mask_token_id = mask_token_id
        self.pad_token_id = pad_token_id
