"""Prints examples for the eye: `python -m data.preview --seed 1 --count 5 --split train`."""

from __future__ import annotations

import argparse
import json
from itertools import islice

from data import examples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=5)
    parser.add_argument("--split", choices=("train", "test"), default="train")
    parser.add_argument("--only", default="", help="templates whose id contains this")
    arguments = parser.parse_args()
    stream = (e for e in examples(arguments.seed, arguments.split) if arguments.only in e.template)
    for example in islice(stream, arguments.count):
        print(f"===== {example.template}")
        print(example.text)
        print("-----", json.dumps(example.schema, ensure_ascii=False))
        print("----->", json.dumps(example.record, ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()
