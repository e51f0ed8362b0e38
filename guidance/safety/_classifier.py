"""A classifier of texts as a statistical filter: any function to probabilities, or any sequence classifier."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from controlgen.guidance.safety._base import Finding, SafetyFilter, Spans
from controlgen.guidance.safety._judged import judged
from controlgen.guidance.safety._windows import Label, Part, WindowedClassifier

__all__ = ["ClassifierFilter", "Classify", "FolderClassifier"]

Classify = Callable[[Sequence[str]], Sequence[float]]
Windows = Callable[[Sequence[str]], list[list[Part]]]

_END = re.compile(r"[.!?…]+[\"'”’)\]}]*(?=\s)|[。！？]+|\n")  # of a sentence


class ClassifierFilter(SafetyFilter):
    """Texts that a classifier holds for harmless, as they are written and as they read once escapes are resolved.

    The risk is the greatest probability of harm of anything that was judged: the text, or each of its windows where it
    is longer than the classifier can take, and with `sentences` each sentence too. The spans are those of sentences
    whose probability reaches the threshold, or, without any, the riskiest window. Texts of white space have no risk.

    Args:
        classify: texts to probabilities of harm in [0, 1], one each; called with all that is to be judged of a text.
            It may have a method `parts(texts)` that gives for each text windows (start, end, probability).
        label: what the probability is of.
        sentences: judge each sentence by itself too: a long text hides a short one.
        name: None: the label.
        arguments: those of `SafetyFilter`.
    """

    def __init__(
        self,
        classify: Classify,
        *,
        label: str = "harm",
        sentences: bool = False,
        name: str | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(name=name or label, **arguments)
        self.classify, self.sentences = classify, sentences
        self._windows: Windows = getattr(classify, "parts", None) or _whole(classify)

    @classmethod
    def of(
        cls,
        model: Any,
        tokenizer: Any,
        label: Label | Sequence[Label] = 1,
        *,
        max_tokens: int | None = None,
        overlap: int | None = None,
        batch_size: int = 32,
        independent: bool | None = None,
        **arguments: Any,
    ) -> ClassifierFilter:
        """By a `transformers` sequence classifier: long texts in overlapping windows, batched, without gradients.

        Args:
            model: an `AutoModelForSequenceClassification`, on its device.
            tokenizer: its fast tokenizer.
            label: index or name of the harmful class, or several.
            max_tokens, overlap: of the windows; None: what the model can take, and a quarter of it.
            batch_size: windows per forward pass.
            independent: whether labels don't exclude each other; None: what the model's configuration says.
            arguments: those of `ClassifierFilter`.

        Raises:
            ValueError: no such label, a tokenizer that does not tell where tokens stand, sizes that leave no room.
        """
        sizes: dict[str, Any] = {"max_tokens": max_tokens, "overlap": overlap, "batch_size": batch_size}
        classify = WindowedClassifier(model, tokenizer, label, independent=independent, **sizes)
        return cls(classify, **{"label": classify.label, **arguments})

    def scan(self, text: str, prompt: str = "") -> Finding:
        return judged(text, self._judge)

    def _judge(self, text: str) -> Finding:
        if not text.strip():
            return Finding(0.0)
        sentences = [match for match in _sentences(text) if match != (0, len(text))] if self.sentences else []
        windows, *others = self._parts([text, *(text[start:end] for start, end in sentences)])
        risks = [max(probability for _, _, probability in parts) for parts in others]
        risk = max([*risks, *(probability for _, _, probability in windows)])
        return Finding(risk, self._spans(risk, windows, list(zip(sentences, risks, strict=True))))

    def _spans(self, risk: float, windows: list[Part], sentences: list[tuple[tuple[int, int], float]]) -> Spans:
        if risk < self.threshold:
            return ()
        found = tuple(span for span, probability in sentences if probability >= self.threshold)
        start, end, _ = max(windows, key=lambda part: part[2])
        return found or ((start, end),)

    def _parts(self, texts: list[str]) -> list[list[Part]]:
        """The windows of each text."""
        found = [list(parts) for parts in self._windows(texts)]
        if len(found) != len(texts) or not all(found):
            raise ValueError(f"the classifier judged {len(found)} of {len(texts)} texts")
        for part in (part for parts in found for part in parts):
            if not 0 <= part[2] <= 1:  # NaN too, which would be below every threshold
                raise ValueError(f"the classifier gave {part[2]}, which is no probability")
        return found


class FolderClassifier(ClassifierFilter):
    """Texts that a sequence classifier in a folder (or in the cache) holds for harmless.

    Nothing is downloaded, and no code of the model is run.

    Args:
        folder: of model and tokenizer, as `transformers` saves them.
        label: index or name of the harmful class, or several.
        device: where it runs.
        max_tokens, overlap, batch_size, independent: see `ClassifierFilter.of`.
        arguments: `sentences`, and those of `SafetyFilter`; the name is the label's, unless given.

    Raises:
        OSError: there is no such model.
        ValueError: see `ClassifierFilter.of`.
    """

    def __init__(
        self,
        folder: str,
        label: Label | Sequence[Label] = 1,
        *,
        device: str = "cpu",
        max_tokens: int | None = None,
        overlap: int | None = None,
        batch_size: int = 32,
        independent: bool | None = None,
        **arguments: Any,
    ) -> None:
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        safe = {"local_files_only": True, "trust_remote_code": False}
        model = AutoModelForSequenceClassification.from_pretrained(folder, use_safetensors=True, **safe).to(device)
        tokenizer = AutoTokenizer.from_pretrained(folder, **safe)
        sizes: dict[str, Any] = {"max_tokens": max_tokens, "overlap": overlap, "batch_size": batch_size}
        classify = WindowedClassifier(model, tokenizer, label, independent=independent, **sizes)
        super().__init__(classify, label=classify.label, **arguments)


def _whole(classify: Classify) -> Windows:
    """One window for each text: all of it."""

    def windows(texts: Sequence[str]) -> list[list[Part]]:
        risks = [float(value) for value in classify(texts)]
        if len(risks) != len(texts):
            raise ValueError(f"the classifier gave {len(risks)} probabilities for {len(texts)} texts")
        return [[(0, len(text), risk)] for text, risk in zip(texts, risks, strict=True)]

    return windows


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each, without the white space around it; the end of a line ends one."""
    start = 0
    for end in (*(match.end() for match in _END.finditer(text)), len(text)):
        piece = text[start:end]
        if piece.strip():
            yield start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
        start = end
