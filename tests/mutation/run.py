"""Builds each mutant of the egress gate and sees whether the tests notice: `./dev mutants`.

Only what a mutant changes is compiled, with the commands of the build it is given, and linked in front of the
library that holds the original. A mutant that all its tests pass with has survived, and is a failure.
"""

import argparse
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import time

import mutants

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMIT_S = 300

# What takes long and no mutant is about.
FILTERS = {
    "unit_net": "-*Ssrf18JudgesTwentyMillion*:Tls*System*",
    "integration_net": "DefaultGate*",
    "unit_fetch": "ConnectionPool*",
    "unit_model": "RedirectPolicy*",
}


class Build:
    def __init__(self, folder: pathlib.Path):
        self.folder = folder.resolve()

    def _commands(self, target: str) -> list[str]:
        done = subprocess.run(["ninja", "-t", "commands", target], cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{target}: {done.stderr or done.stdout}")
        return done.stdout.splitlines()

    def compile(self, source: str, file: pathlib.Path, include: pathlib.Path | None, to: pathlib.Path) -> bool:
        """Compiles `file` in place of `source`, which is relative to lib/."""
        module = source.split("/")[0]
        name = source.split("/", 1)[1]
        (command,) = self._commands(f"lib/{module}/CMakeFiles/fanfetch_{module}.dir/{name}.o")[-1:]
        words = shlex.split(command)
        words = words[words.index(next(word for word in words if word.endswith("g++"))) :]
        words = [word for word in words if word not in ("-MD", "-Werror")]
        for option in ("-MT", "-MF"):
            at = words.index(option)
            del words[at : at + 2]
        words[words.index("-o") + 1] = str(to)
        words[words.index("-c") + 1] = str(file)
        if include:
            words.insert(1, f"-I{include}")
        done = subprocess.run(words, cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            print(done.stderr[-3000:])
        return done.returncode == 0

    def link(self, test: str, objects: list[pathlib.Path], to: pathlib.Path) -> bool:
        command = self._commands(f"tests/{test}")[-1]
        before, after = re.fullmatch(rf"(.*?) -o tests/{test} (.*)", command, re.DOTALL).groups()
        command = f"{before} {' '.join(map(str, objects))} -o {to} {after}"
        done = subprocess.run(["bash", "-c", command], cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            print(done.stderr[-3000:])
        return done.returncode == 0


def notices(program: pathlib.Path, test: str) -> bool:
    """Whether the tests fail, crash or hang."""
    try:
        done = subprocess.run(
            [program, f"--gtest_filter={FILTERS[test]}", "--gtest_fail_fast", "--gtest_brief=1"],
            capture_output=True, timeout=LIMIT_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def check(build: Build, mutant: mutants.Mutant, folder: pathlib.Path) -> str:
    """killed, survived, or what is wrong with the mutant itself."""
    original = (ROOT / "lib" / mutant.file).read_text()
    if original.count(mutant.old) != 1:
        return f"stands there {original.count(mutant.old)} times"
    changed = folder / "include" / mutant.file
    changed.parent.mkdir(parents=True, exist_ok=True)
    changed.write_text(original.replace(mutant.old, mutant.new))
    objects = []
    for source in mutant.sources or (mutant.file,):
        file = changed if source == mutant.file else ROOT / "lib" / source
        to = folder / (source.replace("/", "_") + ".o")
        if not build.compile(source, file, folder / "include" if mutant.sources else None, to):
            return "does not compile"
        objects.append(to)
    for test in mutant.tests:
        program = folder / test
        if not build.link(test, objects, program):
            return "does not link"
        if notices(program, test):
            return "killed"
    return "survived"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--only", default="", help="mutants whose name has this in it")
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    chosen = [one for one in mutants.all_mutants(ROOT / "lib") if arguments.only in one.name]
    if arguments.list:
        print(*(f"{one.file}: {one.name}" for one in chosen), sep="\n")
        return 0
    build = Build(arguments.build)
    for test in sorted({test for one in chosen for test in one.tests}):
        if notices(build.folder / "tests" / test, test):
            sys.exit(f"{test} fails without any mutant")
    begun, failures = time.monotonic(), []
    for number, one in enumerate(chosen, 1):
        with tempfile.TemporaryDirectory(prefix="fanfetch-mutant-") as folder:
            verdict = check(build, one, pathlib.Path(folder))
        print(f"[{number}/{len(chosen)}] {verdict}: {one.file}: {one.name}", flush=True)
        if verdict != "killed":
            failures.append(f"{verdict}: {one.file}: {one.name}")
    print(f"\n{len(chosen) - len(failures)} of {len(chosen)} mutants killed in {time.monotonic() - begun:.0f} s")
    print(*failures, sep="\n")
    return 1 if failures or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
