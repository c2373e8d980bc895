"""What the service does where the machine gives it little: descriptors, memory, threads."""

import contextlib
import http.client
import os
import pathlib
import random
import shutil
import signal
import socket
import struct
import subprocess
import time

import pytest

import power
from client import BINARY, SANITIZED, SOAK, Service
from origins import Origin, response


def cpu_s(pid: int) -> float:
    """Processor time a process has used."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_kib(pid: int, what: str) -> int:
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(what + ":")).split()[1])


# CRS-10: descriptors.


@pytest.mark.skipif(
    "asan" in pathlib.Path(BINARY).parts,
    reason="the sanitizer looks at objects through a pipe, and takes an object for none without a descriptor",
)
def test_crs_10_with_few_descriptors_items_wait_and_health_answers(start):
    """500 targets that are slow, 200 clients that say nothing, and 128 descriptors for all of it."""
    origin = Origin(address="0.0.0.0")
    idle: list[socket.socket] = []
    try:
        service = start(prefix=["prlimit", "--nofile=128"], host__max_concurrency="100")
        targets = [f"http://127.0.{1 + n // 250}.{1 + n % 250}:{origin.port}/{n}" for n in range(500)]
        for n in range(500):
            origin.late(f"/{n}", 0.05)
        job = service.submit(targets, concurrency=500, retry={"max_attempts": 1})
        for _ in range(200):
            with contextlib.suppress(OSError):
                idle.append(socket.create_connection(("127.0.0.1", service.port), timeout=1))

        began, used = time.monotonic(), cpu_s(service.process.pid)
        answered = 0
        for _ in range(20):
            answered += health_answers(service.port)
        if not SANITIZED:
            assert cpu_s(service.process.pid) - used <= 0.5 * (time.monotonic() - began) + 0.2
        assert answered >= 10, "nearly always: those who say nothing go within a second"

        for one in idle:
            one.close()
        done = service.wait_done(job)
        assert done["counts"]["succeeded"] == 500, (done["counts"], done["failures_by_code"])
    finally:
        origin.close()
        for one in idle:
            one.close()


def health_answers(port: int) -> bool:
    """Whether somebody who comes now is told that the service lives."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as link:
        link.settimeout(2)
        link.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return link.recv(100).startswith(b"HTTP/1.1 200")
    return False


# CRS-11: memory.


@pytest.fixture
def little_memory(tmp_path):
    """The prefix of a command that may use 256 MiB, by the kernel's word."""
    kind = subprocess.run(["stat", "-f", "-c", "%T", str(tmp_path)], capture_output=True, text=True, check=True).stdout
    if kind.strip() == "tmpfs":
        pytest.skip("files are memory here, and counted as such")
    root = pathlib.Path("/sys/fs/cgroup/memory")
    if os.geteuid() != 0 or not (root / "memory.limit_in_bytes").exists():
        pytest.skip("needs root and the memory controller of control groups, version 1")
    group = root / f"fanfetch-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(256 << 20))
    except OSError as error:
        pytest.skip(f"no control group of our own: {error}")
    yield ["/bin/sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh"], group
    with contextlib.suppress(OSError):
        group.rmdir()


@pytest.mark.skipif(SANITIZED, reason="a sanitizer alone takes more")
def test_crs_11_the_largest_load_in_256_mib(start, little_memory):
    """Long bodies, many at once, bombs, and more submits than there is room for."""
    prefix, group = little_memory
    origin = Origin()
    try:
        service = start(prefix=prefix, data__min_free="1MiB", host__max_concurrency="300")
        megabytes = os.urandom(1 << 20) * 4
        bomb = subprocess.run(["gzip", "-9"], input=bytes(200 << 20), capture_output=True, check=True).stdout
        urls = [origin.answer(f"/long/{n}", response(200, megabytes)) for n in range(60)]
        urls += [origin.answer(f"/bomb/{n}", response(200, bomb, Content_Encoding="gzip")) for n in range(20)]
        urls += [origin.url(f"/small/{n}") for n in range(5_000)]
        random.Random(11).shuffle(urls)
        job = service.submit(urls, concurrency=300)
        lines = "".join(f"{origin.url(f'/wide/{n}')}\n" for n in range(100_000)).encode()
        wide = service.post("/v1/jobs", lines, kind="text/plain")
        assert wide.status in (202, 503), wide
        for _ in range(20):
            reply = service.post("/v1/jobs", {"urls": ["http://127.0.0.1:1/" + "x" * 8000] * 900})
            assert reply.status in (202, 413, 503), reply

        done = service.wait_done(job)

        assert service.process.poll() is None
        counts = done["counts"]
        assert counts["succeeded"] == 5_060, (counts, done["failures_by_code"])
        assert done["failures_by_code"] == {"limit.decode_ratio": 20}
        told = (group / "memory.oom_control").read_text().split()
        assert told[told.index("oom_kill") + 1] == "0", "the kernel killed nobody"
        service.kill()
    finally:
        origin.close()


# CRS-12: threads and allocations that fail.


@pytest.fixture(scope="session")
def failing(tmp_path_factory):
    return power.build_shim(tmp_path_factory.mktemp("shim"), "failing")


def one_life(data: pathlib.Path, shim, origin, what: str, number: int) -> str:
    """Starts it, asks for one job, ends it; what came of it. What fails is the n-th call."""
    environment = {"LD_PRELOAD": str(shim), f"FAIL_{what}": str(number)}
    if what == "LATER":
        data.mkdir()
        file = data.parent / "later"
        file.write_bytes(bytes(8))
        environment[f"FAIL_{what}"] = str(file)
    try:
        service = Service(data, {"data.min_free": "1MiB", "shutdown.grace": "1s"}, environment=environment)
    except AssertionError as refused:
        return str(refused).partition(":")[0]
    said = "broke off"
    with contextlib.suppress(OSError, http.client.HTTPException):
        if what == "LATER":
            with file.open("r+b") as now:
                now.write(struct.pack("=q", number))
        reply = service.post("/v1/jobs", {"urls": [origin.url("/a")]})
        said = f"answered {reply.status}"
        if reply.status == 202:
            service.get(f"/v1/jobs/{reply.json['id']}?wait=2s")
    service.process.send_signal(signal.SIGTERM)
    return f"{said}, exit {service.ended()}"


def look(log: pathlib.Path) -> str:
    return log.read_text(errors="replace")[-2000:]




def some_of(last: int) -> list[int]:
    """All of them in the long run, else one here and there."""
    return list(range(1, 2001)) if SOAK else list(range(1, last, last // 15))


@pytest.mark.soak
@pytest.mark.skipif(SANITIZED, reason="a sanitizer brings its own allocator")
@pytest.mark.parametrize(
    "what, last", [("ALLOCATION", 2000), ("LATER", 300)], ids=["at the start", "at a request"]
)
def test_crs_12_an_allocation_that_fails_is_an_error_and_no_more(failing, origin, tmp_path, what, last):
    faults, ends = [], {}
    for number in some_of(last):
        life = tmp_path / f"{number}"
        life.mkdir()
        said = one_life(life / "data", failing, origin, what, number)
        ends[said] = ends.get(said, 0) + 1
        # Where nothing can be done without memory it ends, by std::terminate; a wild pointer is a fault.
        if f"exit -{signal.SIGSEGV.value}" in said or f"exit -{signal.SIGBUS.value}" in said:
            faults.append((number, said, look(life / "data.log")))
        shutil.rmtree(life / "data", ignore_errors=True)
    print(ends)
    assert faults == []


@pytest.mark.skipif(SANITIZED, reason="a sanitizer wants to be the first that is loaded")
@pytest.mark.parametrize("number", range(1, 13))
def test_crs_12_a_thread_that_cannot_be_had_is_an_error_and_no_more(failing, origin, tmp_path, number):
    said = one_life(tmp_path / "data", failing, origin, "THREAD", number)
    assert f"exit -{signal.SIGSEGV.value}" not in said and f"exit -{signal.SIGABRT.value}" not in said, (
        said, look(tmp_path / "data.log"))  # fmt: skip


# CRS-15: a long queue at the start.

QUEUED = 1_000_000 if SOAK else 10_000 if SANITIZED else 100_000


def forget(file: pathlib.Path) -> None:
    """Takes a file out of the page cache: it is read from the disk, as after a reboot."""
    descriptor = os.open(file, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


@pytest.mark.soak
def test_crs_15_ready_at_once_with_a_long_queue(start, origin):
    """The full one has a million items, and a gigabyte of database."""
    service = start(data__min_free="1MiB")
    job = service.post("/v1/jobs?sealed=false", {}).json["id"]
    service.post(f"/v1/jobs/{job}/pause")
    note = "n" * 900
    for first in range(0, QUEUED, 50_000):
        lines = "".join(
            f'{{"url":"{origin.url(f"/{number}")}","metadata":{{"note":"{note}{number}"}}}}\n'
            for number in range(first, min(first + 50_000, QUEUED))
        )
        reply = service.post(f"/v1/jobs/{job}/items", lines, kind="application/x-ndjson")
        assert reply.status == 202, reply
    service.kill()
    database = service.log.parent / "data" / "fanfetch.db"
    size = database.stat().st_size + database.with_name("fanfetch.db-wal").stat().st_size
    assert size > QUEUED * 900
    forget(database)

    began = time.monotonic()
    again = start(data__min_free="1MiB")
    took = time.monotonic() - began

    assert again.get("/readyz").status == 200
    assert again.job(job)["counts"]["queued"] == QUEUED
    memory = memory_kib(again.process.pid, "VmHWM")
    print(f"ready after {took:.2f} s, {memory / 1024:.0f} MiB, {size >> 20} MiB of database")
    if not SANITIZED:
        assert took <= 5
        assert memory <= 128 << 10
