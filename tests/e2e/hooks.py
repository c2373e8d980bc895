"""Receivers of webhooks, and a reader of their signatures that shares nothing with the program's."""

import base64
import hashlib
import hmac
import json
import time


def secret_of(octets: bytes) -> str:
    return "whsec_" + base64.b64encode(octets).decode()


def signed_by(request, secret: str) -> bool:
    """Whether one of the request's signatures is that secret's, over the bytes as they came."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = b".".join(request.headers[name].encode() for name in ("webhook-id", "webhook-timestamp")) + b"." + request.body
    wanted = "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    given = request.headers["webhook-signature"].split(" ")
    return any(hmac.compare_digest(wanted, one) for one in given)


def message(request) -> dict:
    """What a delivery says, once it has been looked at as every receiver should."""
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/json"
    assert "." not in request.headers["webhook-id"]
    assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 60
    assert len(request.body) <= 20_000
    said = json.loads(request.body.decode("utf-8"))
    assert set(said) == {"type", "timestamp", "data"}
    return said


def deliveries(service, query: str = "") -> list[dict]:
    found, token = [], ""
    while True:
        reply = service.get(f"/v1/webhook_deliveries?page_size=1000&{query}" + (f"&page_token={token}" if token else ""))
        assert reply.status == 200, reply
        found += reply.json["deliveries"]
        token = reply.json["next_page_token"]
        if not token:
            return found


def delivery_of(service, job: str) -> dict:
    (one,) = deliveries(service, f"job_id={job}")
    return one


def add(service, job: str, url: str, **more) -> dict:
    reply = service.post(f"/v1/jobs/{job}/callbacks", {"url": url} | more)
    assert reply.status == 201, reply
    assert reply.headers["Location"] == f"/v1/jobs/{job}/callbacks/{reply.json['id']}"
    return reply.json
