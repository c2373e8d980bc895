"""Webhooks go through the same gate as everything else: what is denied is never dialled."""

import pytest

import hooks
import network
from client import eventually

WHY_NOT = network.why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)

PUBLIC = "93.184.216.34"
ORIGIN = f"http://{PUBLIC}/origin"


@pytest.fixture(scope="module")
def net():
    one = network.Network()
    one.watch([80, 443, 8080])
    yield one
    one.close()


@pytest.fixture(scope="module")
def canary(net):
    one = network.Canary(net, [80, 443, 8080])
    yield one
    one.close()


@pytest.fixture(scope="module")
def names(net):
    one = network.NameServer(net)
    yield one
    one.close()


@pytest.fixture(scope="module")
def service(net, canary, names, tmp_path_factory):
    folder = tmp_path_factory.mktemp("webhooks")
    running = network.NetworkService(net, folder / "data", {"webhooks.retry_span": "10s"})
    yield running
    assert running.stop() == 0
    assert running.complaints() == []
    assert net.counted("forbidden") == 0, "the packet filter"
    assert [one for one in canary.addresses() if network.is_denied(one)] == [], "the canaries"


@pytest.mark.parametrize("url", [
    "http://10.0.0.1/", "http://127.0.0.1/", "http://169.254.169.254/", "http://[::1]/", "http://[fd00:ec2::254]/",
    "http://0x7f000001/", "http://2130706433/", "http://localhost/", "http://a.localhost/", "http://[::ffff:10.0.0.1]/",
    f"http://{PUBLIC}:22/", f"http://{PUBLIC}:6379/", "http://metadata.google.internal/",
])  # fmt: skip
def test_whk_05_at_registration(service, url):
    job = service.submit([ORIGIN])
    reply = service.post(f"/v1/jobs/{job}/callbacks", {"url": url})
    assert reply.status in (403, 422), reply
    assert reply.json["errors"][0]["pointer"] == "/url"
    submitted = service.post("/v1/jobs", {"urls": [ORIGIN], "options": {"callbacks": [{"url": url}]}})
    assert submitted.status == reply.status


@pytest.mark.parametrize("answer", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "fd00:ec2::254", "::ffff:10.0.0.1"])
def test_whk_05_at_send(service, names, answer):
    name = f"hook-{answer.replace('.', '-').replace(':', '-')}.test"
    names.names[name] = [answer]
    job = service.submit([ORIGIN], callbacks=[{"url": f"http://{name}/hook"}])
    service.wait_done(job)
    seen = eventually(lambda: (one := hooks.delivery_of(service, job))["attempts"] and one, "the verdict")
    assert seen["last_attempt"]["status"] is None
    assert seen["last_attempt"]["error"] == {"code": "policy.address"}


def test_whk_05_rebinding_between_two_attempts(service, names, canary):
    """An attempt asks and judges anew as soon as an answer is too old."""
    names.names["rebound.test"] = lambda times: [PUBLIC] if times == 1 else ["10.0.0.1"]
    canary.answers["/rebound"] = b"HTTP/1.1 500 X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    job = service.submit([ORIGIN], callbacks=[{"url": "http://rebound.test/rebound"}])
    service.wait_done(job)
    refused = {"code": "policy.address"}
    eventually(
        lambda: (hooks.delivery_of(service, job)["last_attempt"] or {}).get("error") == refused, "a refusal"
    )
    assert {address for address, _, target in canary.reached if target == "/rebound"} == {PUBLIC}


def test_whk_05_a_redirect_leads_nowhere(service, canary):
    canary.redirect("/away", "http://10.0.0.1/in", 307)
    job = service.submit([ORIGIN], callbacks=[{"url": f"http://{PUBLIC}/away"}])
    service.wait_done(job)
    seen = eventually(lambda: (one := hooks.delivery_of(service, job))["attempts"] and one, "the verdict")
    assert seen["last_attempt"]["status"] == 307 and seen["state"] == "pending"
