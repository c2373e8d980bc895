"""What the file of keys says of tenants: quotas, and where they may fetch from."""

import re

import pytest

import hooks
from client import Service, add_key, eventually, revoke_key, run


def add(data, name: str, tenant: str, *terms: str) -> str:
    done = run("keys", "--set", f"data.dir={data}", "add", "--id", name, "--tenant", tenant, *terms)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def tenants(tmp_path):
    """Starts a service with keys; `keys[name]` is that of the tenant of that name."""
    running = []

    def starter(settings=None, **terms) -> tuple[Service, dict]:
        data = tmp_path / "data"
        data.mkdir()
        keys = {name: add(data, name, name, *more) for name, more in terms.items()}
        running.append(Service(data, settings))
        running[-1].data = data
        return running[-1], keys

    yield starter
    for one in running:
        assert one.stop() == 0
        assert one.complaints() == []


def asking(service, key: str) -> Service:
    service.key = key
    return service


def rate_fields(reply) -> tuple:
    policy = re.fullmatch(r'"(\w+)";q=(\d+)(?:;w=(\d+))?', reply.headers["RateLimit-Policy"])
    left = re.fullmatch(r'"(\w+)";r=(\d+)(?:;t=\d+)?', reply.headers["RateLimit"])
    assert policy and left and policy[1] == left[1]
    return policy[1], int(policy[2]), int(left[2])


def test_ovl_01_a_tenant_over_its_rate_waits_and_others_do_not(tenants):
    service, keys = tenants(a=["--requests-per-s", "5"], b=[])
    asking(service, keys["a"])
    replies = [service.get("/v1/jobs") for _ in range(40)]
    refused = [reply for reply in replies if reply.status == 429]
    assert refused and {reply.status for reply in replies} == {200, 429}
    for reply in refused:
        assert reply.json["code"] == "quota.exceeded"
        assert int(reply.headers["Retry-After"]) >= 1
        assert rate_fields(reply) == ("requests", 5, 0)
    assert rate_fields(replies[0])[:2] == ("requests", 5)

    asking(service, keys["b"])
    for _ in range(20):
        reply = service.get("/v1/jobs")
        assert reply.status == 200 and "RateLimit" not in reply.headers
    asking(service, keys["a"])
    eventually(lambda: service.get("/v1/jobs").status == 200, "its turn again")


def test_a_tenant_has_so_many_jobs_and_no_more(tenants, origin):
    service, keys = tenants(a=["--max-jobs", "2"], b=[])
    asking(service, keys["a"])
    jobs = [service.submit([origin.hang("/")]) for _ in range(2)]
    reply = service.post("/v1/jobs", {"urls": [origin.url("/")]})
    assert (reply.status, reply.json["code"]) == (429, "quota.exceeded")
    assert reply.headers["Retry-After"] and rate_fields(reply) == ("jobs", 2, 0)
    asking(service, keys["b"]).wait_done(service.submit([origin.url("/other")]))

    asking(service, keys["a"])
    assert service.post(f"/v1/jobs/{jobs[0]}/cancel").status == 200
    service.wait_done(jobs[0])
    service.submit([origin.url("/again")])


def test_a_quota_met_in_the_middle_of_an_upload_ends_the_job(tenants, origin):
    service, keys = tenants(a=["--max-queued-items", "3000"], b=[])
    asking(service, keys["a"])
    origin.hang("/")
    reply = service.post("/v1/jobs", (origin.url("/") + "\n") * 10_000, kind="text/plain")
    assert (reply.status, reply.json["code"]) == (429, "quota.exceeded")
    assert rate_fields(reply)[:2] == ("queued_items", 3000)
    jobs = service.get("/v1/jobs").json["jobs"]
    for job in jobs:
        ended = service.wait_done(job["id"])
        assert (ended["state"], ended["state_reason"]) == ("cancelled", "quota")
        assert ended["counts"]["total"] <= 3000
    asking(service, keys["b"])
    assert service.post("/v1/jobs", (origin.url("/other") + "\n") * 4000, kind="text/plain").status == 202


def test_ssrf_15_what_a_tenant_may_reach_is_its_own(tenants, origin):
    service, keys = tenants({"egress.allow": ""}, a=["--egress-allow", f"127.0.0.1:{origin.port}"], b=[])
    asking(service, keys["a"])
    job = service.submit([origin.url("/"), f"http://127.0.0.1:{service.port}/"], callbacks=[{"url": origin.url("/hook")}])
    counts = service.wait_done(job)["counts"]
    assert (counts["succeeded"], counts["failed"]) == (1, 1), "our own listener is beyond any exception"
    eventually(lambda: hooks.delivery_of(service, job)["state"] == "delivered", "its webhook")

    asking(service, keys["b"])
    job = service.submit([origin.url("/b")])
    assert service.wait_done(job)["failures_by_code"] == {"policy.address": 1}
    assert service.post("/v1/jobs", {"urls": ["http://a.test/"], "options": {"callbacks": [{"url": origin.url("/")}]}}).status == 403
    assert origin.asked("/b") == []


def test_terms_are_taken_up_while_the_service_runs(tenants, origin):
    service, keys = tenants({"egress.allow": ""}, a=[], b=[])
    asking(service, keys["a"])
    assert service.wait_done(service.submit([origin.url("/")]))["counts"]["failed"] == 1
    add(service.data, "a2", "a", "--egress-allow", "127.0.0.0/8", "--max-jobs", "0")
    eventually(lambda: service.post("/v1/jobs", {"urls": [origin.url("/")]}).status == 429, "the quota")
    revoke_key(service.data, "a2")
    eventually(lambda: service.post("/v1/jobs", {"urls": [origin.url("/")]}).status == 202, "no quota")
    add(service.data, "a3", "a", "--egress-allow", "127.0.0.0/8")
    eventually(
        lambda: service.wait_done(service.submit([origin.url("/")]))["counts"]["succeeded"] == 1, "the exception"
    )


def test_keys_add_refuses_what_the_service_would_not_read(tmp_path):
    add(tmp_path, "a", "team", "--max-jobs", "5", "--requests-per-s", "2.5", "--egress-allow", "10.0.0.0/8,intra.example")
    listed = run("keys", "--set", f"data.dir={tmp_path}", "list").stdout
    assert "max_jobs=5 requests_per_s=2.5 egress_allow=10.0.0.0/8,intra.example" in listed
    for terms, why in [
        (["--max-jobs", "6"], "another key of the tenant says other quotas"),
        (["--egress-allow", "10.0.0.0/99"], "egress_allow: expected"),
        (["--requests-per-s", "0"], "requests_per_s: expected"),
    ]:
        done = run("keys", "--set", f"data.dir={tmp_path}", "add", "--id", "b", "--tenant", "team", *terms)
        assert done.returncode == 2 and why in done.stderr
    assert add_key(tmp_path, "silent", tenant="team")
