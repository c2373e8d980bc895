"""Hosts: what they ask of us is kept across all jobs, over a restart, and shown."""

import socket
import threading
import time
from datetime import datetime, timedelta

import pytest

from client import Service, add_key, eventually
from origins import response

QUICK = {"backoff": {"base": "1ms", "max": "2ms"}}
ONCE = {"max_attempts": 1}


def key_of(origin) -> str:
    return f"{origin.address}:{origin.port}"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def host(service, origin) -> dict:
    reply = service.get(f"/v1/hosts/{key_of(origin)}")
    assert reply.status == 200, reply
    return reply.json


def patch(service, name: str, change: dict):
    return service.call("PATCH", f"/v1/hosts/{name}", change)


def item(service, job: str, index: int = 0) -> dict:
    return service.get(f"/v1/jobs/{job}/results/{index}").json


def test_nobody_asks_a_busy_host_before_its_time(service, origin, other_origin):
    busy = origin.answer("/busy", response(429, Retry_After="2"), response(200))
    first = service.submit([busy], retry=ONCE)
    assert service.wait_done(first)["counts"]["failed"] == 1
    told = origin.requests[0].at

    # Another job of the same host waits, and says for what; other hosts do not.
    second = service.submit([origin.url("/other"), other_origin.url("/")])
    eventually(lambda: other_origin.requests, "the other host's turn")
    eventually(lambda: service.job(second)["counts"]["waiting"] == 1, "an item that waits")
    waiting = item(service, second)
    assert (waiting["state"], waiting["waiting_for"]) == ("waiting", "retry_after")
    assert waiting["not_before"]
    seen = host(service, origin)
    assert seen["waiting_for"] == "retry_after"
    # Both are told by clocks that were read one after the other.
    assert abs(moment(seen["not_before"]) - moment(waiting["not_before"])) <= timedelta(milliseconds=5)
    assert seen["queued"] == 1 and seen["back_off_level"] == 1
    listed = service.get(f"/v1/jobs/{second}/results?state=waiting").json["results"]
    assert [one["index"] for one in listed] == [0]

    assert service.wait_done(second)["counts"]["succeeded"] == 2
    assert origin.asked("/other")[0].at - told >= 2


def test_a_busy_host_is_left_alone_over_a_restart(start, origin, other_origin):
    service = start()
    job = service.submit(
        [origin.answer("/", response(429, Retry_After="3"), response(200)), origin.url("/b")],
        concurrency=1, retry=ONCE,
    )  # fmt: skip
    eventually(lambda: service.get(f"/v1/jobs/{job}").json["counts"]["failed"] == 1, "the 429")
    told = origin.requests[0].at
    service.kill()

    again = start()
    elsewhere = again.submit([other_origin.url("/")])
    assert again.wait_done(elsewhere)["counts"]["succeeded"] == 1
    if time.monotonic() - told < 2.5:  # a slow machine may have taken longer than the pause
        assert len(origin.requests) == 1
    counts = again.wait_done(job)["counts"]
    assert (counts["succeeded"], counts["failed"]) == (1, 1)
    assert origin.asked("/b")[0].at - told >= 2.9


def test_header_less_429_pauses_grow(service, origin):
    url = origin.answer("/", response(429), response(429), response(200))
    job = service.submit([url], retry=QUICK)

    assert service.wait_done(job)["counts"]["succeeded"] == 1
    one, two, three = (request.at for request in origin.requests)
    assert two - one >= 0.99
    assert three - two >= 1.99


def test_one_broken_page_does_not_stop_its_host(service, origin):
    broken = origin.answer("/broken", response(503))
    urls = [broken] + [origin.url(f"/{n}") for n in range(40)]
    begun = time.monotonic()
    job = service.submit(urls, concurrency=1, retry=ONCE)

    assert service.wait_done(job)["counts"]["succeeded"] == 40
    assert origin.requests[-1].at - begun < 60
    assert not [one for one in hosts_with_trouble(service) if one["host"] == key_of(origin)]


def hosts_with_trouble(service) -> list[dict]:
    return [one for one in service.get("/v1/hosts").json["hosts"] if one["back_off_level"] > 0]


def test_rate_spaces_starts_evenly(service, origin):
    urls = [origin.url(f"/{n}") for n in range(6)]
    job = service.submit(urls, per_host={"rate": 10})

    assert service.wait_done(job)["counts"]["succeeded"] == 6
    starts = [request.at for request in origin.requests]
    assert starts[-1] - starts[0] >= 0.49
    # Requests take a moment to arrive, and are never early by more than that.
    assert all(after - before > 0.05 for before, after in zip(starts, starts[1:]))


def test_rate_as_text_and_its_limits(service):
    for rate in ("30/m", "0.5", 1, 2.5, "1/h"):
        assert service.post("/v1/jobs", {"urls": ["http://a.test/"], "options": {
            "per_host": {"rate": rate}}}).status == 202  # fmt: skip
    for rate in (0, -1, "0", "x", "3/d", "3/", "", None, True, 1e9, "inf", "nan", []):
        reply = service.post("/v1/jobs", {"urls": ["http://a.test/"], "options": {
            "per_host": {"rate": rate}}})  # fmt: skip
        assert reply.status == 422, (rate, reply)
        assert reply.json["errors"][0]["pointer"] == "/options/per_host/rate"


def test_breaker_opens_probes_and_gives_up(start, closed_port):
    service = start(host__breaker_failures="3", host__breaker_cooldown="1s")
    urls = [f"http://127.0.0.1:{closed_port}/{n}" for n in range(20)]
    job = service.submit(urls, concurrency=2, retry=ONCE)
    opened = eventually(
        lambda: (reply := service.get(f"/v1/hosts/127.0.0.1:{closed_port}")).status == 200
        and reply.json["breaker"]["state"] == "open" and reply.json,
        "an open breaker",
    )  # fmt: skip
    assert opened["waiting_for"] == "breaker" and opened["not_before"]

    state = service.wait_done(job)
    codes = state["failures_by_code"]
    assert set(codes) == {"connect.refused", "policy.breaker_open"}
    assert 4 <= codes["connect.refused"] <= 6  # three, those under way then, and the probe
    assert sum(codes.values()) == 20
    last = item(service, job, 19)
    assert last["error"]["code"] == "policy.breaker_open" and last["attempts_made"] == 0


def test_breaker_closes_when_the_probe_is_answered(start):
    service = start(host__breaker_failures="2", host__breaker_cooldown="1s")
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        job = service.submit([f"http://127.0.0.1:{port}/{n}" for n in range(5)], concurrency=1,
                             retry=ONCE)  # fmt: skip
        eventually(
            lambda: service.get(f"/v1/jobs/{job}").json["counts"]["waiting"] == 3, "the breaker"
        )
        holder.listen()  # the host is back
        threading.Thread(target=answer_on, args=(holder, 3), daemon=True).start()
        counts = service.wait_done(job)["counts"]
        assert (counts["succeeded"], counts["failed"]) == (3, 2)


def answer_on(listener: socket.socket, times: int) -> None:
    for _ in range(times):
        link, _ = listener.accept()
        with link:
            link.recv(65536)
            link.sendall(response(200, b"", Connection="close"))


def test_operator_limits_hold_over_a_restart(start, origin):
    service = start()
    name = key_of(origin)
    changed = patch(service, name, {"max_concurrency": 2, "max_rate": "60/m"})
    assert changed.status == 200, changed
    assert changed.json["limit"] == 2 and changed.json["rate_per_s"] == 1
    assert patch(service, name, {"max_rate": None}).json["rate_per_s"] is None
    service.kill()

    again = start()
    assert host(again, origin)["max_concurrency"] == 2
    for n in range(6):
        origin.late(f"/{n}", 0.2)
    job = again.submit([origin.url(f"/{n}") for n in range(6)])
    assert again.wait_done(job)["counts"]["succeeded"] == 6
    starts = [request.at for request in origin.requests]
    assert starts[2] - starts[0] >= 0.19 and starts[4] - starts[2] >= 0.19


def test_a_paused_host_waits_until_it_is_resumed(service, origin):
    name = key_of(origin)
    assert patch(service, name, {"paused": True}).json["paused"] is True
    job = service.submit([origin.url("/")])
    eventually(lambda: service.get(f"/v1/jobs/{job}").json["counts"]["waiting"] == 1, "the pause")
    assert item(service, job)["waiting_for"] == "host_concurrency"
    assert not origin.requests

    assert patch(service, name, {"paused": False}).status == 200
    assert service.wait_done(job)["counts"]["succeeded"] == 1


@pytest.mark.parametrize(
    "body, pointer",
    [({"max_concurrency": 0}, "/max_concurrency"), ({"max_rate": "x"}, "/max_rate"),
     ({"paused": 1}, "/paused"), ({"limit": 3}, "/limit")],
)  # fmt: skip
def test_wrong_changes_name_the_member(service, body, pointer):
    reply = patch(service, "a.test:80", body)
    assert reply.status == 422
    assert reply.json["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("name", ["a.test", "a.test:0x50", "a.test:99999", "a b:80", "[::1]"])
def test_a_host_is_a_name_and_a_port(service, name):
    reply = service.get("/v1/hosts/" + name.replace(" ", "%20"))
    assert (reply.status, reply.json["code"]) == (400, "request.parameter")


def test_unknown_hosts_are_not_found(service):
    reply = service.get("/v1/hosts/nobody.test:443")
    assert (reply.status, reply.json["code"]) == (404, "host.not_found")


def test_hosts_are_listed_by_name_and_page_by_page(service, origin, other_origin):
    both = sorted([key_of(origin), key_of(other_origin)])
    urls = [origin.hang("/"), other_origin.hang("/")]
    job = service.submit(urls)
    eventually(lambda: origin.requests and other_origin.requests, "both hosts")
    names, token = [], ""
    while token is not None:
        page = service.get(f"/v1/hosts?page_size=1{token and '&page_token=' + token}").json
        names += [one["host"] for one in page["hosts"]]
        token = page["next_page_token"]
    assert names == sorted(names) and [name for name in names if name in both] == both
    running = host(service, origin)
    assert (running["in_flight"], running["queued"]) == (1, 0)
    assert item(service, job)["state"] == "running"
    origin.release()
    other_origin.release()
    service.wait_done(job)


def test_a_tenant_sees_only_the_hosts_it_waits_for(tmp_path, origin, other_origin):
    data = tmp_path / "data"
    ours = add_key(data, "ours", "submit", "read", "control")
    theirs = add_key(data, "theirs", "submit", "read", "control", tenant="theirs")
    operator = add_key(data, "operator", "read", "admin", tenant="operator")
    service = Service(data, key=ours)
    try:
        service.submit([origin.hang("/")])
        service.key = theirs
        service.submit([other_origin.hang("/")])
        eventually(lambda: origin.requests and other_origin.requests, "both hosts")

        def seen(key: str) -> set:
            service.key = key
            return {one["host"] for one in service.get("/v1/hosts").json["hosts"]}

        assert seen(ours) == {key_of(origin)}
        assert seen(theirs) == {key_of(other_origin)}
        assert seen(operator) == {key_of(origin), key_of(other_origin)}
        service.key = ours
        assert service.get(f"/v1/hosts/{key_of(other_origin)}").status == 404
        assert patch(service, key_of(origin), {"paused": True}).status == 403
    finally:
        origin.release()
        other_origin.release()
        service.kill()


def test_item_deadline_ends_an_exchange(service, origin):
    job = service.submit([origin.hang("/")], item_deadline="300ms")
    assert service.wait_done(job)["failures_by_code"] == {"timeout.item_deadline": 1}
    origin.release()


def test_item_deadline_ends_a_wait_for_the_host(service, origin):
    busy = origin.answer("/", response(429, Retry_After="30"))
    job = service.submit([busy], item_deadline="500ms", retry={"max_attempts": 5})
    assert service.wait_done(job)["failures_by_code"] == {"timeout.item_deadline": 1}
    one = item(service, job)
    assert one["attempts_made"] == 1 and "deadline" in one["attempts"][0]["retry"]


def test_a_redirect_waits_for_the_host_it_leads_to(service, origin, other_origin):
    """A host that asked to be left alone gets no request before its time, redirected ones included."""
    busy = other_origin.answer("/busy", response(429, Retry_After="3"), response(200))
    service.wait_done(service.submit([busy], retry=ONCE))
    told = other_origin.requests[0].at

    led = origin.redirect("/led", other_origin.url("/target"))
    job = service.submit([led] + [origin.url(f"/{n}") for n in range(20)], concurrency=1)
    eventually(lambda: service.job(job)["counts"]["succeeded"] == 20, "the other items")
    assert time.monotonic() - told < 3, "they did not have to wait"
    waiting = item(service, job)
    assert (waiting["state"], waiting["waiting_for"]) == ("waiting", "retry_after"), waiting
    assert waiting["not_before"]

    assert service.wait_done(job)["counts"]["succeeded"] == 21
    assert other_origin.asked("/target")[0].at - told >= 3
    done = item(service, job)
    assert done["attempts_made"] == 1 and done["final_url"] == other_origin.url("/target")
    assert len(origin.asked("/led")) == 2  # the redirect was asked for once more, and no oftener


def test_what_a_redirect_meets_counts_at_that_host(service, origin, other_origin):
    other_origin.answer("/target", response(429, Retry_After="2"), response(200))
    led = origin.redirect("/led", other_origin.url("/target"))
    service.wait_done(service.submit([led], retry=ONCE))
    told = other_origin.requests[0].at

    assert host(service, other_origin)["back_off_level"] == 1
    assert service.wait_done(service.submit([origin.url("/")]))["counts"]["succeeded"] == 1
    assert origin.asked("/")[0].at - told < 2  # nothing of this is the other host's
    service.wait_done(service.submit([other_origin.url("/late")]))
    assert other_origin.asked("/late")[0].at - told >= 2


def test_redirects_keep_a_jobs_rate_at_the_host_they_lead_to(service, origin, other_origin):
    urls = [origin.redirect(f"/{n}", other_origin.url(f"/{n}")) for n in range(6)]
    for _ in range(2):  # the second job begins when the host has just been asked
        job = service.submit(urls, per_host={"rate": 10})
        assert service.wait_done(job)["counts"]["succeeded"] == 6
    asked = sorted(request.at for request in other_origin.requests)
    # One that comes late is followed the sooner by the next: what counts is that none comes early.
    assert all(at - asked[0] >= 0.1 * n - 0.05 for n, at in enumerate(asked)), asked


def test_redirects_share_the_slots_of_the_host_they_lead_to(service, origin, other_origin):
    for n in range(12):
        other_origin.late(f"/{n}", 0.2)
    urls = [origin.redirect(f"/{n}", other_origin.url(f"/{n}")) for n in range(12)]
    assert patch(service, key_of(other_origin), {"max_concurrency": 2}).status == 200
    begun = time.monotonic()
    job = service.submit(urls)
    assert service.wait_done(job)["counts"]["succeeded"] == 12
    assert time.monotonic() - begun >= 6 * 0.2


def test_a_robots_txt_waits_for_its_host(service, origin):
    origin.answer("/robots.txt", response(200, b"User-agent: *\nAllow: /\n"))
    busy = origin.answer("/busy", response(429, Retry_After="2"), response(200))
    service.wait_done(service.submit([busy], retry=ONCE))
    told = origin.requests[0].at
    job = service.submit([origin.url("/page")], robots="obey")
    assert service.wait_done(job)["counts"]["succeeded"] == 1
    assert origin.asked("/robots.txt")[0].at - told >= 2
