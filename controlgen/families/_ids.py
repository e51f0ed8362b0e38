"""Token ids of a family, from its configuration, its tokenizer, or what is published; in this order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from controlgen._errors import ModelFolderError

__all__ = ["columns", "context", "named_ids", "one_id", "template_prompt", "token_id"]


def token_id(tokenizer: Any, text: str) -> int | None:
    """The id of a token, or None if the tokenizer has none such; transformers and tokenizers alike."""
    if hasattr(tokenizer, "token_to_id"):
        found = tokenizer.token_to_id(text)
        return None if found is None else int(found)
    found = tokenizer.get_vocab().get(text)
    return None if found is None else int(found)


def one_id(
    config: Mapping[str, Any], key: str, tokenizer: Any, texts: Iterable[str], published: int | None, family: str
) -> int:
    """A token's id: config[key], else the first of `texts` that the tokenizer has, else the tokenizer's own, else the
    published one where it is a logit column.

    Raises:
        ModelFolderError: none of them says; the message names the key.
    """
    if isinstance(config.get(key), int):
        return int(config[key])
    for text in texts:
        found = token_id(tokenizer, text)
        if found is not None:
            return found
    own = getattr(tokenizer, key, None)
    if own is not None:
        return int(own)
    if published is not None and published < columns(config):
        return published
    what = key.removesuffix("_token_id").removesuffix("_id")
    raise ModelFolderError(
        f"{family}: no {what} token: config.json has no {key}, and the tokenizer has neither one of its own nor "
        f"{' or '.join(texts)}; is this the model's own tokenizer?"
    )


def named_ids(config: Mapping[str, Any], keys: Iterable[str], tokenizer: Any, texts: Iterable[str]) -> frozenset[int]:
    """All ids that the configuration gives under these keys (numbers or lists), and those of the texts."""
    found: set[int] = set()
    for key in keys:
        value = config.get(key)
        found.update([value] if isinstance(value, int) else value or ())
    found.update(ident for ident in (token_id(tokenizer, text) for text in texts) if ident is not None)
    return frozenset(found)


def columns(config: Mapping[str, Any]) -> int:
    """Logit columns by the configuration."""
    size = config.get("embedding_size") or config.get("vocab_size")
    if not isinstance(size, int):
        raise ModelFolderError("config.json has no vocab_size")
    return size


def context(config: Mapping[str, Any], *keys: str, published: int = 4096) -> int:
    """The longest sequence by the configuration."""
    return next((int(config[key]) for key in keys if isinstance(config.get(key), int)), published)


def template_prompt(tokenizer: Any, text: str, schema: Any) -> str:
    """The text as a user's turn in the tokenizer's chat template, or as it is where there is none."""
    if getattr(tokenizer, "chat_template", None) is None:
        return text
    turn = [{"role": "user", "content": text}]
    return str(tokenizer.apply_chat_template(turn, add_generation_prompt=True, tokenize=False))
