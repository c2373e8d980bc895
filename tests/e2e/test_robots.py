"""robots.txt is obeyed when a job asks for that: RFC 9309, through the same gate as everything else."""

import time

import pytest

import web
from client import counts_sum, eventually
from origins import response


@pytest.fixture
def service(start):
    """One for each test: what an origin said is remembered by its port, which another may get."""
    return start()


NO_PRIVATE = b"User-agent: *\nDisallow: /private\n"


def robots(text: bytes) -> bytes:
    return response(200, text, Content_Type="text/plain")


def obeying(service, urls, **options) -> tuple[dict, list[dict]]:
    job = service.submit(urls, robots="obey", **options)
    done = service.wait_done(job)
    assert counts_sum(done)
    return done, service.results(job)


def states(results: list[dict]) -> list[str]:
    return [one["error"]["code"] if one["error"] else one["state"] for one in results]


def test_nginx_is_asked_once_and_obeyed(start, tmp_path, authority):
    folder = tmp_path / "nginx"
    root = folder / "root"
    (root / "private").mkdir(parents=True)
    folder.chmod(0o755)
    (root / "robots.txt").write_text(
        "User-agent: other\nDisallow: /\n\nUser-agent: FanFetch\nDisallow: /private\n"
        "Allow: /private/but.txt$\nDisallow: /*.secret\n\nUser-agent: *\nDisallow: /\n"
    )
    for name in ("one.txt", "two.secret", "private/x.txt", "private/but.txt", "private/but.txt.old"):
        (root / name).write_text(name)
    service = start()
    with web.nginx(folder, root, *authority.issue("nginx", "IP:127.0.0.1")) as addresses:
        base = addresses["http"]
        names = ["one.txt", "two.secret", "private/x.txt", "private/but.txt", "private/but.txt.old"]
        done, results = obeying(service, [f"{base}/{name}" for name in names], on_error="stop")

    assert states(results) == [
        "succeeded", "policy.robots", "policy.robots", "succeeded", "policy.robots",
    ]  # fmt: skip
    assert (done["state"], done["counts"]["skipped"], done["failures_by_code"]) == ("completed", 3, {})
    skipped = results[1]
    assert (skipped["state"], skipped["status"], skipped["attempts_made"]) == ("skipped", None, 0)
    assert skipped["error"]["retryable"] is False


def test_it_is_asked_first_once_and_only_if_told(service, origin):
    origin.answer("/robots.txt", robots(NO_PRIVATE))
    urls = [origin.url(f"/{name}") for name in ("a", "private", "b", "c")]

    service.wait_done(service.submit(urls))
    assert not origin.asked("/robots.txt")

    _, results = obeying(service, urls, headers={"Authorization": "Bearer x", "X-Own": "1"})

    assert states(results) == ["succeeded", "policy.robots", "succeeded", "succeeded"]
    asked = origin.asked("/robots.txt")
    assert len(asked) == 1
    assert origin.requests[len(urls)].target == "/robots.txt"
    assert "authorization" not in asked[0].headers and "x-own" not in asked[0].headers
    assert asked[0].headers["user-agent"].startswith("fanfetch/")


def test_items_wait_without_a_slot(service, origin, other_origin):
    origin.hang("/robots.txt")
    urls = [origin.url(f"/{number}") for number in range(5)] + [other_origin.url("/")]
    job = service.submit(urls, robots="obey", concurrency=1)

    def others_went_on():
        counts = service.job(job)["counts"]
        return counts["succeeded"] == 1 and counts["waiting"] == 5

    eventually(others_went_on, "the other origin to be fetched meanwhile")
    assert counts_sum(service.job(job))
    origin.release()
    assert service.wait_done(job)["counts"]["succeeded"] == 6


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_what_does_not_exist_forbids_nothing(service, origin, status):
    origin.answer("/robots.txt", response(status, b"User-agent: *\nDisallow: /\n"))

    assert states(obeying(service, [origin.url("/x")])[1]) == ["succeeded"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_cannot_be_had_forbids_everything(service, origin, status):
    origin.answer("/robots.txt", response(status))

    _, results = obeying(service, [origin.url("/x"), origin.url("/y")])

    assert states(results) == ["policy.robots"] * 2
    assert f"http.status_{status}" in results[0]["error"]["detail"]
    assert len(origin.asked("/robots.txt")) == 3 and not origin.asked("/x")


def test_a_dead_host_is_skipped(service, closed_port):
    _, results = obeying(service, [f"http://127.0.0.1:{closed_port}/"])

    assert states(results) == ["policy.robots"]
    assert "connect.refused" in results[0]["error"]["detail"]


def test_five_redirects_are_followed_also_to_another_host(service, origin, other_origin):
    for hop in range(4):
        origin.redirect("/robots.txt" if hop == 0 else f"/r{hop}", f"/r{hop + 1}")
    origin.redirect("/r4", other_origin.url("/elsewhere.txt"))
    other_origin.answer("/elsewhere.txt", robots(NO_PRIVATE))

    _, results = obeying(service, [origin.url("/private"), origin.url("/x")])

    assert states(results) == ["policy.robots", "succeeded"]


def test_a_sixth_redirect_means_that_there_is_none(service, origin):
    origin.redirect("/robots.txt", "/robots.txt")

    assert states(obeying(service, [origin.url("/private")])[1]) == ["succeeded"]
    assert len(origin.asked("/robots.txt")) == 6


def test_ssrf_13_its_redirects_pass_the_gate(start, origin, other_origin):
    service = start(egress__allow=f"127.0.0.1:{origin.port}")
    origin.redirect("/robots.txt", f"http://127.0.0.1:{other_origin.port}/robots.txt")

    _, results = obeying(service, [origin.url("/x")])

    assert other_origin.accepts == 0
    assert states(results) == ["policy.robots"]
    assert "policy." in results[0]["error"]["detail"]


def test_ssrf_13_it_is_not_fetched_where_nothing_may_be(start, origin):
    service = start(egress__allow="")

    _, results = obeying(service, [origin.url("/x")])

    assert origin.accepts == 0
    assert states(results) == ["policy.address"]


def test_where_a_redirect_leads_is_judged_too(service, origin, other_origin):
    other_origin.answer("/robots.txt", robots(NO_PRIVATE))
    urls = [
        origin.redirect("/1", other_origin.url("/private")),
        origin.redirect("/2", other_origin.url("/x")),
    ]

    _, results = obeying(service, urls)

    assert states(results) == ["policy.robots", "succeeded"]
    assert results[0]["final_url"] == other_origin.url("/private")
    assert not other_origin.asked("/private")
    assert len(other_origin.asked("/robots.txt")) == 1


def test_a_long_one_is_read_as_far_as_it_must_be(service, origin):
    filling = b"# nothing to see\n" * 31_000
    text = b"User-agent: *\nDisallow: /early\n" + filling + b"Disallow: /late\n"
    assert 500 << 10 < len(text) < 1 << 20
    origin.answer("/robots.txt", robots(text))

    _, results = obeying(service, [origin.url("/early"), origin.url("/late")])

    assert states(results) == ["policy.robots", "succeeded"]


def test_one_without_end_is_none_to_be_had(service, origin):
    origin.answer("/robots.txt", robots(b"# nothing to see\n" * 200_000))

    _, results = obeying(service, [origin.url("/x")])

    assert states(results) == ["policy.robots"]
    assert "limit.body_size" in results[0]["error"]["detail"]


def test_one_that_hangs_takes_no_longer_than_the_items_may(service, origin, other_origin):
    origin.hang("/robots.txt")
    other_origin.hang("/robots.txt")
    began = time.monotonic()
    limited = service.submit(
        [origin.url("/x")], robots="obey", timeouts={"total": "1s"},
        retry={"max_attempts": 2, "backoff": {"base": "1ms", "max": "2ms"}},
    )  # fmt: skip
    urgent = service.submit([other_origin.url("/x")], robots="obey", item_deadline="1s")

    ends = [service.wait_done(job) and service.results(job, "include=attempts")[0] for job in (limited, urgent)]

    assert time.monotonic() - began < 3.5
    assert [one["error"]["code"] for one in ends] == ["timeout.total", "timeout.item_deadline"]
    assert "robots.txt" in ends[0]["error"]["detail"]
    assert [attempt["outcome"] for attempt in ends[0]["attempts"]] == ["timeout.total"] * 2
    assert not origin.asked("/x") and not other_origin.asked("/x")


def test_a_cancelled_job_waits_for_none(service, origin):
    origin.hang("/robots.txt")
    job = service.submit([origin.url("/x")], robots="obey")
    eventually(lambda: service.job(job)["counts"]["waiting"] == 1, "the item to wait")

    service.post(f"/v1/jobs/{job}/cancel")

    assert service.wait_done(job)["counts"]["cancelled"] == 1


def test_it_is_asked_again_after_a_restart(start, origin):
    origin.hang("/robots.txt")
    service = start()
    job = service.submit([origin.url("/private"), origin.url("/x")], robots="obey")
    eventually(lambda: service.job(job)["counts"]["waiting"] == 2, "the items to wait")
    service.kill()
    origin.answer("/robots.txt", robots(NO_PRIVATE))

    service = start()

    counts = service.wait_done(job)["counts"]
    assert (counts["skipped"], counts["succeeded"]) == (1, 1)
