"""The data directory: what is planted in it, a disk that is full, room that comes back, and copies of it."""

import contextlib
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

from client import BINARY, SANITIZED, counts_sum, eventually, run
from origins import response

PIECE = os.urandom(900 << 10)


def refused(data: pathlib.Path) -> str:
    """What the program says when it does not start on that directory."""
    done = subprocess.run(
        [BINARY, "serve", "--set", "listen.port=0", "--set", f"data.dir={data}"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 3, (done.returncode, done.stdout, done.stderr)
    assert done.stdout == ""
    return done.stderr


def test_a_job_whose_items_are_damaged_fails_and_says_so(start, origin, tmp_path):
    """What could be read is fetched, nothing hangs, and nobody else notices."""
    service = start()
    job = service.submit([origin.hang(f"/{n}") for n in range(300)], concurrency=1)
    assert service.stop() == 0
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "fanfetch.db")) as database:
        database.execute("UPDATE items SET block = x'00' WHERE pos = (SELECT max(pos) FROM items)")
        database.commit()
    origin.release()

    again = start()

    done = again.wait_done(job)
    assert (done["state"], done["state_reason"]) == ("failed", "internal")
    assert counts_sum(done) and done["counts"]["succeeded"] >= 200
    rows = again.get(f"/v1/jobs/{job}/results?page_size={done['counts']['succeeded']}&order=completed").json["results"]
    assert {one["state"] for one in rows} == {"succeeded"}
    assert again.wait_done(again.submit([origin.url("/other")]))["counts"]["succeeded"] == 1
    reply = again.get(f"/v1/jobs/{job}/results?order=submitted&page_size=1000")
    assert (reply.status, reply.json["code"]) == (503, "store.unavailable"), "a page is whole, or none"


# PATH-04: what somebody may have put there.


@pytest.mark.parametrize("name", ["fanfetch.db", "fanfetch.db-wal", "segments", "lock"])
@pytest.mark.parametrize("kind", ["symlink", "fifo"])
def test_path_04_links_and_pipes_are_refused(start, tmp_path, name, kind):
    data = tmp_path / "data"
    service = start()
    service.kill()  # its log stays
    place, elsewhere = data / name, tmp_path / "elsewhere"
    if place.is_dir():
        shutil.move(place, elsewhere)
    else:
        shutil.copy(place, elsewhere)
        place.unlink()
    before = elsewhere.read_bytes() if elsewhere.is_file() else None
    if kind == "symlink":
        place.symlink_to(elsewhere)
    else:
        os.mkfifo(place)

    refused(data)

    if before is not None:
        assert elsewhere.read_bytes() == before, "nothing was written through the link"


def test_path_04_a_planted_segment_is_never_written_through(start, origin, tmp_path):
    service = start()
    assert service.stop() == 0
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    for number in range(1, 6):
        (tmp_path / "data" / "segments" / f"{number:08}.warc").symlink_to(victim)

    again = start()
    job = again.submit([origin.url("/a")])

    assert again.wait_done(job)["counts"]["succeeded"] == 1
    assert again.get(f"/v1/jobs/{job}/results/0/body").body == b"/a"
    assert victim.read_bytes() == b"precious"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("name", ["", "fanfetch.db", "segments", "lock"])
def test_path_04_what_belongs_to_somebody_else_is_refused(start, tmp_path, name):
    service = start()
    assert service.stop() == 0
    os.chown(tmp_path / "data" / name, 12345, -1)

    assert "user" in refused(tmp_path / "data")


# CRS-05: a disk that is full.


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 24 MiB for the data directory, and how to make it larger."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a file system")
    data = tmp_path / "data"
    data.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(data)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("no file system can be mounted here")

    def resize(size: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", str(data)], check=True)

    yield resize
    subprocess.run(["umount", "-l", str(data)], check=True)


def test_crs_05_a_full_disk_holds_work_up_and_loses_nothing(start, origin, small_disk):
    long = os.urandom(3 << 20)
    urls = [origin.answer(f"/long/{n}", response(200, long)) for n in range(12)]
    urls += [origin.answer(f"/short/{n}", response(200, PIECE)) for n in range(12)]
    service = start(data__min_free="1MiB")
    job = service.submit(urls, concurrency=4)
    eventually(lambda: service.get("/readyz").status == 503, "no room")

    refusal = eventually(
        lambda: (reply := service.submit_reply([origin.url("/late")])).status == 503 and reply, "a refusal"
    )
    assert refusal.json["code"] in ("disk.low", "store.unavailable")
    assert int(refusal.headers["Retry-After"]) > 0
    assert counts_sum(service.job(job)) and not service.job(job)["done"]
    assert service.job(job)["failures_by_code"] == {}, "what waits for room has not failed"

    small_disk("200m")
    began = time.monotonic()
    eventually(lambda: service.submit_reply([origin.url("/again")]).status == 202, "room again")
    assert time.monotonic() - began < (5 if not SANITIZED else 30)

    done = service.wait_done(job)
    assert (done["counts"]["succeeded"], done["failures_by_code"]) == (24, {})
    for index, body in ((0, long), (11, long), (12, PIECE), (23, PIECE)):
        assert service.get(f"/v1/jobs/{job}/results/{index}/body").body == body
    assert service.get("/readyz").status == 200


# Room that comes back.


def blocks(data: pathlib.Path) -> int:
    """Bytes that the segments take of the disk."""
    total = 0
    for path in (data / "segments").iterdir():
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_blocks * 512
    return total


def records(path: pathlib.Path) -> list[tuple[str, str]]:
    """Type and target of every record of a WARC file, read as strictly as the standard has it."""
    found, bytes_, at = [], path.read_bytes(), 0
    while at < len(bytes_):
        assert bytes_.startswith(b"WARC/1.1\r\n", at), bytes_[at : at + 80]
        end = bytes_.index(b"\r\n\r\n", at) + 4
        fields = dict(line.split(": ", 1) for line in bytes_[at:end].decode().splitlines()[1:] if line)
        at = end + int(fields["Content-Length"])
        assert bytes_[at : at + 4] == b"\r\n\r\n"
        at += 4
        found.append((fields["WARC-Type"], fields.get("WARC-Target-URI", "")))
    return found


def test_an_erased_job_gives_its_room_back_though_others_share_its_segment(start, origin, tmp_path):
    data = tmp_path / "data"
    service = start()
    large = [origin.answer(f"/large/{n}", response(200, PIECE)) for n in range(8)]
    kept = service.submit([origin.url("/kept/1")])
    service.wait_done(kept)
    erased = service.submit(large)
    service.wait_done(erased)
    also_kept = service.submit([origin.answer("/kept/2", response(200, PIECE))])
    service.wait_done(also_kept)
    full = blocks(data)
    assert full > 8 * len(PIECE)

    assert service.call("DELETE", f"/v1/jobs/{erased}").status == 204

    eventually(lambda: blocks(data) < full - 7 * len(PIECE), "the room of eight bodies")
    assert service.get(f"/v1/jobs/{kept}/results/0/body").body == b"/kept/1"
    assert service.get(f"/v1/jobs/{also_kept}/results/0/body").body == PIECE
    (segment,) = (data / "segments").iterdir()
    seen = records(segment)
    assert [target for kind, target in seen if kind == "response"] == [
        origin.url("/kept/1"), origin.url("/kept/2")]  # fmt: skip
    assert [kind for kind, _ in seen][0] == "warcinfo"

    service.kill()
    again = start()
    assert again.get(f"/v1/jobs/{also_kept}/results/0/body").body == PIECE
    assert records(segment) == seen
    more = again.submit([origin.url("/more")])
    assert again.wait_done(more)["counts"]["succeeded"] == 1
    assert again.get(f"/v1/jobs/{more}/results/0/body").body == b"/more"


def test_crs_14_a_kill_while_jobs_are_erased_keeps_what_is_alive(start, origin, tmp_path):
    chance = random.Random(int(os.environ.get("FANFETCH_SEED", random.randrange(2**32))))
    data = tmp_path / "data"
    service, kept, doomed = start(), [], []
    for n in range(6):
        urls = [origin.answer(f"/{n}/{m}", response(200, PIECE)) for m in range(3)]
        (kept if n % 2 else doomed).append(service.submit(urls))
        service.wait_done((kept if n % 2 else doomed)[-1])
    for job in doomed:
        killer = threading.Timer(chance.uniform(0, 0.02), service.process.kill)
        killer.start()
        with contextlib.suppress(OSError):
            service.call("DELETE", f"/v1/jobs/{job}")
        killer.join()
        service.ended()
        service = start()
        for other in kept:
            for index in range(3):
                assert service.get(f"/v1/jobs/{other}/results/{index}/body").body == PIECE
        state = service.get(f"/v1/jobs/{job}").status
        if state == 200:  # it was not acknowledged, and is whole then
            assert service.get(f"/v1/jobs/{job}/results/0/body").body == PIECE
            service.call("DELETE", f"/v1/jobs/{job}")
    eventually(lambda: blocks(data) < 10 * len(PIECE) + (1 << 20), "room for nine bodies")
    for path in (data / "segments").iterdir():
        records(path)


# Copies.


def test_a_copy_made_under_load_has_every_result_there_was(start, origin, tmp_path):
    service = start()
    kinds = [response(200, PIECE), response(200, os.urandom(2 << 20)), response(404)]
    done = service.submit([origin.answer(f"/done/{n}", kinds[n % 3]) for n in range(12)])
    service.wait_done(done)
    before = service.results(done, "include=headers")
    bodies = [service.get(f"/v1/jobs/{done}/results/{n}/body").body for n in range(12)]
    erased = service.submit([origin.url("/erased")])
    service.wait_done(erased)
    service.call("DELETE", f"/v1/jobs/{erased}")
    stop = threading.Event()

    def load() -> None:
        with contextlib.suppress(OSError, AssertionError):
            number = 0
            while not stop.is_set():
                number += 1
                job = service.submit([origin.url(f"/load/{number}/{n}") for n in range(20)])
                if number % 3 == 0:
                    service.call("DELETE", f"/v1/jobs/{job}?cancel=true")

    loader = threading.Thread(target=load)
    loader.start()
    try:
        seen = {job["id"] for job in service.get("/v1/jobs").json["jobs"] if job["done"]}
        made = run("backup", "--set", f"data.dir={tmp_path / 'data'}", str(tmp_path / "copy"))
    finally:
        stop.set()
        loader.join()
    assert made.returncode == 0, made.stderr
    assert "job" in made.stdout

    copy = start("copy")
    assert copy.results(done, "include=headers") == before
    assert [copy.get(f"/v1/jobs/{done}/results/{n}/body").body for n in range(12)] == bodies
    assert copy.get(f"/v1/jobs/{erased}").status == 404
    for job in seen:
        status = copy.get(f"/v1/jobs/{job}")
        assert status.status == 200 or service.get(f"/v1/jobs/{job}").status == 404
    for job in copy.get("/v1/jobs?page_size=1000").json["jobs"]:
        ended = copy.wait_done(job["id"])
        assert counts_sum(ended)
        if job["id"] != done and ended["state"] == "completed":
            for one in copy.results(job["id"])[:3]:
                assert copy.get(one["links"]["body"]).body == one["url"].removeprefix(origin.url("")).encode()
    assert service.get("/readyz").status == 200
    assert copy.stop() == 0


def test_a_copy_of_a_directory_that_nobody_works_on(start, origin, tmp_path):
    service = start()
    job = service.submit([origin.url("/a")])
    service.wait_done(job)
    service.kill()

    made = run("backup", "--set", f"data.dir={tmp_path / 'data'}", str(tmp_path / "copy"))

    assert made.returncode == 0, made.stderr
    assert start("copy").get(f"/v1/jobs/{job}/results/0/body").body == b"/a"
    assert start().get(f"/v1/jobs/{job}/results/0/body").body == b"/a", "the original is as it was"


def test_a_copy_goes_into_an_empty_directory_only(start, tmp_path):
    start()
    source = ["backup", "--set", f"data.dir={tmp_path / 'data'}"]
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "file").write_text("mine")

    done = run(*source, str(taken))
    assert (done.returncode, done.stdout) == (2, "") and "empty" in done.stderr
    assert [path.name for path in taken.iterdir()] == ["file"]

    done = run(*source, str(tmp_path / "data"))
    assert done.returncode == 2

    nothing = run("backup", "--set", f"data.dir={tmp_path / 'nowhere'}", str(tmp_path / "copy"))
    assert nothing.returncode == 2 and not (tmp_path / "copy").exists()


def test_a_copy_that_was_cut_off_does_not_start(start, origin, tmp_path):
    service = start()
    urls = [origin.answer(f"/{n}", response(200, os.urandom(3 << 20))) for n in range(20)]
    job = service.submit(urls)
    service.wait_done(job)
    chance = random.Random(14)
    cut = 0
    for attempt in range(8):
        copy = tmp_path / f"copy{attempt}"
        process = subprocess.Popen(
            [BINARY, "backup", "--set", f"data.dir={tmp_path / 'data'}", str(copy)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        if attempt == 0:
            eventually(lambda: copy.exists() and any(copy.iterdir()), "its beginning")
        else:
            time.sleep(chance.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        if process.wait() == 0 or (copy / "fanfetch.db").exists():
            continue  # it was faster
        if copy.exists() and any(path.is_file() for path in copy.rglob("*")):
            cut += 1
            assert "not finished" in refused(copy)
    assert cut > 0
