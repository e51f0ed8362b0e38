"""The training data's packages `data` and `real` are not installed: put their folder on the path."""

from __future__ import annotations

import sys
from pathlib import Path

TRAINING = str(Path(__file__).parents[2] / "examples" / "train_embedded")
if TRAINING not in sys.path:
    sys.path.insert(0, TRAINING)
