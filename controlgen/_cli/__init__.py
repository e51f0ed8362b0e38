"""The command line: `controlgen extract`, `controlgen inspect` and `controlgen filters`.

Nothing in this package imports torch or transformers at module level: the help has to answer at once.
"""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit with its code."""
    from controlgen._cli._app import run

    run()
