"""What of a URL goes over the wire, and what is refused before anything does."""

import pytest

import chaos

# What is written behind the origin's host and port, and the request target that must come of it.
TARGETS = [
    ("", "/"),
    ("/", "/"),
    ("?", "/?"),
    ("?a=b", "/?a=b"),
    ("#part", "/"),
    ("/a#part?b", "/a"),
    ("/a?b#part", "/a?b"),
    ("/a?b?c", "/a?b?c"),
    ("/a/b/../c", "/a/c"),
    ("/a/./b/.", "/a/b/"),
    ("/../../a", "/a"),
    ("/a/%2e%2E/b", "/b"),
    ("/a//b///c", "/a//b///c"),
    ("/a\\b\\..\\c", "/a/c"),
    ("/%41%7e", "/%41%7e"),
    ("/%c3%a9", "/%c3%a9"),
    ("/%C3%A9", "/%C3%A9"),
    ("/é", "/%C3%A9"),
    ("/?é", "/?%C3%A9"),
    ("/a b", "/a%20b"),
    ("/?a b", "/?a%20b"),
    ("/?a+b", "/?a+b"),
    ('/"<>`{}', "/%22%3C%3E%60%7B%7D"),
    ("/?'\"", "/?%27%22"),
    ("/100%", "/100%"),
    ("/%zz", "/%zz"),
    ("/a;b=c,d", "/a;b=c,d"),
    ("/a@b:c", "/a@b:c"),
    ("/[a]|^", "/[a]|%5E"),
    ("/a%00b%0d%0ac", "/a%00b%0d%0ac"),
    ("/a/b/..", "/a/"),
    ("/?/../a", "/?/../a"),
]


def test_url_07_request_target_and_host_are_byte_exact(service, origin):
    urls = [f"HTTP://127.0.0.1:{origin.port}{written}" for written, _ in TARGETS]
    job = service.submit(urls, concurrency=1, per_host={"concurrency": 1})
    service.wait_done(job)

    assert [chaos.ending(one) for one in service.results(job)] == ["succeeded"] * len(urls)
    asked = [request.target for request in origin.requests]
    assert asked == [target for _, target in TARGETS]
    assert {request.headers["host"] for request in origin.requests} == {f"127.0.0.1:{origin.port}"}


@pytest.mark.parametrize(
    "path", ["/a\r\nX-A: b", "/a\nb", "/a\tb", "/a\0b", "/a\x7fb", "/" + "a" * 8192],
    ids=["crlf", "lf", "tab", "nul", "del", "long"],
)  # fmt: skip
def test_url_06_controls_and_long_urls_are_refused(service, origin, path):
    job = service.submit([origin.url(path)])
    service.wait_done(job)

    assert chaos.ending(service.results(job)[0]) == "url.invalid"
    assert origin.accepts == 0


def test_url_06_the_limit_is_exact(service, origin):
    base = origin.url("/")
    job = service.submit([base + "a" * (8192 - len(base)), base + "a" * (8193 - len(base))])
    service.wait_done(job)

    assert [chaos.ending(one) for one in service.results(job)] == ["succeeded", "url.invalid"]


@pytest.mark.parametrize(
    "location, target",
    [("../x", "/a/x"), ("?q", "/a/b/c?q"), ("//127.0.0.1:{port}/y", "/y"), ("\\\\127.0.0.1:{port}\\z", "/z"),
     (" /s ", "/s"), ("/a b", "/a%20b"), ("#f", "/a/b/c"), ("./", "/a/b/")],
)  # fmt: skip
def test_url_04_locations_are_read_as_references(service, origin, location, target):
    origin.redirect("/a/b/c", location.format(port=origin.port))
    reply = service.post(
        "/v1/gather", {"urls": [origin.url("/a/b/c")], "options": {"redirects": {"max": 1}}}
    )

    assert [request.target for request in origin.requests] == ["/a/b/c", target]
    assert reply.status == 200
