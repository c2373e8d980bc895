"""What it costs to look at a job: polls a second on one core, and how soon an item is an event."""

import json
import os
import pathlib
import re
import subprocess
import time

from contest import CLIENT_CORE, ORIGIN_CORE, folders
from latency import percentile
from origin import nginx, slow
from service import serve

CONNECTIONS = 64
RUN_S = 5


def submit(service, urls, **options) -> str:
    body = json.dumps({"urls": urls, "options": options})
    status, job = service.call("POST", "/v1/jobs", body)
    assert status == 202, (status, job)
    return job["id"]


def leave_the_core() -> None:
    """What this process plays itself, readers and origins, is on the other core than the service."""
    os.sched_setaffinity(0, {ORIGIN_CORE})


def polls_per_s(service, job: str) -> float:
    """As many as the one core of the service answers, asked by wrk on the other."""
    command = ["taskset", "-c", str(ORIGIN_CORE), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{RUN_S}s",
               f"http://127.0.0.1:{service.port}/v1/jobs/{job}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said, said
    return float(re.search(r"Requests/sec:\s*([\d.]+)", said)[1])


def paced(url: str, rate: float, log: pathlib.Path) -> list[float]:
    """Seconds of each answer when so many a second are asked for, by h2load.

    It paces each connection in steps of ten milliseconds. Connections that began together would ask
    together, some hundred at a time, and measure how long that many take; these begin seven
    milliseconds after one another, which spreads them over all the steps there are.
    """
    log.unlink(missing_ok=True)
    total = int(rate * RUN_S) // CONNECTIONS * CONNECTIONS
    command = ["taskset", "-c", str(ORIGIN_CORE), "h2load", "--h1", "-t1", f"-c{CONNECTIONS}",
               f"-n{total}", "-r4", "--rate-period=7ms", f"--rps={rate / CONNECTIONS:.1f}",
               f"--log-file={log}", url]
    subprocess.run(command, capture_output=True, check=True, timeout=10 * RUN_S)
    lines = [line.split("\t") for line in log.read_text().splitlines()]
    assert len(lines) == total and all(line[1] == "200" for line in lines)
    return [int(line[2]) / 1e6 for line in lines]


def told(times: list[float]) -> str:
    return f"median {percentile(times, 0.5) * 1e3:.2f} ms, p99 {percentile(times, 0.99) * 1e3:.2f}"


def polling(args) -> None:
    """GET /v1/jobs/{id}: at full speed, and at half of it while the job runs.

    What the machine and h2load alone make of that pace is told by nginx with a file of 2 KiB.
    """
    leave_the_core()
    sleepy = "location /slow { echo_sleep 0.05; echo hello; }"
    with folders(args) as (folder, origin_folder), \
            nginx(origin_folder, 2048, ORIGIN_CORE, extra=sleepy, modules=["echo"]) as port:
        with slow(3600) as silent, \
                serve(args.binary, folder / "data", CLIENT_CORE, shards=1,
                      shutdown__grace="100ms") as service:
            waiting = submit(service, [f"http://127.0.0.1:{silent}/{n}" for n in range(10)])
            rates = []
            for _ in range(args.rounds):
                rates.append(polls_per_s(service, waiting))
            rate = sorted(rates)[len(rates) // 2]
            print(f"full speed: {rate:,.0f} polls/s (median of {args.rounds}; "
                  f"{min(rates):,.0f} to {max(rates):,.0f})")
            for _ in range(args.rounds):
                # Fifteen items end every 50 ms for longer than is polled.
                urls = [f"http://127.0.0.1:{port}/slow?{n}" for n in range(600 * RUN_S)]
                running = submit(service, urls, concurrency=15, per_host={"concurrency": 15})
                times = paced(f"http://127.0.0.1:{service.port}/v1/jobs/{running}", rate / 2,
                              folder / "times")
                status, job = service.call("GET", f"/v1/jobs/{running}")
                assert not job["done"], "it is to run all the time"
                print(f"half of it while a job runs: {told(times)}; "
                      f"{job['counts']['succeeded']} items ended meanwhile")
                service.call("POST", f"/v1/jobs/{running}/cancel", "{}")
    with folders(args) as (_, origin_folder), nginx(origin_folder, 2048, CLIENT_CORE) as port:
        times = paced(f"http://127.0.0.1:{port}/f/000000.bin", rate / 2, origin_folder / "times")
        print(f"nginx at the same pace: {told(times)}")


def events(args) -> None:
    """From an item's last byte at the origin to its line on the event stream."""
    leave_the_core()
    with folders(args) as (folder, _):
        answered: dict[str, float] = {}
        with slow(0.02, answered) as port, \
                serve(args.binary, folder / "data", CLIENT_CORE, shards=1,
                      shutdown__grace="100ms") as service:
            for concurrency in (1, 8, 64):
                total = min(args.requests, 200 * concurrency)
                prefix = f"/{concurrency}/"
                urls = [f"http://127.0.0.1:{port}{prefix}{n}" for n in range(total)]
                job = submit(service, urls, concurrency=concurrency,
                             per_host={"concurrency": concurrency})
                link, took = service.connect(), []
                link.request("GET", f"/v1/jobs/{job}/events")
                for line in link.getresponse():
                    now = time.perf_counter()
                    if line.startswith(b'data: {"index"'):
                        path = json.loads(line[6:])["url"].split(str(port), 1)[1]
                        took.append(now - answered[path])
                link.close()
                assert len(took) == total, (len(took), total)
                print(f"{concurrency:3} in flight, {total} items: median "
                      f"{percentile(took, 0.5) * 1e3:.1f} ms, p99 {percentile(took, 0.99) * 1e3:.1f}")
