"""Sizes and token ids of the embedded model: what it takes to build the network and to load its weights."""

from __future__ import annotations

from typing import Any

from transformers import AutoConfig, PretrainedConfig


class EmbeddedDiffusionConfig(PretrainedConfig):
    """Configuration of `EmbeddedDiffusionModel`.

    max_prompt and max_canvas are the longest prompt and canvas, in tokens, that the model was trained with;
    together they are the context. Token ids follow the tokenizer's special tokens
    `<|pad|> <|end|> <|mask|> <|schema|> <|text|> <|record|>`.
    """

    model_type = "controlgen_embedded"

    def __init__(
        self,
        vocab_size: int = 4096,
        hidden_size: int = 512,
        intermediate_size: int = 1408,
        num_hidden_layers: int = 8,
        num_attention_heads: int = 8,
        rope_theta: float = 10000.0,
        rms_norm_eps: float = 1e-6,
        initializer_range: float = 0.02,
        max_prompt: int = 640,
        max_canvas: int = 256,
        pad_token_id: int = 0,
        eos_token_id: int = 1,
        mask_token_id: int = 2,
        schema_token_id: int = 3,
        text_token_id: int = 4,
        record_token_id: int = 5,
        **kwargs: Any,
    ) -> None:
        if hidden_size % (2 * num_attention_heads) != 0:
            raise ValueError(
                f"hidden_size {hidden_size} must be a multiple of twice num_attention_heads "
                f"({num_attention_heads}): rotary positions need an even head size"
            )
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.intermediate_size = intermediate_size
        self.num_hidden_layers = num_hidden_layers
        self.num_attention_heads = num_attention_heads
        self.rope_theta = rope_theta
        self.rms_norm_eps = rms_norm_eps
        self.initializer_range = initializer_range
        self.max_prompt = max_prompt
        self.max_canvas = max_canvas
        self.mask_token_id = mask_token_id
        self.schema_token_id = schema_token_id
        self.text_token_id = text_token_id
        self.record_token_id = record_token_id
        kwargs.setdefault("tie_word_embeddings", False)  # there is no second matrix to tie: see the model
        super().__init__(pad_token_id=pad_token_id, eos_token_id=eos_token_id, **kwargs)

    @property
    def head_size(self) -> int:
        return self.hidden_size // self.num_attention_heads

    @property
    def max_position(self) -> int:
        """The context: positions that prompt and canvas may take together."""
        return self.max_prompt + self.max_canvas


AutoConfig.register(EmbeddedDiffusionConfig.model_type, EmbeddedDiffusionConfig, exist_ok=True)
