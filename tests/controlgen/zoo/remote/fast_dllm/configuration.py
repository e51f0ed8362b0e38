"""Configuration with the keys of published Fast-dLLM v2 checkpoints."""

from typing import Any

from transformers import PretrainedConfig


class Fast_dLLM_QwenConfig(PretrainedConfig):
    """Qwen2's keys and bd_size, the block length of training. The mask token is in the tokenizer only."""

    model_type = "Fast_dLLM_Qwen"

    def __init__(
        self,
        vocab_size: int = 336,
        hidden_size: int = 32,
        num_hidden_layers: int = 2,
        num_attention_heads: int = 2,
        max_position_embeddings: int = 32768,
        use_cache: bool = True,
        bd_size: int = 32,
        **kwargs: Any,
    ) -> None:
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.num_attention_heads = num_attention_heads
        self.max_position_embeddings = max_position_embeddings
        self.use_cache = use_cache
        self.bd_size = bd_size
        super().__init__(**kwargs)
