"""Everything that is fetched goes through the operator's proxy, and only what the policy allows."""

import base64
import shutil

import pytest

import client
import origins
import squid

NAME = "origin.test"


@pytest.fixture(scope="module")
def proxy():
    if not (shutil.which("squid") or shutil.which("/usr/sbin/squid")):
        pytest.skip("not installed: squid")
    one = squid.Squid(hosts=f"127.0.0.1 {NAME}\n")
    yield one
    one.stop()


def results(service, urls, **options) -> list[dict]:
    job = service.submit(urls, **({"retry": {"max_attempts": 1}} | options))
    service.wait_done(job)
    return sorted(service.results(job, "include=attempts"), key=lambda one: one["index"])


def result(service, url, **options) -> dict:
    return results(service, [url], **options)[0]


@pytest.fixture
def secure(authority):
    one = origins.Origin(tls=authority.context("proxied", f"IP:127.0.0.1,DNS:{NAME}"))
    yield one
    one.close()


def logged(proxy, wanted: str):
    return client.eventually(lambda: wanted in proxy.requests(), f"{wanted} in the proxy's log")


def test_local_resolving_tunnels_to_the_judged_address(start, proxy, origin, secure, authority):
    service = start(egress__proxy=f"http://127.0.0.1:{proxy.port}", fetch__ca_file=str(authority.ca))
    urls = [origin.url("/a"), origin.url("/b"), secure.url("/c"), secure.url("/d")]

    found = results(service, urls, concurrency=1)

    assert [one["state"] for one in found] == ["succeeded"] * 4, found
    assert (origin.accepts, secure.accepts) == (1, 1), "tunnels are kept"
    assert origin.requests[0].target == "/a", "the origin sees an ordinary request"
    assert "proxy-authorization" not in origin.requests[0].headers
    assert found[0]["attempts"][0]["remote_address"] == f"127.0.0.1:{origin.port}"
    service.stop()  # squid logs a tunnel when it is closed
    logged(proxy, f"CONNECT 127.0.0.1:{origin.port}")
    logged(proxy, f"CONNECT 127.0.0.1:{secure.port}")


def test_the_proxy_resolves(start, proxy, origin, secure, authority):
    service = start(egress__proxy=f"http://127.0.0.1:{proxy.port}", egress__proxy_resolve="proxy",
                    fetch__ca_file=str(authority.ca))  # fmt: skip
    plain, tls = f"http://{NAME}:{origin.port}", f"https://{NAME}:{secure.port}"

    found = results(service, [f"{plain}/a?b#c", f"{plain}/b", f"{tls}/c", f"{tls}/d"], concurrency=1)

    assert [one["state"] for one in found] == ["succeeded"] * 4, found
    assert [one.target for one in origin.requests] == ["/a?b", "/b"]
    assert not found[0]["attempts"][0]["remote_address"], "the proxy alone knows"
    assert found[1]["attempts"][0]["reused_connection"] and found[3]["attempts"][0]["reused_connection"]
    assert found[2]["attempts"][0]["tls"]["verified"] is True
    logged(proxy, f"GET {plain}/a?b")
    service.stop()
    logged(proxy, f"CONNECT {NAME}:{secure.port}")


@pytest.mark.parametrize("resolve", ["local", "proxy"])
def test_ssrf_13_the_policy_judges_what_it_can_see(start, proxy, origin, resolve):
    service = start(egress__proxy=f"http://127.0.0.1:{proxy.port}", egress__proxy_resolve=resolve, egress__allow="127.0.0.2")
    before = proxy.requests()
    refused = ["http://127.0.0.1/", "http://169.254.169.254/", "http://[::ffff:10.0.0.1]/", "http://10.1/", "https://[::1]/",
               "http://metadata.google.internal/", "http://localhost/", "http://intranet/", "http://2130706433/",
               f"http://{NAME}:22/", f"https://{NAME}:6379/", f"http://127.0.0.1:{proxy.port}/"]  # fmt: skip

    found = results(service, refused)

    assert {one["error"]["code"] for one in found} <= {"policy.address", "policy.host", "policy.port"}, found
    assert proxy.requests() == before
    assert origin.accepts == 0


def test_redirects_are_judged_too(start, proxy, origin):
    service = start(egress__proxy=f"http://127.0.0.1:{proxy.port}", egress__proxy_resolve="proxy")
    origin.redirect("/r", "http://169.254.169.254/latest/")

    assert result(service, f"http://{NAME}:{origin.port}/r")["error"]["code"] == "policy.address"


def test_the_proxys_own_address_is_not_judged(start, proxy, origin):
    service = start(egress__proxy=f"http://localhost:{proxy.port}", egress__allow="127.0.0.0/8",
                    egress__deny=f"127.0.0.1:{proxy.port}")  # fmt: skip

    assert result(service, origin.url("/a"))["state"] == "succeeded"


class Hostile(origins.Peer):
    """A proxy that answers each CONNECT with the same bytes, then does what it is told."""

    def __init__(self, answer, then: str = "wait"):
        self.answer, self.then = answer, then
        self.heads: list[bytes] = []
        self.afterwards = b""
        super().__init__(self._answer)

    def _answer(self, link) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            more = link.recv(1)
            if not more:
                return
            head += more
        self.heads.append(head)
        if self.then == "flood":
            while True:
                link.sendall(self.answer * 100)
        link.sendall(self.answer)
        if self.then == "close":
            return
        while more := link.recv(4096):
            self.afterwards += more


OK = b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.mark.parametrize(
    "answer, then, code",
    [
        (b"", "close", "connect.reset"),
        (b"", "wait", "connect.timeout"),
        (b"HTTP/1.1 200 OK\r\n", "wait", "connect.timeout"),
        (b"HTTP/1.1 200 OK\r\n", "close", "connect.reset"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "wait", "connect.unreachable"),
        (b"HTTP/2 200\r\n\r\n", "wait", "connect.unreachable"),
        (b"HTTP/1.1 200 OK\r\nX: y\r\n", "flood", "connect.unreachable"),
        (b"X: y\r\n", "flood", "connect.unreachable"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "flood", "connect.unreachable"),
        (OK + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged", "wait", "connect.unreachable"),
        (b"HTTP/1.1 407 Who are you?\r\nProxy-Authenticate: Basic\r\n\r\n", "wait", "connect.refused"),
        (b"HTTP/1.1 403 No\r\n\r\n", "wait", "connect.refused"),
        (b"HTTP/1.1 302 There\r\nLocation: http://10.0.0.1/\r\n\r\n", "wait", "connect.refused"),
        (b"HTTP/1.1 101 Switching\r\n\r\n", "wait", "connect.refused"),
        (b"HTTP/1.1 502 Bad\r\n\r\n", "wait", "connect.unreachable"),
        (b"HTTP/1.1 504 Late\r\n\r\n", "wait", "connect.timeout"),
    ],
)  # fmt: skip
def test_ups_01_a_hostile_proxy(start, origin, answer, then, code):
    proxy = Hostile(answer, then)
    service = start(egress__proxy=f"http://127.0.0.1:{proxy.port}")

    one = result(service, origin.url("/a"), timeouts={"connect": "2s", "total": "20s"})

    assert (one["state"], one["error"]["code"]) == ("failed", code), one
    assert "egress proxy" in one["error"]["detail"]
    assert str(proxy.port) not in one["error"]["detail"], "where it is, is the operator's business"
    assert proxy.heads and proxy.heads[0].startswith(f"CONNECT 127.0.0.1:{origin.port} HTTP/1.1\r\n".encode())
    assert proxy.afterwards == b"" and origin.accepts == 0
    proxy.close()


def test_interim_answers_of_the_proxy_are_read_over(start):
    tunnelled = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + OK
    proxy = Hostile(tunnelled)
    service = start(egress__proxy=f"http://127.0.0.1:{proxy.port}")

    one = result(service, "http://127.0.0.1:8080/a", timeouts={"first_byte": "1s", "total": "20s"})

    assert one["error"]["code"] == "timeout.first_byte", "the tunnel stood, and nobody answered in it"
    assert b"GET /a HTTP/1.1" in proxy.afterwards
    proxy.close()


def test_a_proxy_that_is_not_there(start, origin, closed_port):
    service = start(egress__proxy=f"http://127.0.0.1:{closed_port}")

    one = result(service, origin.url("/a"))

    assert one["error"]["code"] == "connect.refused"
    assert "egress proxy" in one["error"]["detail"] and "127.0.0.1" not in one["error"]["detail"]
    assert origin.accepts == 0, "there is no way around it"


def test_407_to_a_request_in_absolute_form_is_the_operators_trouble(start):
    proxy = Hostile(b"HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")
    service = start(egress__proxy=f"http://127.0.0.1:{proxy.port}", egress__proxy_resolve="proxy")

    one = result(service, f"http://{NAME}/a", accept_status="200-599")

    assert one["error"]["code"] == "connect.refused" and "egress proxy" in one["error"]["detail"]
    assert proxy.heads[0].startswith(f"GET http://{NAME}/a HTTP/1.1\r\nHost: {NAME}\r\n".encode())
    proxy.close()


@pytest.mark.parametrize("resolve", ["local", "proxy"])
def test_credentials_go_to_the_proxy_and_nowhere_else(start, origin, resolve):
    answer = OK if resolve == "local" else b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    proxy = Hostile(answer)
    service = start(egress__proxy=f"http://user:s3cret%21@127.0.0.1:{proxy.port}", egress__proxy_resolve=resolve,
                    log__level="debug")  # fmt: skip
    url = "http://127.0.0.1:8080/a" if resolve == "local" else f"http://{NAME}/a"

    one = result(service, url, timeouts={"first_byte": "1s", "total": "20s"})

    wanted = b"Proxy-Authorization: Basic " + base64.b64encode(b"user:s3cret!") + b"\r\n"
    assert wanted in proxy.heads[0]
    assert b"roxy-" not in proxy.afterwards, "nothing of it inside the tunnel"
    told = str(one) + service.log.read_text() + str(service.get("/metrics").body)
    assert "s3cret" not in told and base64.b64encode(b"user:s3cret!").decode() not in told
    proxy.close()


def test_the_password_is_not_shown():
    shown = client.run("print-settings", "--set", "egress.proxy=http://user:s3cret@proxy.test:3128")
    wrong = client.run("check-config", "--set", "egress.proxy=http://user:s3cret@proxy.test:3128/path")

    assert shown.returncode == 0 and "s3cret" not in shown.stdout + shown.stderr
    assert "http://user:***@proxy.test:3128" in shown.stdout
    assert wrong.returncode != 0 and "egress.proxy" in wrong.stderr + wrong.stdout
    assert "s3cret" not in wrong.stdout + wrong.stderr
