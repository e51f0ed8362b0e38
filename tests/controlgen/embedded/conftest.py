"""The training modules are scripts beside each other, not a package: put their folder on the path."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
TRAINING = Path(__file__).parents[3] / "examples" / "train_embedded"
for folder in (TRAINING, Path(__file__).parent):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
