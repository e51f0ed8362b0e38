"""One set of random examples for every run: `make test` says the same of the same code each time.

To look for new counterexamples instead: `pytest --hypothesis-profile explore tests`.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("same", derandomize=True, database=None)
settings.register_profile("explore", derandomize=False)
settings.load_profile("same")
