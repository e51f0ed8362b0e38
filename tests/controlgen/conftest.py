"""A model folder with the real tiny model, for everything that loads models by path."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded model with random weights, saved as a user would have it."""
    from tests.controlgen.tiny import network, tokenizer

    folder = tmp_path_factory.mktemp("model")
    network().save_pretrained(folder)
    tokenizer().save(str(folder / "tokenizer.json"))
    return folder
