#!/usr/bin/python3
"""fanfetch against the programs a user would pick instead, side by side in one run.

The origin is nginx pinned to one core; everybody else runs pinned to the other, one after the
other, for several rounds, so that a noisy neighbour hits all alike. What counts is the ratio.
"""

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from bodies import bodies  # noqa: E402
from concurrency import concurrency  # noqa: E402
from hosts import hosts  # noqa: E402
from in_flight import in_flight  # noqa: E402
from latency import latency  # noqa: E402
from million import million, ten_million  # noqa: E402
from small import small  # noqa: E402
from tls import handshakes, tls  # noqa: E402
from watching import events, polling  # noqa: E402

# What is measured, and how many URLs it takes unless --urls says so.
BENCHES = {
    "small": (small, 100_000),
    "hosts": (hosts, 100_000),
    "tls": (tls, 50_000),
    "handshakes": (handshakes, 8_000),
    "in_flight": (in_flight, 0),
    "bodies": (bodies, 4),
    "latency": (latency, 0),
    "million": (million, 1_000_000),
    "ten_million": (ten_million, 10_000_000),
    "polling": (polling, 0),
    "events": (events, 0),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", default="small",
                        choices=[*BENCHES, "concurrency"])
    parser.add_argument("--binary", default="build/release/fanfetch")
    parser.add_argument("--before", help="small: an older program, measured in the same rounds")
    parser.add_argument("--concurrency-binary", default="build/release/bench/bench_concurrency")
    parser.add_argument("--rounds", type=int, help="how often everything is measured")
    parser.add_argument("--urls", type=int)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--only", help="comma-separated contenders")
    parser.add_argument("--finish", action="store_true", help="million, ten_million: fetch them all, too")
    parser.add_argument("--seconds", type=float, default=0.1,
                        help="concurrency: how long one round of a benchmark takes at least")
    parser.add_argument("--dir", default="build", help="where data directories go: a real disk")
    args = parser.parse_args()
    args.rounds = args.rounds or {"concurrency": 7}.get(args.what, 5)
    if args.what == "concurrency":
        concurrency(args.concurrency_binary, args.rounds, args.seconds)
        return
    play, urls = BENCHES[args.what]
    args.urls = args.urls or urls
    pathlib.Path(args.dir).mkdir(exist_ok=True)
    args.dir = str(pathlib.Path(args.dir).resolve())
    play(args)


if __name__ == "__main__":
    main()
