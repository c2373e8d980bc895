"""`/metrics`: names that are promised, a form that Prometheus accepts, a number of series that stays."""

import pathlib
import re
import subprocess

import client

GOLDEN = pathlib.Path(__file__).parent / "metrics.txt"
README = pathlib.Path(__file__).parents[2] / "README.md"


def exposition(service) -> str:
    reply = service.get("/metrics")
    assert reply.status == 200
    return reply.body.decode()


def types_of(text: str) -> list[str]:
    return sorted(" ".join(line.split()[2:4]) for line in text.splitlines() if line.startswith("# TYPE "))


def series_of(text: str) -> set[str]:
    return {line.rpartition(" ")[0] for line in text.splitlines() if line and not line.startswith("#")}


def test_names_and_types_are_those_of_the_list(service):
    """A new metric is a decision: its line belongs into metrics.txt."""
    assert types_of(exposition(service)) == GOLDEN.read_text().splitlines()


def test_the_readme_tells_of_each():
    names = {line.split()[0] for line in GOLDEN.read_text().splitlines()}

    told = set(re.findall(r"`(fanfetch_[a-z_]+)(?:\{[a-z]+\})?`", README.read_text()))

    assert told == names


def test_what_was_done_is_counted(start, origin):
    service = start()
    service.wait_done(service.submit([origin.url("/a"), origin.url("/b")]))
    service.get("/v1/jobs/none")

    text = exposition(service)

    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert values["fanfetch_attempt_duration_seconds_count"] == values["fanfetch_attempts_total"] == "2"
    assert 0 < float(values["fanfetch_attempt_duration_seconds_sum"]) < 60
    assert int(values["fanfetch_store_commit_duration_seconds_count"]) >= 2
    assert int(values['fanfetch_api_answers_total{status="2xx"}']) >= 1
    assert values['fanfetch_api_answers_total{status="4xx"}'] == "1"
    assert values['fanfetch_api_answers_total{status="5xx"}'] == "0"
    assert int(values["fanfetch_disk_free_bytes"]) > 0
    version = service.get("/v1/capabilities").json["version"]
    assert values[f'fanfetch_build_info{{version="{version}"}}'] == "1"


def test_promtool_accepts_it(service, origin):
    service.wait_done(service.submit([origin.url("/a"), "http://bad host/"]))

    done = subprocess.run(
        ["promtool", "check", "metrics"], input=exposition(service), capture_output=True, text=True,
        timeout=client.LIMIT_S,
    )  # fmt: skip

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_inj_08_strangers_add_no_series(start, names, origin):
    service = start(dns__servers=names.address)
    service.wait_done(service.submit([origin.url("/a"), "http://bad host/"]))
    before = series_of(exposition(service))

    hosts = [f"http://h{n}.test:{origin.port}/" for n in range(500)]
    odd = ["http://q\"uote/", "http://new\nline/", "http://back\\slash.test/{label=\"x\"}"]
    done = service.wait_done(service.submit([*hosts, *odd], concurrency=100))
    service.call("GET", '/v1/x"y\\z%0a', headers={"User-Agent": 'a"b'})

    assert done["counts"]["total"] == 503
    assert series_of(exposition(service)) == before
