"""What one small batch waits for, and what the service costs while it does nothing."""

import http.client
import json
import statistics
import time

from contest import ORIGIN_CORE, folders
from origin import nginx, slow
from service import serve


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def latency(args) -> None:
    """Single-URL gathers on a kept connection against the origin itself; twenty URLs of a host that
    takes 50 ms for each; start; idle memory."""
    with folders(args) as (folder, origin_folder):
        with nginx(origin_folder, 2048, ORIGIN_CORE) as port, \
                serve(args.binary, folder / "data") as service:
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


def gather_twenty(service, link, port: int, round: int) -> float:
    body = json.dumps({"urls": [f"http://127.0.0.1:{port}/{round}/{n}" for n in range(20)]})
    started = time.perf_counter()
    status, answer = service.call("POST", "/v1/gather", body, connection=link)
    took = time.perf_counter() - started
    assert status == 200 and all(one["state"] == "succeeded" for one in answer["results"]), answer
    return took
