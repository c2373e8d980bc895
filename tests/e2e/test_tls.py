"""TLS: what cannot be verified is not fetched, and the result says why."""

import ssl

import pytest

import origins
from origins import response


@pytest.fixture
def trusting(start, authority):
    return start(fetch__ca_file=str(authority.ca))


def ending(service, url: str, **options) -> dict:
    job = service.submit([url], retry={"max_attempts": 1}, **options)
    service.wait_done(job)
    return service.get(f"/v1/jobs/{job}/results/0").json


@pytest.fixture
def speaking(authority):
    """Starts origins that speak TLS with the given certificate."""
    running = []

    def starter(context: ssl.SSLContext) -> origins.Origin:
        running.append(origins.Origin(tls=context))
        return running[-1]

    yield starter
    for one in running:
        one.close()


def test_good_certificate(trusting, authority, speaking):
    origin = speaking(authority.context("good", "IP:127.0.0.1"))

    one = ending(trusting, origin.url("/a"))

    assert one["state"] == "succeeded", one
    tls = one["attempts"][0]["tls"]
    assert tls["verified"] is True
    assert tls["version"] in ("TLSv1.2", "TLSv1.3")
    assert tls["cipher"]


@pytest.mark.parametrize(
    "name, subject, days, code",
    [
        ("expired", "IP:127.0.0.1", -1, "tls.expired"),
        ("elsewhere", "DNS:elsewhere.example", 7, "tls.hostname"),
        ("neighbour", "IP:127.0.0.2", 7, "tls.hostname"),
    ],
)
def test_bad_certificate(trusting, authority, speaking, name, subject, days, code):
    origin = speaking(authority.context(name, subject, days))

    one = ending(trusting, origin.url("/a"))

    assert (one["state"], one["error"]["code"]) == ("failed", code)
    assert one["error"]["retryable"] is False
    assert origin.requests == [], "nothing is sent over such a connection"


def test_unknown_authority(service, authority, speaking):
    origin = speaking(authority.context("unknown", "IP:127.0.0.1"))

    one = ending(service, origin.url("/a"))

    assert (one["state"], one["error"]["code"]) == ("failed", "tls.untrusted")
    assert origin.requests == []


def test_plain_http_on_a_tls_port(service, origin):
    one = ending(service, origin.url("/a").replace("http:", "https:"), timeouts={"total": "20s"})

    assert one["state"] == "failed"
    assert one["error"]["code"] in ("tls.handshake", "connect.reset", "connect.timeout"), one


def test_redirect_to_tls_is_verified_too(service, authority, speaking, origin):
    secure = speaking(authority.context("behind", "IP:127.0.0.1"))
    first = origin.answer("/", response(302, Location=secure.url("/a")))

    assert ending(service, first)["error"]["code"] == "tls.untrusted"
