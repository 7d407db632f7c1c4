"""Measure what the collection promises, and print one table.

usage: python -m tests.benchmarks [set] [import] [conv] [fit] [lab] [notebook]      without a name: all of them
Times depend on the computer, and on what else it does: each is printed beside a yardstick from the same run.
"""

import argparse
import sys
from importlib import import_module

from tests.benchmarks.table import as_table

# Name on the command line -> module; `conv` and `fit` come after `set`, for they load TensorFlow into this process.
PARTS = {"import": "imports", "set": "explorers", "lab": "lab", "notebook": "notebook", "conv": "convolution", "fit": "fit"}


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="part", help=f"out of {', '.join(PARTS)}; all, if none is named")
    chosen = parser.parse_args().parts or list(PARTS)
    if unknown := set(chosen) - set(PARTS):
        parser.error(f"part: expected one of {', '.join(PARTS)}, got {', '.join(sorted(unknown))}")
    rows = []
    for name in (part for part in PARTS if part in chosen):
        print(f"measuring: {name} ...", file=sys.stderr)
        rows += import_module(f"tests.benchmarks.{PARTS[name]}").measure()
    print(as_table(rows))
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
