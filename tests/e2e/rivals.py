"""Tenants that compete: how long one's jobs take, beside somebody else and alone."""

import json
import math
import os
import threading
import time

from chaos import PACE

# The long runs, at the figures of the bar. The short ones run beside other tests on a machine that
# may be busy: they tell a fault from none, with some room for that.
SOAK = os.environ.get("FANFETCH_SOAK") == "1"
NOISE_S = (0.05 if SOAK else 0.3) * PACE


def quantile(samples: list[float], share: float) -> float:
    return sorted(samples)[math.ceil(share * len(samples)) - 1]


def p99(samples: list[float]) -> float:
    return quantile(samples, 0.99)


def worst(samples: list[float]) -> float:
    """The 99th of a hundred; of a short run, in which that is the one that met the noise, the 90th."""
    return quantile(samples, 0.99 if SOAK else 0.9)


def jain(shares: list[float]) -> float:
    """1 when all have the same, 1/n when one has all."""
    return sum(shares) ** 2 / (len(shares) * sum(share * share for share in shares))


def flood(service, urls, **options) -> str:
    """The id of a job with as many URLs as somebody likes."""
    wide = {"concurrency": 1000, "per_host": {"concurrency": 1000}} | options
    lines = "".join(f'"{url}"\n' for url in urls)
    body = json.dumps({"options": wide}) + "\n" + lines
    reply = service.post("/v1/jobs", body, kind="application/x-ndjson")
    assert reply.status == 202, reply
    return reply.json["id"]


def job_time(service, urls, **options) -> float:
    """Seconds from a submit to the answer that shows the job done."""
    wide = {"concurrency": 1000, "per_host": {"concurrency": 1000}} | options
    began = time.monotonic()
    reply = service.post("/v1/jobs", {"urls": urls, "options": wide}, Prefer="wait=60")
    assert reply.status == 200 and reply.json["done"], reply
    assert reply.json["counts"]["succeeded"] == len(urls), reply.json
    return time.monotonic() - began


def times(service, urls, count: int, **options) -> list[float]:
    return [job_time(service, urls, **options) for _ in range(count)]


def done(service, job: str) -> int:
    counts = service.job(job)["counts"]
    return counts["succeeded"] + counts["failed"]


def rates(jobs: dict, seconds: float) -> dict:
    """Results a second of each (service, job), counted over the same time."""
    before = {name: done(*job) for name, job in jobs.items()}
    began = time.monotonic()
    threading.Event().wait(seconds)
    after = {name: done(*job) for name, job in jobs.items()}
    took = time.monotonic() - began
    return {name: (after[name] - before[name]) / took for name in jobs}
