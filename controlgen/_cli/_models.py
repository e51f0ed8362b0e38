"""Models on the command line: opened quietly, every failure in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlgen._cli._errors import CommandError, one_line

if TYPE_CHECKING:
    from controlgen._model import Model

__all__ = ["open_model"]


def open_model(name: str | None, device: str | None = None) -> Model:
    """A model by folder or name; None is the one that comes with the package.

    Raises:
        CommandError: no such model, a damaged one, no such device.
    """
    from transformers.utils.logging import disable_progress_bar

    from controlgen._errors import ControlgenError, VocabularyError
    from controlgen._load import load

    disable_progress_bar()  # the command shows its own
    try:
        return load(name, device=device)
    except (
        ControlgenError,
        VocabularyError,
        RuntimeError,
    ) as error:  # torch refuses a device by a RuntimeError
        raise CommandError(one_line(error)) from None
