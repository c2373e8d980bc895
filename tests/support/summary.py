"""Adds up the JUnit reports of the given build directories and prints one closing line."""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def count(report: pathlib.Path) -> tuple[int, int, int]:
    """(passed, failed, skipped) of one report, by its test cases."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(report).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None or case.get("status") == "notrun":
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def main() -> int:
    totals = [0, 0, 0]
    for folder in sys.argv[1:]:
        reports = sorted(pathlib.Path(folder, "reports").glob("*.xml"))
        sums = [sum(column) for column in zip(*map(count, reports))] or [0, 0, 0]
        print(f"{folder}: {sums[0]} passed, {sums[1]} failed, {sums[2]} skipped")
        totals = [a + b for a, b in zip(totals, sums)]
    print(f"{totals[0]} passed, {totals[1]} failed, {totals[2]} skipped")
    return 0 if totals[1] == 0 and totals[0] > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
