"""API keys: who is let in, to what, and what others may learn. Numbers are those of the threat model."""

import concurrent.futures
import contextlib
import http.client
import os
import pathlib
import re
import socket
import stat
import statistics
import subprocess
import time

import pytest

from client import BINARY, LIMIT_S, Reply, Service, add_key, eventually, revoke_key, run

SCOPES = ("submit", "read", "control", "admin")
OPEN = {"/livez", "/readyz", "/openapi.json", "/docs", "/docs/style.css"}
NO_JOB = "job_" + "0" * 32
WRONG = "fanfetch_" + "a" * 32
KEY = re.compile(r"fanfetch_[a-z2-7]{32}")

# Within which a revoked key is dead, and the streams it opened.
DEAD_S, STREAMS_DEAD_S = 5, 30


@pytest.fixture(scope="module")
def keyed(tmp_path_factory):
    """A service with a key for each scope, one with all, and one with all of another tenant."""
    data = tmp_path_factory.mktemp("keyed") / "data"
    keys = {name: add_key(data, name, name) for name in SCOPES}
    keys["all"] = add_key(data, "all")
    keys["other"] = add_key(data, "other", tenant="other")
    running = Service(data, {"log.level": "debug"}, keys["all"])
    running.keys, running.data = keys, data
    yield running
    assert running.stop() == 0
    assert running.complaints() == []


def bearer(key: str) -> dict:
    return {"Authorization": f"Bearer {key}"}


def operations(service: Service) -> list[tuple[str, str, list]]:
    """Method, path and security of everything that the contract names."""
    found = []
    for path, methods in service.get("/openapi.json").json["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                found.append((method.upper(), path, operation["security"]))
    return found


def target(path: str, job: str = NO_JOB) -> str:
    return path.replace("{id}", job).replace("{index}", "0").replace("{host}", "a.test:80").replace("{callback_id}", "cb_0")


def ask(service: Service, method: str, path: str, fields: list[tuple[str, bytes]], source="127.0.0.1") -> Reply:
    """A request with exactly these fields, one after the other, from that address."""
    link = http.client.HTTPConnection("127.0.0.1", service.port, timeout=LIMIT_S, source_address=(source, 0))
    with contextlib.closing(link):
        link.putrequest(method, path)
        for name, value in fields:
            link.putheader(name, value)
        link.endheaders()
        return Reply(link.getresponse())


def refused(reply: Reply) -> bool:
    """401 as it should be."""
    return (
        reply.status == 401
        and reply.headers["WWW-Authenticate"].startswith("Bearer realm=")
        and reply.headers["Content-Type"] == "application/problem+json"
        and reply.json["code"] == "auth.required"
    )


MALFORMED = {
    "missing": [],
    "empty": [b""],
    "no token": [b"Bearer"],
    "another scheme": [b"Basic dXNlcjpwYXNz"],
    "no scheme": [WRONG.encode()],
    "two tokens": [b"Bearer a b"],
    "a list": [b"Bearer a, Bearer b"],
    "not ASCII": ["Bearer fanfetch_é".encode()],
    "twice": [b"Bearer a", b"Bearer a"],
    "16 KiB": [b"Basic " + b"a" * 16_000],
}


@pytest.mark.parametrize("fault", MALFORMED)
def test_auth01_what_is_no_key_is_401(keyed, fault):
    reply = ask(keyed, "GET", "/v1/jobs", [("Authorization", value) for value in MALFORMED[fault]])

    assert refused(reply), reply


def test_auth01_a_megabyte_is_refused_unread(keyed):
    reply = ask(keyed, "GET", "/v1/jobs", [("Authorization", b"Bearer " + b"a" * (1 << 20))])

    assert reply.status == 431, reply


def test_auth01_a_wrong_key_is_401(keyed):
    for key in (WRONG, "x", keyed.keys["all"][:-1], keyed.keys["all"] + "a", keyed.keys["all"].upper()):
        assert refused(keyed.get("/v1/jobs", **bearer(key))), key


def test_auth01_a_missing_key_is_refused_at_once(keyed):
    """No slower than what is open: the median of many, both in the same run."""

    def median_of(path):
        times = []
        for _ in range(40):
            begun = time.monotonic()
            keyed.call("GET", path, headers={"Authorization": ""})
            times.append(time.monotonic() - begun)
        return statistics.median(times)

    assert median_of("/v1/jobs") < max(0.005, 3 * median_of("/livez"))


def test_auth01_every_operation_but_the_open_ones_wants_a_key(keyed):
    for method, path, security in operations(keyed):
        reply = ask(keyed, method, target(path), [])

        assert (path in OPEN) == (security == []), path
        assert reply.status == 200 if path in OPEN else refused(reply), (method, path, reply)


def test_auth01_a_body_is_not_read_for_a_stranger(keyed):
    """The answer comes while the client still waits to be told to go on."""
    with socket.create_connection(("127.0.0.1", keyed.port), timeout=LIMIT_S) as link:
        link.sendall(
            b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
            b"Content-Length: 1000000\r\nExpect: 100-continue\r\n\r\n"
        )
        assert link.recv(4096).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("having", SCOPES)
def test_auth02_a_key_does_what_its_scope_says(keyed, having):
    for method, path, security in operations(keyed):
        if path in OPEN:
            continue
        (needed,) = security[0]["key"]

        reply = keyed.call(method, target(path), headers=bearer(keyed.keys[having]))

        if needed == having:
            assert reply.status not in (401, 403), (method, path, reply)
        else:
            assert (reply.status, reply.json["code"]) == (403, "auth.forbidden"), (method, path, reply)
            assert f'scope="{needed}"' in reply.headers["WWW-Authenticate"]


def test_auth03_another_tenants_job_is_no_job(keyed, origin):
    done = keyed.submit([origin.url("/a")])
    keyed.wait_done(done)
    running = keyed.submit([origin.hang("/hangs")])
    stranger = bearer(keyed.keys["other"]) | {"X-Request-Id": "same"}
    compared = 0

    def seen(method, path, job, **more):
        """The answer but for its date and its `instance`, which is the path asked for."""
        reply = keyed.call(method, target(path, job), headers=stranger | more)
        fields = sorted((name, value) for name, value in reply.headers.items() if name != "Date")
        return reply.status, fields, reply.body.replace(job.encode(), b"ID")

    for method, path, _ in operations(keyed):
        if "{id}" not in path:
            continue
        variants = [(path, {})]
        if method == "GET":
            variants.append((path, {"Range": "bytes=0-1"}))
        if path.endswith("/results"):
            variants.append((path, {"Accept": "application/x-ndjson"}))
            variants.append((path + "?follow=true", {"Accept": "application/x-ndjson"}))
            variants.append((path + "?page_token=i1", {}))
        if path == "/v1/jobs/{id}":
            query = {"GET": "?wait=20s", "DELETE": "?cancel=true"}.get(method, "")
            variants.append((path + query, {}))
        for variant, more in variants:
            unknown = seen(method, variant, NO_JOB, **more)
            assert unknown[0] == 404, (method, variant, unknown)
            for job in (done, running):
                assert seen(method, variant, job, **more) == unknown, (method, variant)
                compared += 1

    assert compared >= 20
    assert keyed.job(running)["state"] == "running", "nobody cancelled it"
    assert keyed.get(f"/v1/jobs/{done}/results/0/body").status == 200
    origin.release()
    keyed.wait_done(running)


def test_auth03_a_list_shows_ones_own_jobs(keyed, origin):
    mine = keyed.submit([origin.url("/a")])
    theirs = keyed.post("/v1/jobs", {"urls": [origin.url("/b")]}, **bearer(keyed.keys["other"])).json["id"]

    listed = {job["id"] for job in keyed.get("/v1/jobs?page_size=1000").json["jobs"]}
    others = keyed.get("/v1/jobs", **bearer(keyed.keys["other"])).json["jobs"]
    after_mine = keyed.get(f"/v1/jobs?page_token={mine}", **bearer(keyed.keys["other"])).json["jobs"]

    assert mine in listed and theirs not in listed
    assert [job["id"] for job in others] == [theirs]
    assert mine not in [job["id"] for job in after_mine]


def test_auth03_keys_of_one_tenant_share_its_jobs(keyed, origin):
    job = keyed.submit([origin.url("/a")])

    assert keyed.get(f"/v1/jobs/{job}", **bearer(keyed.keys["read"])).status == 200


def test_auth03_the_tenant_stays_over_a_restart(start, tmp_path, origin):
    data = tmp_path / "data"
    blue, red = (add_key(data, name, tenant=name) for name in ("blue", "red"))
    service = start()
    service.key = blue
    job = service.submit([origin.url("/a")])
    service.wait_done(job)
    service.stop()

    service = start()

    assert service.get(f"/v1/jobs/{job}", **bearer(blue)).status == 200
    assert service.get(f"/v1/jobs/{job}", **bearer(red)).status == 404


def test_auth05_a_revoked_key_is_dead_in_time(start, tmp_path, origin):
    data = tmp_path / "data"
    old, kept = add_key(data, "old"), add_key(data, "kept")
    service = start()
    service.key = old
    job = service.submit([origin.hang("/hangs")])
    follow = f"/v1/jobs/{job}/results?follow=true"
    with service.stream(follow) as lost, service.stream(follow, **bearer(kept)) as stays:
        revoke_key(data, "old")
        begun = time.monotonic()
        eventually(lambda: service.get("/v1/jobs").status == 401, "the key to die")
        assert time.monotonic() - begun < DEAD_S

        assert list(lost) == [], "it ends, without the line that ends a whole stream"
        assert time.monotonic() - begun < STREAMS_DEAD_S
        origin.release()
        assert [line.get("end") for line in stays] == [None, True], "the other one goes on"


def test_auth05_a_wait_ends_with_401_when_its_key_is_revoked(start, tmp_path, origin):
    data = tmp_path / "data"
    key, kept = add_key(data, "old"), add_key(data, "kept")
    service = start()
    service.key = key
    job = service.submit([origin.hang("/hangs")])
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(service.get, f"/v1/jobs/{job}?wait=60s")
        revoke_key(data, "old")
        eventually(lambda: service.get("/v1/jobs").status == 401, "the key to die")
        service.key = kept
        origin.release()

        assert refused(waiting.result(LIMIT_S)), "what was asked before is not answered after"


def test_auth05_rotation_has_an_overlap(start, tmp_path):
    data = tmp_path / "data"
    old = add_key(data, "old")
    service = start()

    new = add_key(data, "new")
    eventually(lambda: service.get("/v1/jobs", **bearer(new)).status == 200, "the new key")
    assert service.get("/v1/jobs", **bearer(old)).status == 200

    revoke_key(data, "old")
    eventually(lambda: service.get("/v1/jobs", **bearer(old)).status == 401, "the old key to die")
    assert service.get("/v1/jobs", **bearer(new)).status == 200


def test_auth05_the_first_key_closes_an_open_service(start, tmp_path):
    service = start()
    assert service.get("/v1/jobs").status == 200
    assert service.get("/metrics").status == 200

    key = add_key(tmp_path / "data", "first")

    eventually(lambda: service.get("/v1/jobs").status == 401, "keys to be wanted")
    assert service.get("/v1/jobs", **bearer(key)).status == 200


def test_auth06_no_key_is_anywhere(keyed, origin):
    canary = keyed.keys["all"]
    job = keyed.submit([origin.url("/a"), origin.url("/b?token=" + "t" * 20)])
    keyed.wait_done(job)
    said = [keyed.get(path).body for path in ("/metrics", "/v1/jobs", f"/v1/jobs/{job}", "/nope", "/v1/capabilities")]
    said += [keyed.call(method, "/v1/jobs/x").body for method in ("PUT", "DELETE", "POST")]
    said.append(keyed.get("/v1/jobs", **bearer(canary + "x")).body)
    files = [path for path in keyed.data.rglob("*") if path.is_file()]
    said += [path.read_bytes() for path in files] + [keyed.log.read_bytes()]

    assert any(path.name == "fanfetch.db" for path in files)
    assert b'"wrong_key"' in keyed.log.read_bytes() or b"wrong_key" in keyed.log.read_bytes()
    for text in said:
        assert canary.encode() not in text
        assert canary.removeprefix("fanfetch_").encode() not in text
    for request in origin.asked("/a"):
        assert "authorization" not in request.headers, "it is ours, not the origin's"


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1"])
def test_auth07_no_public_address_without_a_key(tmp_path, address):
    done = run("serve", "--set", f"listen.address={address}", "--set", f"data.dir={tmp_path}/data")

    assert done.returncode == 2
    assert done.stdout == ""
    assert "without API keys" in done.stderr
    assert not (tmp_path / "data").exists()


def test_auth07_a_public_address_with_a_key(start, tmp_path):
    key = add_key(tmp_path / "data", "a")

    service = start(listen__address="0.0.0.0")

    assert service.ready["address"] == "0.0.0.0"
    assert service.get("/v1/jobs").status == 401
    assert service.get("/v1/jobs", **bearer(key)).status == 200


@pytest.mark.parametrize("text, wrong", [("[[key]]\nid = 7\n", "line 2: id: expected text"), ("nope", "line 1: this is no TOML")])
def test_auth07_a_bad_file_is_refused_at_the_start(tmp_path, text, wrong):
    file = tmp_path / "keys.toml"
    file.write_text(text)
    file.chmod(0o600)

    for verb in ("serve", "check-config"):
        done = run(verb, "--set", f"auth.keys_file={file}", "--set", f"data.dir={tmp_path}/data")
        assert (done.returncode, done.stdout) == (2, "")
        assert f"auth.keys_file: {file}: {wrong}" in done.stderr


def test_auth08_wrong_keys_of_one_peer_are_slowed_and_others_are_not(start, tmp_path):
    key = add_key(tmp_path / "data", "a")
    service = start()

    def guess(source, shown=WRONG):
        return ask(service, "GET", "/v1/jobs", [("Authorization", f"Bearer {shown}".encode())], source)

    def time_of(many, source):
        begun = time.monotonic()
        assert all(refused(guess(source)) for _ in range(many))
        return time.monotonic() - begun

    slowed = time_of(20, "127.0.0.2")
    others = time_of(10, "127.0.0.3")

    assert slowed >= 10 * 0.2, "ten are free, then there is one every 200 ms"
    assert others < slowed / 2

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        flood = [pool.submit(guess, "127.0.0.2") for _ in range(50)]
        right = guess("127.0.0.2", key)
        answers = [one.result() for one in flood]
    assert right.status == 200, "a right key is never held up"
    assert {reply.status for reply in answers} == {401, 429}
    turned_away = next(reply for reply in answers if reply.status == 429)
    assert turned_away.json["code"] == "auth.too_many_wrong_keys"
    assert int(turned_away.headers["Retry-After"]) > 0


def test_auth11_the_field_and_the_scheme_are_read_in_any_case(keyed):
    for name, scheme in (("authorization", "bearer"), ("AUTHORIZATION", "BEARER")):
        reply = ask(keyed, "GET", "/v1/jobs", [(name, f"{scheme} {keyed.keys['all']}".encode())])
        assert reply.status == 200, reply


def test_auth11_a_right_key_twice_is_refused(keyed):
    field = ("Authorization", f"Bearer {keyed.keys['all']}".encode())

    assert refused(ask(keyed, "GET", "/v1/jobs", [field, field]))


def test_auth11_a_key_in_a_trailer_is_no_key(keyed):
    with socket.create_connection(("127.0.0.1", keyed.port), timeout=LIMIT_S) as link:
        link.sendall(
            b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nTrailer: Authorization\r\n"
            b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n13\r\nhttp://192.0.2.1/a\n\r\n0\r\n"
            + f"Authorization: Bearer {keyed.keys['all']}\r\n\r\n".encode()
        )
        assert link.recv(4096).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    "field", ["X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "X-Real-IP", "X-API-Key", "Proxy-Authorization", "Cookie"]
)
def test_auth11_no_other_field_grants_anything(keyed, field):
    for value in ("127.0.0.1", "for=127.0.0.1", keyed.keys["all"], f"Bearer {keyed.keys['all']}"):
        assert refused(ask(keyed, "GET", "/v1/jobs", [(field, value.encode())]))


def test_auth11_a_key_in_the_query_is_no_key(keyed):
    for name in ("key", "api_key", "access_token"):
        assert refused(ask(keyed, "GET", f"/v1/jobs?{name}={keyed.keys['all']}", []))


def test_auth12_metrics_are_for_admins(keyed):
    assert refused(ask(keyed, "GET", "/metrics", []))
    for having in ("submit", "read", "control"):
        assert keyed.get("/metrics", **bearer(keyed.keys[having])).status == 403

    reply = keyed.get("/metrics", **bearer(keyed.keys["admin"]))

    assert reply.status == 200
    for reason in ("missing", "scope"):
        sample = re.search(rf'fanfetch_auth_refusals_total{{reason="{reason}"}} (\d+)', reply.body.decode())
        assert int(sample[1]) > 0


def test_auth13_no_other_site_is_let_in(keyed):
    fields = [("Origin", b"https://evil.test"), ("Access-Control-Request-Method", b"POST")]
    for method, path in (("OPTIONS", "/v1/jobs"), ("GET", "/v1/jobs"), ("GET", "/livez")):
        reply = ask(keyed, method, path, fields)

        assert not [name for name in reply.headers if name.lower().startswith("access-control")]
        assert reply.headers["Set-Cookie"] is None


def printed_keys(service: Service) -> list[str]:
    return KEY.findall(service.log.read_text())


def test_generate_makes_a_key_at_the_first_start_only(start, tmp_path, origin):
    settings = {"auth__mode": "generate", "listen__address": "0.0.0.0"}
    service = start(**settings)
    (key,) = printed_keys(service)
    assert f"first start: the admin API key, shown this once: {key}\n" in service.log.read_text()
    assert service.get("/v1/jobs").status == 401
    service.key = key
    job = service.submit([origin.url("/a")])
    service.wait_done(job)
    assert service.get("/metrics").status == 200
    assert service.stop() == 0
    file = tmp_path / "data" / "keys.toml"
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    assert key not in file.read_text()

    service = start(**settings)

    assert printed_keys(service) == [key], "nothing was printed again"
    assert service.get(f"/v1/jobs/{job}", **bearer(key)).status == 200
    assert service.get("/v1/jobs").status == 401


def test_generate_leaves_keys_that_are_there(start, tmp_path):
    key = add_key(tmp_path / "data", "mine", "read")

    service = start(auth__mode="generate")

    assert printed_keys(service) == []
    assert service.get("/v1/jobs", **bearer(key)).status == 200


def test_mode_keys_does_not_start_without_one(tmp_path):
    done = run("serve", "--set", "auth.mode=keys", "--set", f"data.dir={tmp_path}/data")

    assert done.returncode == 2
    assert "auth.mode" in done.stderr and done.stdout == ""


def test_the_readme_says_how(start, tmp_path):
    text = (pathlib.Path(__file__).parents[2] / "README.md").read_text()
    first, second, third = re.findall(r"```sh\n(.*?)```", text.split("## API keys")[1].split("\n## ")[0], re.S)

    def typed(script: str) -> str:
        path = f"{pathlib.Path(BINARY).parent}:/usr/bin:/bin"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, env={"PATH": path},
            capture_output=True, text=True, timeout=LIMIT_S,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    typed(first)
    service = start(listen__address="0.0.0.0")
    said = typed(second.replace("8080", str(service.port)))

    assert said.startswith('{"jobs":[]')
    assert re.search(r"^ci +team-a +submit,read$", said, re.M)
    typed(third)
    other = (tmp_path / "team-b.key").read_text().strip()
    eventually(lambda: "RateLimit" in service.get("/v1/jobs", **bearer(other)).headers, "the terms")
    key = (tmp_path / "ci.key").read_text().strip()
    eventually(lambda: service.get("/v1/jobs", **bearer(key)).status == 401, "the key to die")


def test_keys_verbs(tmp_path):
    file = tmp_path / "new" / "keys.toml"

    def keys(*arguments):
        return run("keys", *arguments, "--file", str(file))

    added = keys("add", "--id", "ci", "--tenant", "blue", "--scopes", "submit,read")
    made_up = keys("add")
    assert (added.returncode, made_up.returncode) == (0, 0), added.stderr + made_up.stderr
    assert KEY.fullmatch(added.stdout.strip()), "the key alone, for a script"
    assert added.stdout.strip() not in added.stderr + file.read_text()

    listed = keys("list").stdout
    assert re.search(r"^ci +blue +submit,read$", listed, re.M)
    assert re.search(r"^key_[0-9a-f]{8} +default +submit,read,control$", listed, re.M)
    assert "sha256" not in listed

    before = file.read_text()
    for wrong in (("add", "--id", "ci"), ("add", "--id", "a b"), ("add", "--scopes", "write"), ("add", "--tenant", ""), ("add", "--weight", "0"), ("add", "--weight", "101"), ("revoke", "nobody"), ("revoke",), ()):  # fmt: skip
        done = keys(*wrong)
        assert (done.returncode, done.stdout) == (2, ""), (wrong, done)
    assert file.read_text() == before
    assert "--weight" in keys("add", "--weight", "0").stderr, "the option is named, not the line of a file"
    assert "--requests-per-s" in keys("add", "--requests-per-s", "0").stderr

    assert keys("revoke", "ci").returncode == 0
    assert "ci" not in keys("list").stdout.split()
