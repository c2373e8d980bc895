"""The concurrency library against the standard library, Asio and CPython, in one run.

Times that hang on wake-ups vary several-fold between runs, so everything is measured in the same
one: the rounds of the C++ benchmarks come in random order, and what counts is the best of seven.
"""

import dataclasses
import json
import os
import pathlib
import statistics
import subprocess
import sys

FOLDER = pathlib.Path(__file__).parent
CPYTHON = "/usr/bin/python3"


@dataclasses.dataclass
class Figure:
    """Microseconds per operation, and heap blocks where they were counted."""

    best: float
    median: float
    counters: dict


def run_ours(program: str, rounds: int, seconds: float) -> dict[str, Figure]:
    report = subprocess.run(
        [program, "--benchmark_format=json", f"--benchmark_repetitions={rounds}",
         "--benchmark_enable_random_interleaving=true", f"--benchmark_min_time={seconds}"],
        stdout=subprocess.PIPE, check=True, text=True,
    )
    times: dict[str, list[float]] = {}
    counters: dict[str, dict] = {}
    for run in json.loads(report.stdout)["benchmarks"]:
        if run["run_type"] != "iteration":
            continue
        if run.get("error_occurred"):
            raise RuntimeError(f"{run['name']}: {run['error_message']}")
        name = run["name"].split("/")[0]
        microseconds = run["real_time"] / {"ns": 1e3, "us": 1, "ms": 1e-3}[run["time_unit"]]
        times.setdefault(name, []).append(microseconds / run.get("operations", 1))
        counters[name] = run
    return {name: Figure(min(all_), statistics.median(all_), counters[name])
            for name, all_ in times.items()}


def run_cpython(rounds: int) -> dict[str, float]:
    report = subprocess.run(
        [CPYTHON, str(FOLDER / "concurrency_cpython.py"), str(rounds)],
        stdout=subprocess.PIPE, check=True, text=True,
    )
    return json.loads(report.stdout)


class Table:
    """One line for each thing promised; says what is not met."""

    def __init__(self, figures: dict[str, Figure], cpython: dict[str, float]):
        self.figures = figures
        self.cpython = cpython
        self.lines: list[tuple[str, ...]] = []
        self.unmet: list[str] = []

    def best(self, name: str) -> float:
        return self.figures[name].best

    def time(self, number: str, what: str, name: str, others: dict[str, str] | None = None,
             factors: dict[str, float] | None = None, at_most: float | None = None,
             less: str | None = None) -> None:
        """A time per operation. `others` are benchmarks by the name of whose they are; `factors`
        how many times theirs it may be; `less` is subtracted from ours, being the work that has
        to be done anyway."""
        others, factors = others or {}, factors or {}
        ours = self.best(name) - (self.best(less) if less else 0)
        beside = [f"{who} {show(self.best(theirs))}" for who, theirs in others.items()]
        if name in self.cpython:
            beside.append(f"CPython {show(self.cpython[name])}")
        wanted, met = [], True
        for who, factor in factors.items():
            ratio = ours / self.best(others[who])
            wanted.append(f"{ratio:.2f} of {factor:g} × {who}")
            met &= ratio <= factor
        if at_most is not None:
            wanted.append(f"≤ {show(at_most)}")
            met &= ours <= at_most
        median = self.figures[name].median - (self.figures[less].median if less else 0)
        self.add(number, what, f"{show(ours)} ({show(median)})", beside, wanted, met)

    def allocations(self, number: str, what: str, name: str, others: dict[str, str],
                    at_most: float) -> None:
        """Heap blocks per operation; a pool's own, now and then, do not make it one more."""
        def of(which: str) -> float:
            return self.figures[which].counters["allocations"]
        beside = [f"{who} {of(theirs):.2f}" for who, theirs in others.items()]
        met = of(name) <= at_most + 0.05
        self.add(number, what, f"{of(name):.2f}", beside, [f"≤ {at_most:g}"], met)

    def speed_up(self, number: str, what: str, slow: str, fast: str,
                 at_least: float | None = None) -> None:
        ours = self.best(slow) / self.best(fast)
        beside = [f"CPython {self.cpython[slow] / self.cpython[fast]:.2f} ×"]
        wanted = [f"≥ {at_least:g} ×"] if at_least else []
        self.add(number, what, f"{ours:.2f} ×", beside, wanted, not at_least or ours >= at_least)

    def size(self, number: str, what: str, name: str, at_most: int) -> None:
        ours = int(self.figures[name].counters["bytes"])
        self.add(number, what, f"{ours} bytes", [], [f"≤ {at_most}"], ours <= at_most)

    def add(self, number: str, what: str, ours: str, beside: list[str], wanted: list[str],
            met: bool) -> None:
        verdict = "" if not wanted else "met" if met else "NOT MET"
        self.lines.append((number, what, ours, ", ".join(beside), ", ".join(wanted), verdict))
        if not met:
            self.unmet.append(f"{number}, {what}: {ours}, wanted {', '.join(wanted)}")

    def show(self) -> None:
        head = ("number", "what", "ours: best (median)", "others", "wanted", "")
        lines = [head, *self.lines]
        widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
        for line in lines:
            print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
        print()
        for line in self.unmet:
            print(f"NOT MET: {line}")
        if not self.unmet:
            print("everything wanted is met")


def show(microseconds: float) -> str:
    for unit, factor in (("ns", 1e-3), ("µs", 1), ("ms", 1e3)):
        if abs(microseconds) < 1000 * factor:
            return f"{microseconds / factor:.3g} {unit}"
    return f"{microseconds / 1e6:.3g} s"


def compare(figures: dict[str, Figure], cpython: dict[str, float]) -> Table:
    table = Table(figures, cpython)
    std = {"std::promise": "Prf01StdPromise"}
    table.time("PRF-01", "promise: set and read", "Prf01PromiseSetAndResult", std,
               factors={"std::promise": 1})
    table.allocations("PRF-01", "its heap blocks", "Prf01PromiseSetAndResult", std, at_most=1)

    pools = {"asio::post": "Prf02AsioRoundTrip", "std::async": "Prf02StdAsyncRoundTrip"}
    table.time("PRF-02", "pool: submit and read", "Prf02RoundTrip", pools,
               factors={"asio::post": 1.15, "std::async": 1})
    asio = {"asio::post": "Prf03AsioBulk"}
    table.time("PRF-03", "pool: 10,000 at once", "Prf03Bulk", asio,
               factors={"asio::post": 2}, at_most=1.5)
    table.allocations("PRF-03", "heap blocks of a 64-byte call", "Prf03Bulk", asio, at_most=1)
    table.allocations("PRF-03", "those of a future with a 32-byte callback", "Prf03FirstCallback",
                      {}, at_most=1)

    table.time("PRF-04", "wait: 100,000 that are done", "Prf04WaitForDone", at_most=0.5)
    table.time("PRF-04", "wait: 100,000 pending", "Prf04WaitForPending", at_most=0.5,
               less="Prf04CompletingElsewhere")
    table.time("PRF-04", "as_completed: 100,000 that are done", "Prf04AsCompletedOfDone",
               at_most=0.5)
    table.time("PRF-04", "as_completed: 100,000 pending", "Prf04AsCompletedOfPending", at_most=0.5,
               less="Prf04Completing")

    table.time("PRF-05", "spawn and await", "Prf05SpawnAndAwait",
               {"co_spawn": "Prf05CoSpawnAndAwait"}, at_most=1.5)
    table.time("PRF-05", "gather, each of 1,000", "Prf05Gather",
               {"co_spawn": "Prf05CoSpawnMany"}, at_most=2)
    table.time("PRF-05", "run_in_executor", "Prf05RunInExecutor",
               {"our round trip": "Prf02RoundTrip", "co_spawn in a pool": "Prf05CoSpawnInPool"},
               factors={"our round trip": 1.3})

    table.time("PRF-06", "process: round trip of 1 KiB", "Prf06RoundTrip",
               {"bare echo": "Prf06BareEcho"}, at_most=60)
    table.time("PRF-06", "process: item, chunks of 64", "Prf06Chunked", at_most=1)
    table.time("PRF-06", "process: a result of 50 MB", "Prf06LargeResult", at_most=200_000)
    table.speed_up("PRF-06", "SHA-256 of 12 MiB, two workers for one", "Prf06Sha256WithOneWorker",
                   "Prf06Sha256WithTwoWorkers", at_least=1.7)
    table.speed_up("PRF-06", "the same of blocks that are sent", "Prf06SentBlocksWithOneWorker",
                   "Prf06SentBlocksWithTwoWorkers")

    table.time("PRF-07", "actor: send and handle", "Prf07SendAndHandle", at_most=1)
    table.time("PRF-07", "progress: bytes and an item", "Prf07ProgressUpdate", at_most=0.1)
    table.size("PRF-07", "state of a Future<int>", "Prf07StateOfAFuture", at_most=192)
    return table


def concurrency(program: str, rounds: int, seconds: float) -> None:
    """Measures and prints. It is a measurement: what is not met is said, and not a failure."""
    busy = os.getloadavg()[0]
    print(f"ours, the standard library and Asio: {rounds} rounds", file=sys.stderr)
    figures = run_ours(program, rounds, seconds)
    print(f"CPython: {rounds} rounds", file=sys.stderr)
    table = compare(figures, run_cpython(rounds))
    print(f"{os.cpu_count()} cores; {busy:.1f} programs wanted them before we began\n")
    table.show()
