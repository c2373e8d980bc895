"""Adds up the JUnit reports of the given build directories, names what failed, prints a closing line.

A build directory holds `ctest.xml`, in which CTest says how each program ended, and `reports/`, in
which each program says how its tests ended. A program that failed without a failed test, because it
crashed, ran out of time or was never built, counts as one failure. What failed is said again at the
end, where a log that was cut short still has it.
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree

Sums = tuple[int, int, int]  # passed, failed, skipped

TOLD_LINES = 40  # of what one failed test said: its last ones


def tell(report: pathlib.Path, case: ElementTree.Element, said: ElementTree.Element) -> None:
    text = said.text or said.get("message") or ""
    print(f"{report.parent.parent}: {report.stem}: {case.get('classname')}.{case.get('name')} failed:")
    for line in text.strip().splitlines()[-TOLD_LINES:]:
        print(f"    {line}")


def count(report: pathlib.Path) -> Sums:
    passed = failed = skipped = 0
    for case in ElementTree.parse(report).iter("testcase"):
        faults = [*case.findall("failure"), *case.findall("error")]
        if faults:
            failed += 1
            tell(report, case, faults[0])
        elif case.find("skipped") is not None or case.get("status") == "notrun":
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def sums_of(folder: pathlib.Path) -> Sums:
    sums = [0, 0, 0]
    programs = folder / "ctest.xml"
    if not programs.exists():
        print(f"{folder}: no tests were run")
        return 0, 1, 0
    for program in ElementTree.parse(programs).iter("testcase"):
        report = folder / "reports" / f"{program.get('name')}.xml"
        # A program without tests of its own, a replay of a fuzz target's seeds, is one test itself.
        own = count(report) if report.exists() else (1, 0, 0)
        if program.get("status") != "run" and own[1] == 0:
            print(f"{folder}: {program.get('name')} failed as a whole: {program.get('status')}")
            own = own[0] if report.exists() else 0, 1, own[2]
        sums = [a + b for a, b in zip(sums, own)]
    return tuple(sums)


def main() -> int:
    totals = [0, 0, 0]
    for folder in map(pathlib.Path, sys.argv[1:]):
        passed, failed, skipped = sums_of(folder)
        print(f"{folder}: {passed} passed, {failed} failed, {skipped} skipped")
        totals = [a + b for a, b in zip(totals, (passed, failed, skipped))]
    print(f"{totals[0]} passed, {totals[1]} failed, {totals[2]} skipped")
    return 0 if totals[1] == 0 and totals[0] > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
