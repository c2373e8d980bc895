"""kill -9 and power cuts, again and again on one directory, under clients of every kind (mixed.py).

The ledger (ledger.py) knows what each of them was told. Nothing of it may be lost, doubled or changed.
"""

import os
import random
import shutil
import sqlite3
import time

import pytest

import origins
from client import SANITIZED, SOAK, eventually
from ledger import Ledger
from mixed import Load
from power import Power

SETTINGS = {"webhooks__retry_span": "10s", "data__min_free": "1MiB", "host__max_concurrency": "200"}

KILLS = 200 if SOAK else 4 if SANITIZED else 25
POWER_CUTS = 50 if SOAK else 5


@pytest.fixture
def seed():
    """FANFETCH_SEED repeats what a failed run did, as far as threads and a kernel can."""
    number = int(os.environ.get("FANFETCH_SEED", random.randrange(2**32)))
    print(f"FANFETCH_SEED={number}")
    return number


def integrity(data, copy) -> str:
    """What SQLite says of the files as the crash left them; looked at in a copy, log and all."""
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for name in ("fanfetch.db", "fanfetch.db-wal"):
        if (data / name).exists():
            shutil.copy(data / name, copy)
    link = sqlite3.connect(copy / "fanfetch.db")
    try:
        return link.execute("PRAGMA integrity_check").fetchone()[0]
    finally:
        link.close()


def segments_agree(data) -> list[str]:
    """Files that no row refers to, and rows without their file."""
    link = sqlite3.connect(data / "fanfetch.db")
    try:
        rows = {f"{number:08}.warc": refs for number, refs in link.execute("SELECT number, refs FROM segments")}
    finally:
        link.close()
    files = {path.name for path in (data / "segments").iterdir()}
    return [f"orphan {name}" for name in files - set(rows)] + [
        f"missing {name}" for name, refs in rows.items() if refs > 0 and name not in files
    ]


def lives(start, ledger, origin, receiver, seed: int, count: int, tmp_path, power: Power | None) -> int:
    """So many lives of the service, each ended by force; writes that cut power lost."""
    chance = random.Random(seed)
    data, lost = tmp_path / "data", 0
    environment = power.environment if power else {}
    for _ in range(count):
        ledger.life += 1
        service = start(environment=environment, **SETTINGS)
        # What the last life left, before anything else happens to it.
        recent = [e for e in ledger.known() if ledger.life - e.born <= 2]
        for entry in chance.sample(recent, min(12, len(recent))):
            ledger.audit(service, entry)
        load = Load(service, ledger, origin, receiver, chance.randrange(2**32))
        eventually(lambda: load.acknowledged, "a job")
        time.sleep(chance.uniform(0.0, 0.6))
        service.kill()
        load.join()
        lost += power.cut(chance) if power else 0
        assert integrity(data, tmp_path / "copy") == "ok"
        assert ledger.faults == []
    return lost


def bring_to_an_end(service, ledger, origin) -> None:
    for entry in ledger.entries:
        if entry.id and entry.deletion is None:
            service.post(f"/v1/jobs/{entry.id}/resume")
            service.post(f"/v1/jobs/{entry.id}/seal")
    for job in all_jobs(service):
        if job["state"] in ("paused", "running", "pending"):  # of requests that were not answered
            service.post(f"/v1/jobs/{job['id']}/resume")
            service.post(f"/v1/jobs/{job['id']}/seal")
    eventually(lambda: all(job["done"] for job in all_jobs(service)), "the end of every job")


def all_jobs(service) -> list[dict]:
    jobs, token = [], ""
    while token is not None:
        page = service.get("/v1/jobs?page_size=1000" + (f"&page_token={token}" if token else "")).json
        jobs += page["jobs"]
        token = page["next_page_token"]
    return jobs


def survive(start, seed: int, count: int, tmp_path, with_power: bool) -> None:
    origin, receiver = origins.Origin(), origins.Origin()
    ledger = Ledger()
    try:
        if with_power:
            start(**SETTINGS).stop()  # the database is there
        power = Power(tmp_path, tmp_path / "data") if with_power else None
        lost = lives(start, ledger, origin, receiver, seed, count, tmp_path, power)

        ledger.life += 1
        service = start(**SETTINGS)
        bring_to_an_end(service, ledger, origin)
        for entry in ledger.entries:
            if entry.id:
                ledger.ended(service, entry)
        assert ledger.faults == []
        ledger.fetched(service, origin)
        ledger.wait_for_webhooks(receiver)
        names = [entry.id for entry in ledger.entries if entry.id]
        assert len(set(names)) == len(names)
        assert ledger.faults == []

        for job in all_jobs(service):
            assert service.call("DELETE", f"/v1/jobs/{job['id']}").status in (204, 404)
        eventually(lambda: len(list((tmp_path / "data" / "segments").iterdir())) <= 1, "no segments")
        assert service.stop() == 0
        assert integrity(tmp_path / "data", tmp_path / "copy") == "ok"
        assert segments_agree(tmp_path / "data") == []

        items = sum(len(entry.seqs_of) for entry in ledger.entries)
        print(
            f"{count} {'power cuts' if with_power else 'kills'}: {len(names)} jobs acknowledged, {items} items seen, "
            f"{len(origin.requests)} fetches, {len(receiver.requests)} webhooks, {lost} writes lost"
        )
        assert not with_power or lost > 0
    finally:
        origin.close()
        receiver.close()


@pytest.mark.soak
def test_crs_01_crs_14_kills_under_mixed_load(start, seed, tmp_path):
    survive(start, seed, KILLS, tmp_path, with_power=False)


@pytest.mark.soak
@pytest.mark.skipif(SANITIZED, reason="a sanitizer wants to be the first that is loaded")
def test_crs_03_power_cuts_under_mixed_load(start, seed, tmp_path):
    survive(start, seed, POWER_CUTS, tmp_path, with_power=True)


class Worst:
    """The chance that everything goes wrong."""

    @staticmethod
    def random() -> float:
        return 0.0


@pytest.mark.skipif(SANITIZED, reason="a sanitizer wants to be the first that is loaded")
@pytest.mark.parametrize("durability", ["full", "os"])
def test_crs_03_a_power_cut_takes_what_was_not_synced(start, origin, tmp_path, durability):
    """Which is also to say that the test above would notice."""
    start(data__durability=durability).stop()
    power = Power(tmp_path, tmp_path / "data")
    service = start(data__durability=durability, environment=power.environment)
    job = service.submit([origin.url("/a")])
    service.kill()
    power.cut(Worst)

    again = start(data__durability=durability)

    assert again.get(f"/v1/jobs/{job}").status == (200 if durability == "full" else 404)
