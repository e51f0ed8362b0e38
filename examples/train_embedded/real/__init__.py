"""Real machine text with ground truth made by programs: training examples, and kinds kept for testing.

`training_examples(seed)` reads the corpus that `collect.py` made; `held_out.HELD_OUT` names the kinds that
are for testing only, and `test_sources` gives their documents from the machine that the benchmark runs on.
"""

from __future__ import annotations

from ._corpus import CORPUS, CorpusMissing
from ._stream import sample_texts, training_examples

__all__ = ["CORPUS", "CorpusMissing", "sample_texts", "training_examples"]
