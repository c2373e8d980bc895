"""What every comparison needs: running a program on its core, what it used, and the table."""

import contextlib
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

from service import serve

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
                durability: str, http_version: str = "auto", item_options=None, units: int = 0,
                **settings) -> Figure:
    """From the POST to the moment the job is completed, every result durable."""
    data = pathlib.Path(tempfile.mkdtemp(prefix="data-", dir=folder))
    options = {"concurrency": concurrency, "per_host": {"concurrency": concurrency},
               "http_version": http_version, **(item_options or {})}
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
            return Figure(units or count, seconds, service.cpu_s() - cpu,
                          service.memory_kib("VmHWM"))
    finally:
        shutil.rmtree(data)


@contextlib.contextmanager
def folders(args):
    """One on the disk that is measured, one in memory for the origin's files."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="fanfetch-bench-", dir=args.dir))
    origin_folder = pathlib.Path(tempfile.mkdtemp(prefix="fanfetch-origin-", dir="/dev/shm"))
    try:
        yield folder, origin_folder
    finally:
        shutil.rmtree(folder)
        shutil.rmtree(origin_folder)


def compare(contenders: dict, args, unit: str = "URLs") -> dict[str, list[Figure]]:
    """Everybody in turn, for several rounds; prints the table."""
    if args.only:
        contenders = {name: play for name, play in contenders.items()
                      if name in args.only.split(",")}
    figures = {name: [] for name in contenders}
    for number in range(args.rounds):
        for name, play in contenders.items():
            figures[name].append(play())
            print(f"round {number + 1}: {name}: {figures[name][-1].rate:,.0f} {unit}/s",
                  file=sys.stderr)
    report(figures, unit)
    return figures


def report(figures: dict[str, list[Figure]], unit: str = "URLs") -> None:
    median = {name: statistics.median(f.rate for f in all_) for name, all_ in figures.items()}
    ours = median.get("fanfetch")
    print(f"{'':14} {unit + '/s':>10} {'CPU µs each':>11} {'peak MiB':>9} {'fanfetch is':>12}")
    for name, all_ in figures.items():
        ratio = f"{ours / median[name]:.2f} ×" if ours else ""
        print(f"{name:14} {median[name]:10,.0f} {statistics.median(f.cpu_us for f in all_):11.1f} "
              f"{max(f.peak_mib for f in all_):9.1f} {ratio:>12}")
