"""Thousands of requests in flight against an origin that takes 100 ms for each.

What an ideal client would do is concurrency divided by latency. nginx sleeps in its echo module, so
that the origin itself has nothing to do but to wait; h2load shows what it bears.

What a request in flight costs in memory is what the service needs beyond what it needs for a list as
long whose requests are answered at once, a few at a time: the pages that the database keeps and the
like are there anyway.
"""

import contextlib
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

from contest import CLIENT_CORE, ORIGIN_CORE, folders
from origin import free_port, nginx
from service import serve
from tls import tls_nginx

LATENCY_S = 0.1
WARM_UP_S, SECONDS = 4, 5
FEW = 50
SLEEPY = ("location /slow {{ echo_sleep {latency}; echo hello; }} location /fast {{ echo hello; }}"
          .format(latency=LATENCY_S))


def h2load(url: str, concurrency: int) -> float:
    """Requests a second, warmed up."""
    command = ["taskset", "-c", str(CLIENT_CORE), "h2load", "--h1", "-t1", f"-c{concurrency}",
               f"-D{SECONDS}", f"--warm-up-time={WARM_UP_S}", url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(re.search(r"finished in [\d.]+s, ([\d.]+) req/s", text).group(1))


def reached(service, link, job: str, succeeded: float) -> dict:
    """The counts when so many are done."""
    while True:
        counts = service.call("GET", f"/v1/jobs/{job}", connection=link)[1]["counts"]
        if counts["succeeded"] + counts["failed"] >= succeeded:
            return counts
        time.sleep(0.02)


def url_count(concurrency: int) -> int:
    """As many as keep so many in flight for all of the time."""
    return int(concurrency / LATENCY_S * (WARM_UP_S + SECONDS))


@contextlib.contextmanager
def posted(args, folder, url: str, count: int, concurrency: int, settings: dict):
    """The service with a job of so many URLs, which is under way."""
    data = pathlib.Path(tempfile.mkdtemp(prefix="data-", dir=folder))
    options = {"concurrency": concurrency, "per_host": {"concurrency": concurrency},
               "http_version": "1.1"}
    lines = json.dumps({"options": options}).encode() + b"\n" + b"".join(
        f'"{url}?{number}"\n'.encode() for number in range(count))
    try:
        with serve(args.binary, data, CLIENT_CORE, job__max_concurrency=concurrency,
                   host__max_concurrency=concurrency, **settings) as service:
            status, job = service.call("POST", "/v1/jobs", lines, "application/x-ndjson")
            assert status == 202, job
            yield service, job["id"]
    finally:
        shutil.rmtree(data)


def peak_with_few_kib(args, folder, url: str, count: int, settings: dict) -> int:
    with posted(args, folder, url, count, FEW, settings) as (service, job):
        service.wait_done(job)
        return service.memory_kib("VmHWM")


def fanfetch(args, folder, url: str, concurrency: int, **settings) -> dict:
    """Rate and CPU from warm to nearly done, and memory."""
    count = url_count(concurrency)
    few_kib = peak_with_few_kib(args, folder, url.replace("/slow", "/fast"), count, settings)
    with posted(args, folder, url, count, concurrency, settings) as (service, job):
        link = service.connect()
        before = reached(service, link, job, 0.4 * count)
        started, cpu = time.monotonic(), service.cpu_s()
        after = reached(service, link, job, 0.9 * count)
        seconds, cpu = time.monotonic() - started, service.cpu_s() - cpu
        assert after["failed"] == 0, after
        return {"rate": (after["succeeded"] - before["succeeded"]) / seconds,
                "core": cpu / seconds,
                "kib_each": (service.memory_kib("VmHWM") - few_kib) / (concurrency - FEW)}


def in_flight(args) -> None:
    with folders(args) as (folder, origin_folder):
        with (nginx(origin_folder, 2048, ORIGIN_CORE, extra=SLEEPY, modules=["echo"]) as port,
              tls_nginx(origin_folder, ORIGIN_CORE, free_port(), SLEEPY, ["echo"]) as base):
            plain = f"http://127.0.0.1:{port}/slow"
            secure = base.replace("/f/", "/slow")
            trust = {"fetch__ca_file": origin_folder / "tls.pem"}
            print(f"{'':12} {'in flight':>9} {'ideal/s':>9} {'h2load/s':>9} {'fanfetch/s':>10} "
                  f"{'of ideal':>8} {'core':>5} {'KiB each':>8}")
            for name, url, settings in (("http", plain, {}), ("https", secure, trust)):
                for concurrency in (500, 1000, 2000, 5000):
                    ideal = concurrency / LATENCY_S
                    limit = h2load(url, concurrency)
                    ours = fanfetch(args, folder, url, concurrency, **settings)
                    print(f"{name:12} {concurrency:9,} {ideal:9,.0f} {limit:9,.0f} "
                          f"{ours['rate']:10,.0f} {ours['rate'] / ideal:8.2f} {ours['core']:5.2f} "
                          f"{ours['kib_each']:8.1f}", flush=True)
