"""`GET /v1/jobs/{id}/export`: every format, as independent programs read it."""

import csv
import gzip
import hashlib
import http.client
import io
import json
import os
import pathlib
import random
import re
import socket
import subprocess
import tarfile
import threading
import time
import zipfile

import pytest

import client
from origins import response

FORMATS = ["ndjson", "csv", "tar", "tar.gz", "zip", "warc", "warc.gz"]
ARCHIVES = ["tar", "tar.gz", "zip"]
SAFE = re.compile(r"[0-9]{8}-[A-Za-z0-9._+-]+")

# What strangers may choose, and what must not matter.
NASTY_PATHS = [
    "/../../../etc/passwd", "/%2e%2e/%2e%2e/x", "/a%00b.txt", "/..%5c..%5cwin.ini", "/CON", "/aux.txt",
    "/.hidden", "/-rf", "/" + "n" * 300 + ".jpeg", "/n%CC%83.txt", "/%C3%B1.txt", "/A.TXT", "/a.txt",
    "/%E2%80%AEgpj.exe", "/x%0d%0aContent-Length:%201", "/" + "p/" * 2000, "/?q=1", "/a.txt#f", "/%",
]  # fmt: skip


@pytest.fixture(scope="module")
def rich(service):
    """A job with every kind of item, and the bodies that its archive has to have."""
    import origins

    origin = origins.Origin()
    chance = random.Random(5)
    bodies = {}

    def page(target: str, body: bytes, **headers) -> str:
        url = origin.answer(target, response(200, body, **headers))
        return url

    requests = []
    for target in NASTY_PATHS:
        body = target.encode() + chance.randbytes(10)
        bodies[len(requests)] = body
        requests.append(page(target, body, Content_Type="text/plain"))
    for size in (0, 1, 65_536, 65_537, 3_000_000):
        bodies[len(requests)] = chance.randbytes(size)
        requests.append(page(f"/size/{size}", bodies[len(requests)]))
    origin.answer("/missing", response(404, b"no such page"))
    requests.append({"url": origin.url("/missing"), "id": "=cmd|' /C calc'!A0", "metadata": {"a": ["+1", "\t"]}})
    bodies[len(requests)] = b"kept"
    requests.append({"url": page("/kept", b"kept"), "id": '-1,"x"\r\ny'})
    requests.append({"url": "http://bad host/\r\nX: 1", "id": "@SUM(A1)"})
    requests.append({"url": "http://127.0.0.1:1/", "id": "'quoted", "retry": {"max_attempts": 1}})
    reply = service.post("/v1/jobs", {"requests": requests, "options": {"store_body": "success"}})
    assert reply.status == 202, reply
    job = reply.json["id"]
    service.wait_done(job)
    origin.close()
    # Paths that are the same once they are canonical get the same page.
    for index in range(len(NASTY_PATHS)):
        bodies[index] = service.get(f"/v1/jobs/{job}/results/{index}/body").body
    return job, bodies


def export(service, job: str, form: str, query: str = "") -> client.Reply:
    reply = service.get(f"/v1/jobs/{job}/export?format={form}{query}")
    assert reply.status == 200, reply
    return reply


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("form", FORMATS)
def test_an_export_is_a_safe_download(service, rich, form):
    reply = service.call("HEAD", f"/v1/jobs/{rich[0]}/export?format={form}")

    assert reply.status == 200
    assert reply.headers["Content-Disposition"] == f'attachment; filename="{rich[0]}.{form}"'
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in reply.headers["Content-Security-Policy"]


def test_ndjson_is_every_result(service, rich):
    job, _ = rich
    lines = export(service, job, "ndjson").lines

    assert lines == service.results(job, "include=headers,attempts")
    assert [line["index"] for line in lines] == list(range(len(lines)))


def test_inj_06_csv_cells_are_neutralised_and_round_trip(service, rich):
    job, _ = rich
    text = export(service, job, "csv").body.decode()
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    results = service.results(job)

    def original(cell):
        return cell[1:] if cell.startswith("'") else cell

    assert len(rows) == len(results)
    for row, result in zip(rows, results):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in row.values())
        assert original(row["id"]) == (result["id"] or "")
        assert original(row["url"]) == result["url"]
        assert row["state"] == result["state"]
        assert row["error"] == (result["error"]["code"] if result["error"] else "")
        assert row["status"] == str(result["status"] or "")
        assert row["sha256"] == (result["sha256"] or "")
        assert json.loads(original(row["metadata"]) or "null") == result["metadata"]
    assert rows[-2]["id"] == "'@SUM(A1)"


def members_of(form: str, archive: bytes) -> dict[str, bytes]:
    """As Python reads it."""
    if form == "zip":
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            assert packed.testzip() is None
            names = packed.namelist()
            assert len(set(names)) == len(names)
            return {name: packed.read(name) for name in names}
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz" if form == "tar.gz" else "r:") as packed:
        members = packed.getmembers()
        assert all(member.isreg() for member in members), "plain files only"
        assert len({member.name for member in members}) == len(members)
        return {member.name: packed.extractfile(member).read() for member in members}


@pytest.mark.parametrize("form", ARCHIVES)
def test_path_02_archives_have_every_body_and_a_manifest(service, rich, form):
    job, bodies = rich
    members = members_of(form, export(service, job, form).body)

    *lines, totals = [json.loads(line) for line in members.pop("manifest.ndjson").splitlines()]
    by_index = {line["index"]: members[line["name"]] for line in lines if line["name"]}
    assert by_index == bodies
    assert len(members) == len(bodies)
    assert totals == {"job": job, "items": len(lines), "members": len(bodies),
                      "total_size": sum(map(len, bodies.values()))}  # fmt: skip
    results = service.results(job)
    for line, result in zip(lines, results, strict=True):
        assert {name: result[name] for name in line if name != "name"} == {
            name: value for name, value in line.items() if name != "name"
        }
        if line["name"]:
            assert digest(members[line["name"]]) == line["sha256"]


@pytest.mark.parametrize("form", ARCHIVES)
def test_path_01_member_names_are_safe_everywhere(service, rich, form):
    job, _ = rich
    names = set(members_of(form, export(service, job, form).body)) - {"manifest.ndjson"}

    assert all(SAFE.fullmatch(name) and len(name) <= 200 for name in names)
    assert len({name.lower() for name in names}) == len(names)
    assert not any(name.endswith(".") for name in names)


@pytest.mark.parametrize("tool", ["bsdtar", "tar", "unzip", "python"])
@pytest.mark.parametrize("form", ARCHIVES)
def test_path_02_extracts_inside_its_folder(service, rich, tmp_path, tool, form):
    job, bodies = rich
    if tool in ("tar", "unzip") and (tool == "unzip") != (form == "zip"):
        pytest.skip("not its format")
    archive = tmp_path / f"it.{form}"
    archive.write_bytes(export(service, job, form).body)
    into = tmp_path / "into"
    into.mkdir()

    if tool == "python":
        opened = zipfile.ZipFile(archive) if form == "zip" else tarfile.open(archive)
        with opened as packed:
            packed.extractall(into)
    else:
        commands = {"bsdtar": ["bsdtar", "-xf", archive, "-C", into], "tar": ["tar", "-xf", archive, "-C", into],
                    "unzip": ["unzip", "-q", archive, "-d", into]}  # fmt: skip
        done = subprocess.run(commands[tool], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")

    found = {path.name: path.read_bytes() for path in into.iterdir()}
    assert len(found) == len(bodies) + 1
    assert sorted(map(digest, bodies.values())) == sorted(
        digest(body) for name, body in found.items() if name != "manifest.ndjson"
    )
    assert {path.name for path in tmp_path.iterdir()} == {"into", archive.name}


@pytest.mark.parametrize("form", ["warc", "warc.gz"])
def test_inj_09_warc_as_warcio_reads_it(service, rich, tmp_path, warcio, form):
    job, bodies = rich
    archive = tmp_path / f"it.{form}"
    archive.write_bytes(export(service, job, form).body)

    done = subprocess.run(
        ["node", pathlib.Path(__file__).parent / "read_warc.mjs", archive, warcio], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    first, *records = [json.loads(line) for line in done.stdout.splitlines()]

    results = service.results(job, "include=headers,attempts")
    assert first["type"] == "warcinfo"
    assert len(records) == len(results), "one record for each item, whatever became of it"
    for record, result in zip(records, results):
        if result["status"] is None:
            assert record["type"] == "metadata"
            continue
        assert (record["type"], record["status"]) == ("response", result["status"])
        dialled = result["attempts"][-1]["remote_address"]
        assert record["headers"].get("warc-ip-address") == (dialled and "127.0.0.1")
        if result["index"] in bodies:
            assert record["sha256"] == result["sha256"] == digest(bodies[result["index"]])
            assert record["headers"]["warc-payload-digest"] == "sha256:" + result["sha256"]
        else:
            assert (record["size"], record["headers"]["warc-truncated"]) == (0, "unspecified")
        assert "\n" not in record["url"]


def test_each_warc_record_is_a_gzip_member_of_its_own(service, rich):
    packed = export(service, rich[0], "warc.gz").body
    whole = gzip.decompress(packed)

    assert whole.startswith(b"WARC/1.1\r\nWARC-Type: warcinfo\r\n")
    starts = [match.start() for match in re.finditer(rb"WARC/1\.1\r\nWARC-Type: ", whole)]
    found = 0
    rest = packed
    while rest:
        import zlib

        member = zlib.decompressobj(wbits=31)
        assert member.decompress(rest).startswith(b"WARC/1.1\r\n")
        rest = member.unused_data
        found += 1
    assert found == len(starts)


@pytest.mark.parametrize("form", FORMATS)
def test_state_chooses_items(service, rich, form):
    job, _ = rich
    failed = [result["index"] for result in service.results(job, "state=failed")]
    body = export(service, job, form, "&state=failed").body

    if form == "ndjson":
        found = [json.loads(line)["index"] for line in body.splitlines()]
    elif form == "csv":
        found = [int(row["index"]) for row in csv.DictReader(io.StringIO(body.decode(), newline=""))]
    elif form in ARCHIVES:
        manifest = members_of(form, body)["manifest.ndjson"].splitlines()
        found = [json.loads(line)["index"] for line in manifest[:-1]]
    else:
        whole = gzip.decompress(body) if form == "warc.gz" else body
        assert len(re.findall(rb"WARC/1\.1\r\n", whole)) == len(failed) + 1
        return
    assert found == failed


@pytest.mark.parametrize("query", ["format=rar", "format=", "format=TAR", "state=nope", "nope=1", "format=csv&format=csv"])
def test_bad_exports(service, rich, query):
    reply = service.get(f"/v1/jobs/{rich[0]}/export?{query}")

    assert (reply.status, reply.json["code"]) == (400, "request.parameter")


def test_export_of_an_unknown_job(service):
    assert service.get("/v1/jobs/job_" + "0" * 32 + "/export").status == 404


def test_an_export_of_a_running_job_is_what_has_ended(service, origin):
    job = service.submit([origin.url("/a"), origin.hang("/b"), origin.url("/c")])
    client.eventually(lambda: service.job(job)["counts"]["succeeded"] == 2, "two results")

    manifest = members_of("tar", export(service, job, "tar").body)["manifest.ndjson"].splitlines()

    assert [json.loads(line)["index"] for line in manifest[:-1]] == [0, 2]
    origin.release()


def segments(service) -> list[pathlib.Path]:
    data = pathlib.Path(service.log).parent / "data"
    return sorted(data.rglob("*.warc*"))


@pytest.mark.parametrize("form", ["tar", "zip", "warc.gz"])
def test_a_truncated_export_is_recognised(start, origin, form):
    service = start()
    big = random.Random(1).randbytes(2_000_000)
    job = service.submit([origin.answer(f"/{n}", response(200, big)) for n in range(4)])
    service.wait_done(job)
    for segment in segments(service):  # what the disk lost while nobody looked
        size = segment.stat().st_size
        os.truncate(segment, size // 2)

    with pytest.raises((http.client.IncompleteRead, ConnectionError, AssertionError)):
        export(service, job, form)
    assert service.get("/livez").status == 200


def resident_kib(service) -> int:
    text = pathlib.Path(f"/proc/{service.process.pid}/smaps_rollup").read_text()
    return int(re.search(r"Rss:\s+(\d+)", text)[1])


@pytest.mark.skipif("san" in client.BINARY, reason="a sanitizer's memory is its own")
@pytest.mark.parametrize("form", ["tar", "tar.gz", "zip", "warc.gz"])
def test_large_bodies_and_slow_readers_cost_little(start, origin, form):
    service = start()
    big = random.Random(1).randbytes(64_000_000)
    job = service.submit([origin.answer("/big", response(200, big))])
    service.wait_done(job)
    export(service, job, form)  # what the first one costs is not counted
    before, most = resident_kib(service), 0

    links = []
    for _ in range(10):
        link = socket.create_connection(("127.0.0.1", service.port))
        link.sendall(f"GET /v1/jobs/{job}/export?format={form} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert link.recv(10)
        links.append(link)
    reader = threading.Thread(target=lambda: export(service, job, form))
    reader.start()
    while reader.is_alive():
        most = max(most, resident_kib(service))
        time.sleep(0.05)

    assert (most - before) / (len(links) + 1) < 1024
    for link in links:
        link.close()
