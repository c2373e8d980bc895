"""The same checks against every web server that there is a package of."""

import hashlib
import random

import pytest

import chaos
import client
import servers

SMALL = b"hello, world\n"
PAGE = b"<p>hello</p>\n" * 2000
LARGE = random.Random(4).randbytes(3 << 20)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    folder.chmod(0o755)
    for parent in list(folder.parents)[:3]:  # apache gives up root's rights
        parent.chmod(parent.stat().st_mode | 0o111)
    for name, content in (("small.txt", SMALL), ("page.html", PAGE), ("large.bin", LARGE)):
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def fetcher(tmp_path_factory, authority):
    service = client.Service(
        tmp_path_factory.mktemp("real") / "data",
        {"egress.allow": "127.0.0.0/8,::1/128", "fetch.ca_file": str(authority.ca)},
    )
    yield service
    assert service.stop() == 0
    assert service.complaints() == []


@pytest.fixture(scope="module", params=sorted(servers.SERVERS))
def site(request, root, authority, tmp_path_factory):
    certificate, key = authority.issue(f"real-{request.param}", "IP:127.0.0.1,IP:::1")
    stage = servers.Stage(tmp_path_factory.mktemp(request.param), root, certificate, key)
    with servers.SERVERS[request.param](stage) as one:
        yield one


def gather(service, requests, **options) -> list[dict]:
    reply = service.post("/v1/jobs", {"requests": requests, "options": {"retry": {"max_attempts": 1}, **options}})
    assert reply.status == 202, reply
    service.wait_done(reply.json["id"])
    return service.results(reply.json["id"], "include=headers,attempts")


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_everything_a_client_asks_of_a_server(fetcher, site):
    partial = {"headers": {"Range": "bytes=7-11"}, "accept_status": "200,206"}
    ways = [site.plain, site.tls12, site.tls13] + ([site.plain_v6] if servers.has_ipv6() else [])
    requests = [
        request
        for base in ways
        for request in (
            {"url": f"{base}/small.txt"},
            {"url": f"{base}/large.bin"},
            {"url": f"{base}/small.txt", "method": "HEAD"},
            {"url": f"{base}/moved"},
            {"url": f"{base}/none.txt"},
            {"url": f"{base}/small.txt", **partial},
            {"url": f"{base}/page.html"},
        )
    ]

    results = gather(fetcher, requests)

    for i, base in enumerate(ways):
        small, large, head, moved, none, part, page = results[7 * i : 7 * i + 7]
        assert (chaos.ending(small), small["sha256"]) == ("succeeded", digest(SMALL)), base
        assert (chaos.ending(large), large["sha256"]) == ("succeeded", digest(LARGE)), base
        assert (chaos.ending(head), head["size"]) == ("succeeded", 0), base
        assert (moved["sha256"], moved["final_url"]) == (digest(SMALL), f"{base}/small.txt")
        assert chaos.ending(none) == "http.status_404"
        assert (part["status"], part["sha256"]) == (
            (206, digest(SMALL[7:12])) if site.ranges else (200, digest(SMALL))
        )
        assert page["sha256"] == digest(PAGE)
        if site.gzip:
            assert page["wire_size"] < len(PAGE) / 5
    versions = {one["attempts"][0]["tls"]["version"] for one in results[7:21]}
    assert versions == {"TLSv1.2", "TLSv1.3"}


def test_connections_are_kept(fetcher, site):
    for base in (site.plain, site.tls13):
        requests = [{"url": f"{base}/small.txt?{i}"} for i in range(20)]

        results = gather(fetcher, requests, concurrency=1, per_host={"concurrency": 1})

        assert {chaos.ending(one) for one in results} == {"succeeded"}
        reused = [one["attempts"][0]["reused_connection"] for one in results]
        assert reused.count(True) >= 18, reused
