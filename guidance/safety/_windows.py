"""A `transformers` sequence classifier on texts of any length: probabilities per window of tokens.

Knows tokenizers and classifiers; nothing of filters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

__all__ = ["Label", "Part", "WindowedClassifier"]

Label = int | str
Part = tuple[int, int, float]  # start and end in code points, probability

_UNKNOWN = 10**6  # tokenizers without a length of their own have a huge one


class WindowedClassifier:
    """The probability of some labels, for texts of any length.

    A text is cut into windows of `max_tokens` tokens, special ones included, of which `overlap` are shared by
    neighbours; each is classified. One label or several: a softmax head gives Σ p over them, a head of independent
    labels, or of one logit, max σ(logit).

    Args:
        model: an `AutoModelForSequenceClassification`, on its device.
        tokenizer: its fast tokenizer.
        label: index or name of what is to be found, or several.
        max_tokens: None: what tokenizer and model can take.
        overlap: tokens; None: a quarter of a window.
        batch_size: windows per forward pass.
        independent: whether labels don't exclude each other; None: what the model's configuration says
            (`problem_type`).

    Raises:
        ValueError: no such label, a tokenizer that does not tell where tokens stand, a head of regression, sizes
            that leave no room.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        label: Label | Sequence[Label],
        *,
        max_tokens: int | None = None,
        overlap: int | None = None,
        batch_size: int = 32,
        independent: bool | None = None,
    ) -> None:
        self.model, self.tokenizer = model.eval(), tokenizer
        if not tokenizer.is_fast:
            raise ValueError("the classifier's tokenizer does not tell where tokens stand: use its fast form")
        kind = model.config.problem_type
        if kind == "regression":
            raise ValueError("the classifier is a regression: it gives no probability")
        self.independent = kind == "multi_label_classification" if independent is None else independent
        self.labels = _indices(model.config, label)
        self.max_tokens = _longest(model, tokenizer) if max_tokens is None else max_tokens
        self.overlap = self.max_tokens // 4 if overlap is None else overlap
        self.batch_size = batch_size if tokenizer.pad_token is not None else 1
        room = self.max_tokens - tokenizer.num_special_tokens_to_add()
        if not 0 <= self.overlap < room or batch_size < 1:
            raise ValueError(
                f"windows of {room} tokens with {self.overlap} in common, {batch_size} at once: an overlap is less "
                "than a window, and a batch has at least one"
            )

    @property
    def label(self) -> str:
        """The names of the labels."""
        return "+".join(str(self.model.config.id2label[index]) for index in self.labels)

    def __call__(self, texts: Sequence[str]) -> list[float]:
        """The probability of each text: that of its riskiest window."""
        return [max(probability for _, _, probability in parts) for parts in self.parts(texts)]

    def parts(self, texts: Sequence[str]) -> list[list[Part]]:
        """The windows of each text, at least one: start and end in code points, probability."""
        encoded = self.tokenizer(
            list(texts),
            truncation=True,
            max_length=self.max_tokens,
            stride=self.overlap,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
        )
        owners = encoded.pop("overflow_to_sample_mapping")
        offsets = encoded.pop("offset_mapping")
        found: list[list[Part]] = [[] for _ in texts]
        for owner, places, probability in zip(owners, offsets, self._probabilities(encoded), strict=True):
            ends = [(start, end) for start, end in places if end > start] or [(0, len(texts[owner]))]
            found[owner].append((min(start for start, _ in ends), max(end for _, end in ends), probability))
        return found

    def _probabilities(self, encoded: Any) -> list[float]:
        """Of all windows, in their order."""
        found: list[float] = []
        for begin in range(0, len(encoded["input_ids"]), self.batch_size):
            part = {name: rows[begin : begin + self.batch_size] for name, rows in encoded.items()}
            if self.batch_size == 1:  # perhaps there is nothing to pad with
                inputs = {name: torch.tensor(rows) for name, rows in part.items()}
            else:
                inputs = dict(self.tokenizer.pad(part, return_tensors="pt"))
            with torch.no_grad():
                logits = self.model(**{name: row.to(self.model.device) for name, row in inputs.items()}).logits
            found += self._read(logits.float()).tolist()
        return found

    def _read(self, logits: Tensor) -> Tensor:
        """(N, labels) logits to (N,) probabilities."""
        if self.independent or logits.shape[-1] == 1:
            return logits[:, self.labels].sigmoid().amax(-1)
        return logits.softmax(-1)[:, self.labels].sum(-1).clamp(max=1)


def _indices(config: Any, label: Label | Sequence[Label]) -> list[int]:
    names = {str(name): int(index) for index, name in config.id2label.items()}
    wanted = [label] if isinstance(label, int | str) else list(label)
    found = [names.get(one, -1) if isinstance(one, str) else one for one in wanted]
    for one, index in zip(wanted, found, strict=True):
        if not 0 <= index < config.num_labels:
            raise ValueError(f"the classifier has no label {one!r}; it has {', '.join(names)}")
    if not found:
        raise ValueError(f"no label is given; the classifier has {', '.join(names)}")
    return found


def _longest(model: Any, tokenizer: Any) -> int:
    known = (tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", None))
    sizes = [int(size) for size in known if size is not None and size < _UNKNOWN]
    if not sizes:
        raise ValueError("neither tokenizer nor model say how long a text may be: pass max_tokens")
    return min(sizes)
