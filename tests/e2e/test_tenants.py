"""What the file of keys says of tenants: quotas, and where they may fetch from."""

import re

import hooks
from client import add_key, eventually, revoke_key, run


def rate_fields(reply) -> tuple:
    policy = re.fullmatch(r'"(\w+)";q=(\d+)(?:;w=(\d+))?', reply.headers["RateLimit-Policy"])
    left = re.fullmatch(r'"(\w+)";r=(\d+)(?:;t=\d+)?', reply.headers["RateLimit"])
    assert policy and left and policy[1] == left[1]
    return policy[1], int(policy[2]), int(left[2])


def test_ovl_01_a_tenant_over_its_rate_waits_and_others_do_not(tenants):
    by = tenants(a=["--requests-per-s", "5"], b=[])
    service = by["a"]
    replies = [service.get("/v1/jobs") for _ in range(40)]
    refused = [reply for reply in replies if reply.status == 429]
    assert refused and {reply.status for reply in replies} == {200, 429}
    for reply in refused:
        assert reply.json["code"] == "quota.exceeded"
        assert int(reply.headers["Retry-After"]) >= 1
        assert rate_fields(reply) == ("requests", 5, 0)
    assert rate_fields(replies[0])[:2] == ("requests", 5)

    service = by["b"]
    for _ in range(20):
        reply = service.get("/v1/jobs")
        assert reply.status == 200 and "RateLimit" not in reply.headers
    service = by["a"]
    eventually(lambda: service.get("/v1/jobs").status == 200, "its turn again")


def test_a_tenant_has_so_many_jobs_and_no_more(tenants, origin):
    by = tenants(a=["--max-jobs", "2"], b=[])
    service = by["a"]
    jobs = [service.submit([origin.hang("/")]) for _ in range(2)]
    reply = service.post("/v1/jobs", {"urls": [origin.url("/")]})
    assert (reply.status, reply.json["code"]) == (429, "quota.exceeded")
    assert reply.headers["Retry-After"] and rate_fields(reply) == ("jobs", 2, 0)
    by["b"].wait_done(by["b"].submit([origin.url("/other")]))

    service = by["a"]
    assert service.post(f"/v1/jobs/{jobs[0]}/cancel").status == 200
    service.wait_done(jobs[0])
    service.submit([origin.url("/again")])


def test_a_quota_met_in_the_middle_of_an_upload_ends_the_job(tenants, origin):
    by = tenants(a=["--max-queued-items", "3000"], b=[])
    service = by["a"]
    origin.hang("/")
    reply = service.post("/v1/jobs", (origin.url("/") + "\n") * 10_000, kind="text/plain")
    assert (reply.status, reply.json["code"]) == (429, "quota.exceeded")
    assert rate_fields(reply)[:2] == ("queued_items", 3000)
    jobs = service.get("/v1/jobs").json["jobs"]
    for job in jobs:
        ended = service.wait_done(job["id"])
        assert (ended["state"], ended["state_reason"]) == ("cancelled", "quota")
        assert ended["counts"]["total"] <= 3000
    service = by["b"]
    assert service.post("/v1/jobs", (origin.url("/other") + "\n") * 4000, kind="text/plain").status == 202


def test_ssrf_15_what_a_tenant_may_reach_is_its_own(tenants, origin):
    by = tenants({"egress.allow": ""}, a=["--egress-allow", f"127.0.0.1:{origin.port}"], b=[])
    service = by["a"]
    job = service.submit([origin.url("/"), f"http://127.0.0.1:{service.port}/"], callbacks=[{"url": origin.url("/hook")}])
    counts = service.wait_done(job)["counts"]
    assert (counts["succeeded"], counts["failed"]) == (1, 1), "our own listener is beyond any exception"
    eventually(lambda: hooks.delivery_of(service, job)["state"] == "delivered", "its webhook")

    service = by["b"]
    job = service.submit([origin.url("/b")])
    assert service.wait_done(job)["failures_by_code"] == {"policy.address": 1}
    assert service.post("/v1/jobs", {"urls": ["http://a.test/"], "options": {"callbacks": [{"url": origin.url("/")}]}}).status == 403
    assert origin.asked("/b") == []


def test_terms_are_taken_up_while_the_service_runs(tenants, origin):
    by = tenants({"egress.allow": ""}, a=[], b=[])
    service = by["a"]
    assert service.wait_done(service.submit([origin.url("/")]))["counts"]["failed"] == 1
    add_key(service.data, "a2", tenant="a", terms=["--egress-allow", "127.0.0.0/8", "--max-jobs", "0"])
    eventually(lambda: service.post("/v1/jobs", {"urls": [origin.url("/")]}).status == 429, "the quota")
    revoke_key(service.data, "a2")
    eventually(lambda: service.post("/v1/jobs", {"urls": [origin.url("/")]}).status == 202, "no quota")
    add_key(service.data, "a3", tenant="a", terms=["--egress-allow", "127.0.0.0/8"])
    eventually(
        lambda: service.wait_done(service.submit([origin.url("/")]))["counts"]["succeeded"] == 1, "the exception"
    )


def test_keys_add_refuses_what_the_service_would_not_read(tmp_path):
    terms = ["--max-jobs", "5", "--max-stored-bytes", "1000", "--requests-per-s", "2.5", "--weight", "3"]
    add_key(tmp_path, "a", tenant="team", terms=[*terms, "--egress-allow", "10.0.0.0/8,intra.example"])
    listed = run("keys", "--set", f"data.dir={tmp_path}", "list").stdout
    assert (
        "max_jobs=5 max_stored_bytes=1000 requests_per_s=2.5 weight=3"
        " egress_allow=10.0.0.0/8,intra.example"
    ) in listed
    for terms, why in [
        (["--max-jobs", "6"], "another key of the tenant says other quotas"),
        (["--egress-allow", "10.0.0.0/99"], "egress_allow: expected"),
        (["--requests-per-s", "0"], "--requests-per-s: Value 0 not in range"),
        (["--weight", "0"], "--weight: Value 0 not in range 1 to 100"),
        (["--weight", "101"], "--weight: Value 101 not in range 1 to 100"),
    ]:
        done = run("keys", "--set", f"data.dir={tmp_path}", "add", "--id", "b", "--tenant", "team", *terms)
        assert done.returncode == 2 and why in done.stderr
    assert add_key(tmp_path, "silent", tenant="team")
