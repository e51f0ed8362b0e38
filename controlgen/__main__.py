"""`python -m controlgen`: the command line."""

from __future__ import annotations

from controlgen._cli import main

if __name__ == "__main__":
    main()
