"""AUTH-06: what is secret of one tenant is told to nobody: logs, metrics, errors, other tenants, a process's core."""

import base64
import json

import pytest

import client
from client import BINARY, eventually

PASSWORD = "pAssw0rd-canary-of-an-upstream"
TOKEN = "t0ken-canary-in-a-query"
HEADER = "h3ader-canary-of-an-upstream"
SECRET = base64.b64encode(b"s3cret-canary-of-a-webhook").decode()
CANARIES = [PASSWORD, TOKEN, HEADER, SECRET, "s3cret-canary-of-a-webhook"]


@pytest.fixture
def told(start, tmp_path, origin, closed_port):
    """(service, the owner's job, another tenant's key) after everything that can go wrong has."""
    keys = {name: client.add_key(tmp_path / "data", name, tenant=name) for name in ("owner", "other")}
    service = start(log__level="debug", log__format="json", webhooks__retry_span="2s")
    service.key = keys["owner"]
    hook = origin.answer(f"/hook?token={TOKEN}", b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
    moved = origin.redirect("/moved", f"http://user:{PASSWORD}@127.0.0.1:1/?token={TOKEN}")
    broken = origin.cut("/broken", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab")
    good = origin.url(f"/good?token={TOKEN}")
    urls = [good, moved, broken, f"http://user:{PASSWORD}@127.0.0.1/", f"http://127.0.0.1:{closed_port}/?token={TOKEN}",
            f"http://10.0.0.1/?token={TOKEN}", f"http://169.254.169.254/?token={TOKEN}", f"http://a b/?token={TOKEN}",
            f"ftp://user:{PASSWORD}@127.0.0.1/"]  # fmt: skip
    body = {"urls": urls, "options": {
        "headers": {"Authorization": f"Basic {HEADER}", "X-Api-Key": HEADER, "X-Ours": {"secret": HEADER}}, "retry": {"max_attempts": 2},
        "callbacks": [{"url": hook, "secret": "whsec_" + SECRET, "headers": {"X-Token": HEADER}}]}}  # fmt: skip
    reply = service.post("/v1/jobs", body, traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    assert reply.status == 202, reply
    job = service.wait_done(reply.json["id"])["id"]
    eventually(lambda: len(origin.asked(f"/hook?token={TOKEN}")) >= 2, "a callback that is tried again")
    assert origin.asked(f"/good?token={TOKEN}")[0].headers["authorization"] == f"Basic {HEADER}"
    return service, job, keys["other"]


def clean(text: bytes | str) -> bool:
    text = text.decode(errors="replace") if isinstance(text, bytes) else text
    return not [canary for canary in CANARIES if canary in text]


def test_auth_06_logs_and_metrics_are_clean(told):
    service, job, other = told
    for bad in (b"{", json.dumps({"urls": 1, "options": {"headers": {"Authorization": HEADER, "Host": HEADER}}}).encode(),
                json.dumps({"urls": [], "nope": PASSWORD}).encode()):  # fmt: skip
        assert service.post("/v1/jobs", bad, kind="application/json").status in (400, 422)
    assert service.get(f"/v1/jobs?token={TOKEN}").status == 400
    assert service.get("/metrics").status == 200 and clean(service.get("/metrics").body)
    service.stop()
    log = service.log.read_text()
    assert "stopped" in log and clean(log), [line for line in log.splitlines() if not clean(line)]


def test_auth_06_errors_do_not_repeat_secrets(told):
    """The owner's own results name the URLs that were submitted, but no error repeats a password or a token."""
    service, job, _ = told
    results = service.results(job, "include=headers,attempts")
    assert len(results) == 9
    for result in results:
        assert clean(json.dumps(result["error"])), result
        shown = [{name: value for name, value in attempt.items() if name != "redirects"}
                 for attempt in result.get("attempts", [])]  # fmt: skip
        assert HEADER not in json.dumps(result) and PASSWORD not in json.dumps(shown)
    callbacks = service.get(f"/v1/jobs/{job}/callbacks")
    deliveries = service.get("/v1/webhook_deliveries")
    assert callbacks.json["callbacks"] and deliveries.json["deliveries"]
    for reply in (callbacks, deliveries):
        assert SECRET not in reply.body.decode() and HEADER not in reply.body.decode()
    bad = service.post("/v1/jobs", {"urls": ["http://a.test/"], "options": {"headers": {"Host": HEADER}}})
    assert bad.status == 422 and clean(bad.body)


def test_auth_06_others_see_nothing(told):
    service, job, other = told
    service.key = other
    paths = ["/v1/jobs", "/v1/hosts", "/v1/webhook_deliveries", "/v1/capabilities", "/openapi.json", "/docs"]
    own = service.submit(["http://10.0.0.1/"])
    service.wait_done(own)
    for id in (job, own):
        paths += [f"/v1/jobs/{id}{rest}" for rest in ("", "/results", "/results/0", "/results/0/body", "/events", "/report",
                                                      "/callbacks", "/export?format=warc", "/export?format=csv")]  # fmt: skip
    for path in paths:
        assert clean(service.get(path).body), path


def test_auth_06_keys_are_on_the_disk_as_hashes_alone(told, tmp_path):
    """Also that of a request which was remembered, and one that was refused."""
    service, job, other = told
    wrong = service.key[:-4] + "0000"
    body = {"urls": ["http://10.0.0.1/"]}
    assert service.post("/v1/jobs", body, Idempotency_Key="a").status == 202
    assert service.call("GET", f"/v1/jobs/{job}", headers={"Authorization": f"Bearer {wrong}"}).status == 401
    assert service.get(f"/v1/jobs/{job}/export?format=ndjson").status == 200
    keys = [key[-24:].encode() for key in (service.key, other, wrong)]
    service.stop()

    files = [file for file in (tmp_path / "data").rglob("*") if file.is_file()]
    assert any(file.suffix == ".db" or "sqlite" in file.name for file in files), files
    for file in [*files, service.log]:
        kept = file.read_bytes()
        assert not [key for key in keys if key in kept], file


@pytest.mark.skipif("san" in BINARY, reason="a sanitizer handles the signal itself")
def test_auth_06_a_crash_leaves_no_memory(told, tmp_path):
    """With a limit of one byte the kernel writes no core, wherever it would put it."""
    service, _, _ = told
    with open(f"/proc/{service.process.pid}/limits") as limits:
        core = next(line for line in limits if line.startswith("Max core file size"))
    assert core.split()[4] in ("0", "1")
