"""Configuration with the keys of published LLaDA checkpoints."""

from typing import Any

from transformers import PretrainedConfig


class LLaDAConfig(PretrainedConfig):
    """Sizes are called d_model, n_layers and n_heads; the logits have embedding_size columns."""

    model_type = "llada"

    def __init__(
        self,
        d_model: int = 32,
        n_layers: int = 2,
        n_heads: int = 2,
        vocab_size: int = 352,
        embedding_size: int | None = None,
        max_sequence_length: int = 4096,
        mask_token_id: int = 322,
        use_cache: bool = False,
        **kwargs: Any,
    ) -> None:
        self.d_model = d_model
        self.n_layers = n_layers
        self.n_heads = n_heads
        self.vocab_size = vocab_size
        self.embedding_size = embedding_size or vocab_size
        self.max_sequence_length = max_sequence_length
        self.mask_token_id = mask_token_id
        self.use_cache = use_cache
        super().__init__(**kwargs)

    @property
    def num_attention_heads(self) -> int:
        return self.n_heads

    @property
    def num_hidden_layers(self) -> int:
        return self.n_layers

    @property
    def hidden_size(self) -> int:
        return self.d_model
