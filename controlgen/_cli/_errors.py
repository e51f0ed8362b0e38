"""What ends a command early: one line for the user, an exit code for scripts.

Exit codes: 0 all documents have a record; 1 some have none (each has an error row); 2 the command could not
be carried out as given (arguments, schema, inputs, model, output); 130 interrupted.
"""

from __future__ import annotations

__all__ = ["EXIT_FAILED", "EXIT_INTERRUPTED", "EXIT_USAGE", "CommandError", "one_line"]

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130

_LONGEST = 400


class CommandError(Exception):
    """The command can't be carried out. The message is one line that names the place and the way out."""


def one_line(error: BaseException | str) -> str:
    """A message on one line of at most 400 characters; an exception without a message gives its name."""
    text = " ".join(str(error).split())
    if not text:
        text = type(error).__name__
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
