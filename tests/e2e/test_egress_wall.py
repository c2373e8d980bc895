"""config/fanfetch.nft, the wall behind the gate: with a gate that lets everything through, it still holds."""

import ipaddress
import pathlib

import pytest

import network

WHY_NOT = network.why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)

RULES = pathlib.Path(__file__).parents[2] / "config" / "fanfetch.nft"
USER = 10001  # as the file has it, and the image
PUBLIC, PUBLIC_V6 = "93.184.216.34", "2606:2800:220:1::34"
OURS = "10.1.2.3"


@pytest.fixture
def net():
    one = network.Network()
    yield one
    one.close()


@pytest.fixture
def canary(net):
    one = network.Canary(net, [80, 8080])
    yield one
    one.close()


@pytest.fixture
def gullible(net, canary, tmp_path):
    for parent in [tmp_path, *tmp_path.parents[:2]]:
        parent.chmod(parent.stat().st_mode | 0o011)
    names = network.NameServer(net, port=53)
    names.names = {"inside.test": [OURS], "outside.test": [PUBLIC]}
    settings = {"egress.allow": "0.0.0.0/0,::/0", "dns.servers": "127.0.0.1:53"}
    running = network.NetworkService(net, tmp_path / "data", settings, user=USER)
    yield running
    assert running.stop() == 0
    names.close()


def endings(service, urls) -> dict[str, str]:
    job = service.submit(urls, retry={"max_attempts": 1}, timeouts={"connect": "3s"})
    service.wait_done(job)
    results = sorted(service.results(job), key=lambda one: one["index"])
    return {url: one["error"]["code"] if one["error"] else "ok" for url, one in zip(urls, results, strict=True)}


def insides() -> list[str]:
    """The first and last address of every block that is not the Internet's."""
    blocks = [ipaddress.ip_network(block) for block in network.DENIED_V4 + network.DENIED_V6 + network.OUTSIDE_V6]
    return sorted({f"http://{network.literal(one)}:8080/" for block in blocks for one in (block[0], block[-1])})


def test_what_is_not_the_internets_is_refused_by_the_kernel(net, canary, gullible):
    outside = [f"http://{PUBLIC}/", f"http://[{PUBLIC_V6}]/", "http://outside.test/"]
    inside = [f"http://{OURS}/", f"http://{OURS}:8080/", "http://inside.test/", *insides()]
    assert set(endings(gullible, ["http://10.4.5.6/", "http://[fd00::8]/"]).values()) == {"ok"}, "without the wall"
    canary.forget()

    for _ in range(2):  # the second takes the place of the first
        net.run("nft", "-f", str(RULES))

    assert set(endings(gullible, outside).values()) == {"ok"}
    codes = set(endings(gullible, inside).values())
    assert codes == {"connect.unreachable", "policy.address"}, "the last are what no setting allows"
    assert [one for one in canary.addresses() if network.is_denied(one)] == []
    assert "table inet fanfetch_egress" in net.run("nft", "list", "tables")
    assert net.run("nft", "list", "tables").count("fanfetch_egress") == 1


def test_what_is_wanted_is_let_through(net, canary, gullible):
    net.run("nft", "-f", str(RULES))
    net.run("nft", "add", "element", "inet", "fanfetch_egress", "wanted4", f"{{ {OURS} . 8080 }}")
    net.run("nft", "add", "element", "inet", "fanfetch_egress", "wanted6", "{ fd00::/64 . 80 }")

    found = endings(gullible, [f"http://{OURS}:8080/", f"http://{OURS}/", "http://[fd00::7]/", "http://[fd00::7]:8080/"])

    assert list(found.values()) == ["ok", "connect.unreachable", "ok", "connect.unreachable"]
    assert canary.addresses() == {OURS, "fd00::7"}


def test_others_are_none_of_its_business(net, canary):
    net.run("nft", "-f", str(RULES))

    assert net.run("curl", "-s", f"http://{OURS}:8080/") == "ok"
