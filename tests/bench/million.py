"""A long list in one upload: how soon it is accepted, and what memory it takes."""

import json
import threading
import time

from contest import ORIGIN_CORE, folders
from origin import nginx
from service import serve


def million(args) -> None:
    """A million URLs as text/plain: when the answer comes, and what memory it takes."""
    with folders(args) as (folder, origin_folder):
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


LINES_AT_ONCE = 100_000


def ten_million(args) -> None:
    """Ten million URLs in one upload: acceptance, memory on the way, the first result, a kill -9 in the middle."""
    with folders(args) as (folder, origin_folder):
        with nginx(origin_folder, 2048, ORIGIN_CORE) as port:
            with serve(args.binary, folder / "data") as service:
                watch = Watch(service)
                block = b"".join(f"http://127.0.0.1:{port}/f/{n % 1000:03d}.bin?{n}\n".encode()
                                 for n in range(LINES_AT_ONCE))
                link = service.connect()
                link.putrequest("POST", "/v1/jobs")
                link.putheader("Content-Type", "text/plain")
                link.putheader("Transfer-Encoding", "chunked")
                link.endheaders()
                started = time.monotonic()
                for _ in range(args.urls // LINES_AT_ONCE):
                    link.send(b"%x\r\n" % len(block) + block + b"\r\n")
                link.send(b"0\r\n\r\n")
                sent = time.monotonic()
                response = link.getresponse()
                answered = time.monotonic()
                job = json.loads(response.read())
                assert response.status == 202, job
                watch.stop()
                urls = args.urls // LINES_AT_ONCE * LINES_AT_ONCE
                print(f"{urls:,} URLs: {urls / (answered - started):,.0f} a second accepted, answered "
                      f"{answered - sent:.3f} s after the last byte")
                print(f"first result seen after {watch.first_s(started):.2f} s, the upload took "
                      f"{sent - started:.1f} s; {watch.finished:,} were done by its end")
                print(f"memory during the upload: at most {watch.most_kib / 1024:.0f} MiB")
                service.process.kill()
                service.process.wait()
            with serve(args.binary, folder / "data") as again:
                status, state = again.call("GET", f"/v1/jobs/{job['id']}")
                assert status == 200 and state["counts"]["total"] == urls, state
                time.sleep(5)  # it fetches
                print(f"ready {again.ready_s:.2f} s after a kill -9, {state['counts']['succeeded']:,} done by then; "
                      f"memory since: at most {again.memory_kib('VmHWM') / 1024:.0f} MiB")
                if args.finish:
                    state = again.wait_done(job["id"])
                    print(f"completed after {time.monotonic() - started:.1f} s: {state['counts']}; "
                          f"at most {again.memory_kib('VmHWM') / 1024:.0f} MiB")
                else:
                    again.process.kill()


class Watch:
    """Looks at a service's memory, and for its first result, while somebody uploads to it."""

    def __init__(self, service):
        self.most_kib = self.finished = 0
        self._first = None
        self._service = service
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def first_s(self, started: float) -> float:
        return self._first - started if self._first else float("nan")

    def _look(self) -> None:
        job = None
        while not self._over.wait(0.05):
            self.most_kib = max(self.most_kib, self._service.memory_kib("VmRSS"))
            if job is None:
                jobs = self._service.call("GET", "/v1/jobs")[1]["jobs"]
                job = jobs[0]["id"] if jobs else None
                continue
            self.finished = self._service.call("GET", f"/v1/jobs/{job}")[1]["counts"]["succeeded"]
            if self._first is None:
                page = self._service.call("GET", f"/v1/jobs/{job}/results?order=completed&page_size=1")[1]
                self._first = time.monotonic() if page["results"] else None
