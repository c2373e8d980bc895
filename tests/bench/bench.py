#!/usr/bin/python3
"""fanfetch against the programs a user would pick instead, side by side in one run.

The origin is nginx pinned to one core; everybody else runs pinned to the other, one after the
other, for several rounds, so that a noisy neighbour hits all alike. What counts is the ratio.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from concurrency import concurrency  # noqa: E402
from origin import free_port, nginx, slow, wait_for_port  # noqa: E402
from service import serve  # noqa: E402
from tls import tls_nginx  # noqa: E402

ORIGIN_CORE, CLIENT_CORE = 0, 1

AIOHTTP = """
import asyncio, sys, aiohttp
async def main():
    urls = iter(open(sys.argv[1]).read().split())
    limit = int(sys.argv[2])
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=limit)) as session:
        async def worker():
            for url in urls:
                async with session.get(url) as response:
                    assert response.status == 200
                    await response.read()
        await asyncio.gather(*(worker() for _ in range(limit)))
asyncio.run(main())
"""


class Figure:
    """One measurement: URLs a second, CPU per URL, peak memory."""

    def __init__(self, urls: int, seconds: float, cpu_s: float, peak_kib: int):
        self.rate = urls / seconds
        self.cpu_us = cpu_s / urls * 1e6
        self.peak_mib = peak_kib / 1024


def run(command: list[str], urls: int) -> Figure:
    """A whole program, with what the kernel says it used.

    The peak is told by time(1): a child of ours would begin with the memory of this process.
    """
    started = time.monotonic()
    with tempfile.NamedTemporaryFile("r") as peak:
        process = subprocess.Popen(
            ["/usr/bin/time", "--format=%M", "--quiet", f"--output={peak.name}",
             "taskset", "-c", str(CLIENT_CORE), *command],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        peak_kib = int(peak.read().split()[-1])
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 8):
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return Figure(urls, seconds, usage.ru_utime + usage.ru_stime, peak_kib)


def run_wrk(port: int, concurrency: int) -> Figure:
    """wrk counts requests in a time, not the time of requests."""
    command = ["taskset", "-c", str(CLIENT_CORE), "wrk", "-t1", f"-c{concurrency}", "-d3s",
               f"http://127.0.0.1:{port}/f/000000.bin"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    text = process.stdout.read()
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    requests, seconds = re.search(r"(\d+) requests in ([\d.]+)s", text).groups()
    return Figure(int(requests), float(seconds), usage.ru_utime + usage.ru_stime, usage.ru_maxrss)


def run_service(binary: str, folder: pathlib.Path, urls: bytes, count: int, concurrency: int,
                durability: str, http_version: str = "auto", **settings) -> Figure:
    """From the POST to the moment the job is completed, every result durable."""
    data = pathlib.Path(tempfile.mkdtemp(prefix="data-", dir=folder))
    options = {"concurrency": concurrency, "per_host": {"concurrency": concurrency},
               "http_version": http_version}
    lines = json.dumps({"options": options}).encode() + b"\n" + b"".join(
        b'"' + url + b'"\n' for url in urls.split())
    try:
        with serve(binary, data, CLIENT_CORE, data__durability=durability, **settings) as service:
            cpu = service.cpu_s()
            started = time.monotonic()
            status, job = service.call("POST", "/v1/jobs", lines, "application/x-ndjson")
            assert status == 202, job
            state = service.wait_done(job["id"])
            seconds = time.monotonic() - started
            assert state["state"] == "completed" and state["counts"]["succeeded"] == count, state
            return Figure(count, seconds, service.cpu_s() - cpu, service.memory_kib("VmHWM"))
    finally:
        shutil.rmtree(data)


def small(args) -> None:
    folder = pathlib.Path(tempfile.mkdtemp(prefix="fanfetch-bench-", dir=args.dir))
    origin_folder = pathlib.Path(tempfile.mkdtemp(prefix="fanfetch-origin-", dir="/dev/shm"))
    try:
        with nginx(origin_folder, 2048, ORIGIN_CORE) as port:
            base = f"http://127.0.0.1:{port}/f/"
            names = [f"{base}{number:06d}.bin" for number in range(args.urls)]
            listing = "\n".join(names).encode() + b"\n"
            (folder / "urls").write_bytes(listing)
            (folder / "some").write_text("\n".join(names[:1000]) + "\n")
            (folder / "curl.cfg").write_text(
                "".join(f'url = "{url}"\noutput = "/dev/null"\n' for url in names))
            (folder / "aio.py").write_text(AIOHTTP)
            n, c = args.urls, args.concurrency
            contenders = {
                "wrk": lambda: run_wrk(port, c),
                "h2load": lambda: run(["h2load", "--h1", "-t1", f"-c{c}", f"-n{n}", names[0]], n),
                "wget2": lambda: run(["wget2", "-q", f"--max-threads={c}", "-O", "/dev/null",
                                      "-i", str(folder / "urls")], n),
                "curl -Z": lambda: run(["curl", "-s", "-Z", "--parallel-max", str(c), "-K",
                                        str(folder / "curl.cfg")], n),
                "aiohttp": lambda: run(["/usr/bin/python3", str(folder / "aio.py"),
                                        str(folder / "urls"), str(c)], n),
                "aria2 (1,000)": lambda: run(
                    ["aria2c", "-q", f"-j{c}", "-d", str(folder / "aria"), "--allow-overwrite=true",
                     "--file-allocation=none", "-i", str(folder / "some")], 1000),
                "fanfetch": lambda: run_service(args.binary, folder, listing, n, c, "full"),
                "fanfetch os": lambda: run_service(args.binary, folder, listing, n, c, "os"),
            }
            if args.only:
                contenders = {name: play for name, play in contenders.items()
                              if name in args.only.split(",")}
            figures = {name: [] for name in contenders}
            for number in range(args.rounds):
                for name, play in contenders.items():
                    figures[name].append(play())
                    print(f"round {number + 1}: {name}: {figures[name][-1].rate:,.0f}/s",
                          file=sys.stderr)
            report(figures)
    finally:
        shutil.rmtree(folder)
        shutil.rmtree(origin_folder)


def tls(args) -> None:
    """The same small URLs over TLS. One HTTP/2 connection carries all of h2load's streams, too."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="fanfetch-bench-", dir=args.dir))
    origin_folder = pathlib.Path(tempfile.mkdtemp(prefix="fanfetch-origin-", dir="/dev/shm"))
    try:
        with (nginx(origin_folder, 2048, ORIGIN_CORE),
              tls_nginx(origin_folder, ORIGIN_CORE, free_port(), wait_for_port) as base):
            n, c = args.urls, args.concurrency
            listing = "".join(f"{base}{number:06d}.bin\n" for number in range(n)).encode()
            first = f"{base}000000.bin"
            trust = {"fetch__ca_file": origin_folder / "tls.pem"}
            contenders = {
                "h2load h2": lambda: run(["h2load", "-t1", "-c1", f"-m{c}", f"-n{n}", first], n),
                "h2load 1.1": lambda: run(["h2load", "--h1", "-t1", f"-c{c}", f"-n{n}", first], n),
                "fanfetch": lambda: run_service(
                    args.binary, folder, listing, n, c, "full", "2", **trust),
                "fanfetch 1.1": lambda: run_service(
                    args.binary, folder, listing, n, c, "full", "1.1", **trust),
            }
            figures = {name: [] for name in contenders}
            for number in range(args.rounds):
                for name, play in contenders.items():
                    figures[name].append(play())
                    print(f"round {number + 1}: {name}: {figures[name][-1].rate:,.0f}/s",
                          file=sys.stderr)
            report(figures)
    finally:
        shutil.rmtree(folder)
        shutil.rmtree(origin_folder)


def report(figures: dict[str, list[Figure]]) -> None:
    median = {name: statistics.median(f.rate for f in all_) for name, all_ in figures.items()}
    ours = median.get("fanfetch")
    print(f"{'':14} {'URLs/s':>10} {'CPU µs/URL':>11} {'peak MiB':>9} {'fanfetch is':>12}")
    for name, all_ in figures.items():
        ratio = f"{ours / median[name]:.2f} ×" if ours else ""
        print(f"{name:14} {median[name]:10,.0f} {statistics.median(f.cpu_us for f in all_):11.1f} "
              f"{max(f.peak_mib for f in all_):9.1f} {ratio:>12}")


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def latency(args) -> None:
    """Single-URL gathers on a kept connection against the origin itself; twenty URLs of a host that
    takes 50 ms for each; start; idle memory."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="fanfetch-bench-", dir=args.dir))
    origin_folder = pathlib.Path(tempfile.mkdtemp(prefix="fanfetch-origin-", dir="/dev/shm"))
    try:
        with nginx(origin_folder, 2048, ORIGIN_CORE) as port, \
                serve(args.binary, folder / "data") as service:
            import http.client
            direct = http.client.HTTPConnection("127.0.0.1", port)
            ours = service.connect()
            idle = service.memory_kib("VmRSS") / 1024
            straight, gathered = [], []
            for number in range(args.requests):
                path = f"/f/{number % 100:06d}.bin"
                started = time.perf_counter()
                direct.request("GET", path)
                direct.getresponse().read()
                straight.append(time.perf_counter() - started)
                body = json.dumps({"urls": [f"http://127.0.0.1:{port}{path}"]})
                started = time.perf_counter()
                status, answer = service.call("POST", "/v1/gather", body, connection=ours)
                gathered.append(time.perf_counter() - started)
                assert status == 200 and answer["results"][0]["state"] == "succeeded", answer
            extra = statistics.median(gathered) - statistics.median(straight)
            print(f"start to ready line: {service.ready_s * 1e3:.1f} ms, idle memory: {idle:.1f} MiB")
            print(f"origin median {statistics.median(straight) * 1e3:.3f} ms, gather median "
                  f"{statistics.median(gathered) * 1e3:.3f} ms (p99 "
                  f"{percentile(gathered, 0.99) * 1e3:.3f}), extra {extra * 1e3:.3f} ms")
            with slow(0.05) as origin:
                twenty = [gather_twenty(service, ours, origin, round) for round in range(40)]
            print(f"20 URLs of a host that takes 50 ms: median {statistics.median(twenty) * 1e3:.1f} "
                  f"ms, p90 {percentile(twenty, 0.9) * 1e3:.1f}, first {twenty[0] * 1e3:.1f}")
    finally:
        shutil.rmtree(folder)
        shutil.rmtree(origin_folder)


def gather_twenty(service, link, port: int, round: int) -> float:
    body = json.dumps({"urls": [f"http://127.0.0.1:{port}/{round}/{n}" for n in range(20)]})
    started = time.perf_counter()
    status, answer = service.call("POST", "/v1/gather", body, connection=link)
    took = time.perf_counter() - started
    assert status == 200 and all(one["state"] == "succeeded" for one in answer["results"]), answer
    return took


def million(args) -> None:
    """A million URLs as text/plain: when the answer comes, and what memory it takes."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="fanfetch-bench-", dir=args.dir))
    origin_folder = pathlib.Path(tempfile.mkdtemp(prefix="fanfetch-origin-", dir="/dev/shm"))
    try:
        with nginx(origin_folder, 2048, ORIGIN_CORE) as port, \
                serve(args.binary, folder / "data") as service:
            lines = b"".join(f"http://127.0.0.1:{port}/f/{number:06d}.bin\n".encode()
                             for number in range(args.urls))
            link = service.connect()
            link.putrequest("POST", "/v1/jobs")
            link.putheader("Content-Type", "text/plain")
            link.putheader("Content-Length", str(len(lines)))
            link.endheaders()
            started = time.monotonic()
            link.send(lines)
            sent = time.monotonic()
            response = link.getresponse()
            answered = time.monotonic()
            job = json.loads(response.read())
            assert response.status == 202, job
            print(f"sent in {sent - started:.2f} s ({args.urls / (answered - started):,.0f} URLs/s "
                  f"accepted), answered {answered - sent:.3f} s after the last byte")
            if args.finish:
                state = service.wait_done(job["id"])
                print(f"completed after {time.monotonic() - started:.1f} s: {state['counts']}")
            print(f"peak memory {service.memory_kib('VmHWM') / 1024:.1f} MiB")
    finally:
        shutil.rmtree(folder)
        shutil.rmtree(origin_folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", default="small",
                        choices=["small", "tls", "latency", "million", "concurrency"])
    parser.add_argument("--binary", default="build/release/fanfetch")
    parser.add_argument("--concurrency-binary", default="build/release/bench/bench_concurrency")
    parser.add_argument("--rounds", type=int, help="how often everything is measured")
    parser.add_argument("--urls", type=int)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--only", help="comma-separated contenders")
    parser.add_argument("--finish", action="store_true", help="million: fetch them all, too")
    parser.add_argument("--seconds", type=float, default=0.1,
                        help="concurrency: how long one round of a benchmark takes at least")
    parser.add_argument("--dir", default="build", help="where data directories go: a real disk")
    args = parser.parse_args()
    args.rounds = args.rounds or {"concurrency": 7}.get(args.what, 5)
    if args.what == "concurrency":
        concurrency(args.concurrency_binary, args.rounds, args.seconds)
        return
    args.urls = args.urls or {"small": 100_000, "tls": 50_000, "million": 1_000_000}.get(args.what)
    pathlib.Path(args.dir).mkdir(exist_ok=True)
    args.dir = str(pathlib.Path(args.dir).resolve())
    {"small": small, "tls": tls, "latency": latency, "million": million}[args.what](args)


if __name__ == "__main__":
    main()
