"""Only what may be fetched from is connected to, in every spelling and on every hop."""

import pytest

import client
import origins

CANARY_SPELLINGS = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "017700000001", "0x7f.0.0.1",
    "0177.0.0.1", "0177.0x0.0.01", "127.0.0.1.", "0x7f.1", "00000000177.0.0.1", "127.0.0.001",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::1]", "localhost", "LOCALHOST.", "a.localhost",
    "１２７.0.0.1", "127。0。0。1", "%31%32%37.0.0.1", "①②⑦.0.0.1", "0", "0.0.0.0", "[::]",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]",
]  # fmt: skip

FORBIDDEN = [
    "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.0.0.1", "10.255.255.255", "100.64.0.0",
    "100.127.255.255", "127.0.0.0", "127.255.255.255", "169.254.0.1", "169.254.169.254",
    "169.254.170.2", "172.16.0.0", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.168.0.0",
    "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376",
    "169.254.43518", "[::]", "[::1]", "[fc00::1]", "[fd00:ec2::254]", "[fe80::1]", "[ff02::1]",
    "[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]", "[64:ff9b::a00:1]", "[2002:a00:1::]",
    "[2001:db8::1]", "[100::1]", "[fec0::1]", "[2001::1]", "[64:ff9b:1::1]",
]  # fmt: skip

REFUSALS = {"policy.address", "policy.host", "url.invalid"}


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """As it is installed: only globally routable addresses."""
    running = client.Service(tmp_path_factory.mktemp("strict") / "data", {"egress.allow": ""})
    yield running
    assert running.stop() == 0
    assert running.complaints() == []


def codes(service, urls) -> dict:
    """The error code of every URL."""
    job = service.submit(urls, retry={"max_attempts": 1}, timeouts={"total": "20s"})
    service.wait_done(job)
    return {one["url"]: one["error"] and one["error"]["code"] for one in service.results(job)}


def test_loopback_in_every_spelling(strict, origin):
    found = codes(strict, [f"http://{host}:{origin.port}/" for host in CANARY_SPELLINGS])

    assert set(found.values()) <= REFUSALS | {"dns.nxdomain", "dns.failure"}, found
    assert origin.accepts == 0


@pytest.mark.parametrize("port", ["", ":8080"])
def test_every_range_that_is_not_global(strict, port):
    found = codes(strict, [f"http://{host}{port}/" for host in FORBIDDEN])

    assert set(found.values()) == {"policy.address"}, found


def test_refused_address_is_not_told(strict):
    job = strict.submit(["http://localhost:8080/"])
    strict.wait_done(job)

    one = strict.get(f"/v1/jobs/{job}/results/0").json

    assert one["error"]["code"] in REFUSALS
    assert "127.0.0.1" not in one["error"]["detail"]
    assert all(not attempt.get("remote_address") for attempt in one["attempts"])


def test_allowed_addresses_only(start, origin):
    service = start(egress__allow="127.0.0.2/32")

    assert set(codes(service, [origin.url("/a")]).values()) == {"policy.address"}
    assert origin.accepts == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "target", ["http://10.0.0.1/", "http://169.254.169.254/latest/", "http://0x0a000001/", "//10.1/",
               "http://[::1]/", "http://[::ffff:10.0.0.1]/"],
)  # fmt: skip
def test_redirect_passes_the_policy_too(service, origin, status, target):
    url = origin.redirect("/", target, status)

    job = service.submit([url])
    service.wait_done(job)

    one = service.get(f"/v1/jobs/{job}/results/0").json
    assert (one["state"], one["error"]["code"]) == ("failed", "policy.address")
    assert len(origin.requests) == 1
    assert one["attempts"][-1]["redirects"], "the chain is recorded"


def test_redirect_to_an_address_that_is_not_allowed_connects_nowhere(start, origin):
    canary = origins.Origin()
    service = start(egress__allow="127.0.0.2/32")
    allowed = origins.Origin(address="127.0.0.2")
    try:
        url = allowed.redirect("/", canary.url("/secret"))

        assert set(codes(service, [url]).values()) == {"policy.address"}
        assert (len(allowed.requests), canary.accepts) == (1, 0)
    finally:
        canary.close()
        allowed.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "localhost", "0x7f000001", "[::ffff:127.0.0.1]"])
def test_own_listener_is_never_fetched_from(service, origin, host):
    own = f"http://{host}:{service.port}/livez"
    via = origin.redirect("/", own)

    found = codes(service, [own, via])

    assert set(found.values()) <= REFUSALS, found


@pytest.mark.parametrize("scheme", ["ftp", "file", "gopher", "unix", "data", "javascript"])
def test_redirect_to_another_scheme(service, origin, scheme):
    url = origin.redirect("/", f"{scheme}://127.0.0.1:{origin.port}/x")

    code, = codes(service, [url]).values()

    assert code in ("url.scheme", "http.redirect_invalid")
    assert len(origin.requests) == 1


def test_allowed_port_list(start, origin, other_origin):
    service = start(egress__ports=str(origin.port))

    found = codes(service, [origin.url("/a"), other_origin.url("/b"),
                            origin.redirect("/r", other_origin.url("/c"))])  # fmt: skip

    assert list(found.values()) == [None, "policy.port", "policy.port"]
    assert other_origin.accepts == 0
