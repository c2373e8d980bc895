"""Which promises of the concurrency library no test proves: prints them, and fails if there are any.

A promise is a line of statements.txt; a test proves it by carrying its number in its name.
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
TESTS = HERE.parents[1]

NAME = re.compile(r"(?:TEST(?:_F|_P)?\(\s*\w+,\s*|\bdef test_|\bBENCHMARK\w*\(\s*)(\w+)")


def promises() -> dict[str, str]:
    """The lines that need a test, by number."""
    found = {}
    for line in (HERE / "statements.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            number, text = line.split(" ", 1)
            assert number not in found, f"{number} is there twice"
            found[number] = text
    return {number: text for number, text in found.items() if "[not built: " not in text}


def proved() -> set[str]:
    numbers = set()
    for source in [*TESTS.rglob("*_test.cpp"), *TESTS.rglob("*_bench.cpp"), *TESTS.rglob("test_*.py")]:
        for name in NAME.findall(source.read_text()):
            # "Trp01And02" is two numbers of one series.
            for series, first, more in re.findall(r"([A-Za-z][a-z]{2})_?(\d\d)(?:And(\d\d))?", name):
                numbers.update(f"{series.upper()}-{n}" for n in (first, more) if n)
    return numbers


def main() -> int:
    wanted, have = promises(), proved()
    missing = [number for number in wanted if number not in have]
    for number in missing:
        print(f"no test proves {number}: {wanted[number]}")
    print(f"{len(wanted) - len(missing)} of {len(wanted)} promises have a test")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
