"""The API over TLS: what it speaks, whom it refuses, certificates that change, handshakes that stall."""

import contextlib
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time

import pytest

import client
import tls
from client import BINARY, LIMIT_S, eventually


class TlsService(client.Service):
    """A service that speaks HTTPS; `client` verifies it by the authority."""

    def __init__(self, folder, authority, settings=None):
        self.authority = authority
        self.certificate, self.private = folder / "api.pem", folder / "api.key"
        self.show("api")
        super().__init__(folder / "data", {
            "listen.tls_certificate": str(self.certificate), "listen.tls_key": str(self.private),
            "log.level": "info", "log.format": "json"} | (settings or {}))  # fmt: skip
        self.context = ssl.create_default_context(cafile=authority.ca)

    def show(self, name: str, days: int = 7) -> None:
        """Puts a new certificate of this name where the service looks, one file after the other."""
        made = self.authority.issue(name, "IP:127.0.0.1", days)
        for source, target in zip(made, (self.certificate, self.private)):
            part = target.with_suffix(target.suffix + ".new")
            shutil.copy(source, part)
            os.replace(part, target)

    def connect(self, timeout: float = LIMIT_S) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=self.context)

    def shown(self) -> bytes:
        """The certificate that a new connection gets."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=LIMIT_S) as link:
            with self.context.wrap_socket(link, server_hostname="127.0.0.1") as secure:
                return secure.getpeercert(binary_form=True)

    def logged(self, event: str) -> list[dict]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("event") == event]

    def openssl(self, *arguments) -> subprocess.CompletedProcess:
        return subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{self.port}", "-CAfile", str(self.authority.ca), *arguments],
            input="", capture_output=True, text=True, timeout=LIMIT_S,
        )  # fmt: skip


@pytest.fixture
def secure(tmp_path, authority):
    one = TlsService(tmp_path, authority)
    yield one
    if one.process.poll() is None:
        assert one.stop() == 0
    assert one.complaints() == []


def test_the_api_over_tls(secure, origin):
    """Everything as without TLS: submits, waits, streams, long bodies, kept connections."""
    assert secure.ready["scheme"] == "https"
    large = bytes(range(256)) * 12_000
    url = origin.answer("/large", b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(large) + large)
    job = secure.submit([url, *(origin.url(f"/{n}") for n in range(50))])
    assert secure.wait_done(job)["counts"]["succeeded"] == 51
    assert secure.get(f"/v1/jobs/{job}/results/0/body").body == large
    with secure.stream(f"/v1/jobs/{job}/results?follow=true") as lines:
        assert len(list(lines)) == 52
    with contextlib.closing(secure.connect()) as link:
        for _ in range(200):
            link.request("GET", f"/v1/jobs/{job}")
            assert link.getresponse().read()
    upload = secure.post("/v1/jobs", "".join(f"http://10.0.0.1/{n}\n" for n in range(50_000)), "text/plain")
    assert upload.status == 202


def test_curl_and_the_command_line(secure, origin):
    base = f"https://127.0.0.1:{secure.port}"
    done = subprocess.run(["curl", "-sS", "--cacert", secure.authority.ca, "-w", "%{http_version}", f"{base}/livez"],
                          capture_output=True, text=True, timeout=LIMIT_S)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("1.1"), "curl offers h2 too"
    told = client.run("submit", "--server", base, "--ca-file", str(secure.authority.ca), "--wait", origin.url("/1"))
    assert told.returncode == 0, told.stderr
    refused = client.run("status", "--server", base)
    assert refused.returncode == 3 and "certificate" in refused.stderr
    lives = client.run("health", "--set", f"listen.port={secure.port}",
                       "--set", f"listen.tls_certificate={secure.certificate}",
                       "--set", f"listen.tls_key={secure.private}")  # fmt: skip
    assert lives.returncode == 0, lives.stderr


def test_what_is_spoken(secure):
    assert "Protocol  : TLSv1.3" in (out := secure.openssl("-tls1_3").stdout) or "TLSv1.3" in out
    assert "Verify return code: 0 (ok)" in secure.openssl("-tls1_2").stdout
    for old in ("-tls1", "-tls1_1"):
        assert secure.openssl(old, "-cipher", "ALL:@SECLEVEL=0").returncode != 0, old
    for weak in ("kRSA", "CBC", "3DES", "NULL:@SECLEVEL=0", "aNULL:@SECLEVEL=0", "DHE-RSA-AES128-GCM-SHA256"):
        assert secure.openssl("-tls1_2", "-cipher", weak).returncode != 0, weak
    assert "ALPN protocol: http/1.1" in secure.openssl("-alpn", "h2,http/1.1").stdout
    assert secure.openssl("-alpn", "h2").returncode != 0


def test_plain_http_gets_a_clear_answer(secure):
    with socket.create_connection(("127.0.0.1", secure.port), timeout=LIMIT_S) as link:
        link.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while piece := link.recv(4096):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 400 ") and b"this port speaks HTTPS" in answer
    assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["code"] == "request.malformed"
    for noise in (b"SSH-2.0-x\r\n", b"\x00" * 64, b"\x16\x03\x01\xff\xff" + b"x" * 200):
        with socket.create_connection(("127.0.0.1", secure.port), timeout=LIMIT_S) as link:
            link.sendall(noise)
            with contextlib.suppress(ConnectionResetError):
                while link.recv(4096):
                    pass
    assert secure.get("/livez").status == 200


def test_a_new_pair_is_taken_up_under_load(secure):
    """Requests go on over kept and new connections, none of them fails, and the new certificate shows."""
    before, failures, served = secure.shown(), [], [0]
    over = threading.Event()

    def load(kept: bool) -> None:
        try:
            while not over.is_set():
                with contextlib.closing(secure.connect()) as link:
                    for _ in range(100 if kept else 1):
                        link.request("GET", "/livez")
                        assert link.getresponse().read()
                        served[0] += 1
        except Exception as error:  # noqa: BLE001 (whatever it is, the test wants to know)
            failures.append(error)

    threads = [threading.Thread(target=load, args=(kept,)) for kept in (True, False)]
    with contextlib.closing(secure.connect()) as old:
        old.request("GET", "/livez")
        assert old.getresponse().read()
        for thread in threads:
            thread.start()
        secure.show("renewed")
        eventually(lambda: secure.shown() != before, "the new certificate")
        old.request("GET", "/livez")
        assert old.getresponse().read(), "a connection that was there goes on"
    over.set()
    for thread in threads:
        thread.join()
    assert failures == [] and served[0] > 0
    assert secure.logged("certificate_changed")


def test_a_bad_pair_keeps_the_old_one_and_is_told_once(secure, tmp_path):
    before = secure.shown()
    for name, spoil in (
        ("another key", lambda: shutil.copy(secure.authority.issue("stranger", "IP:127.0.0.1")[1], secure.private)),
        ("no PEM", lambda: secure.certificate.write_text("nothing")),
        ("gone", lambda: secure.certificate.unlink()),
        ("expired", lambda: secure.show("expired", days=-1)),
    ):
        told = len(secure.logged("certificate_not_changed"))
        spoil()
        eventually(lambda: len(secure.logged("certificate_not_changed")) > told, name)
        assert secure.shown() == before, name
    told = len(secure.logged("certificate_not_changed"))
    time.sleep(2.5)  # two more looks at the same files
    assert len(secure.logged("certificate_not_changed")) == told
    secure.show("good again")
    eventually(lambda: secure.shown() != before, "the good pair")


def test_a_start_with_a_bad_pair_is_refused(authority, tmp_path):
    good, key = authority.issue("one", "IP:127.0.0.1")
    _, other = authority.issue("two", "IP:127.0.0.1")
    old, old_key = authority.issue("old", "IP:127.0.0.1", days=-1)
    locked = tmp_path / "locked.key"
    tls.openssl("pkey", "-in", str(key), "-aes256", "-passout", "pass:x", "-out", str(locked), folder=tmp_path)
    for certificate, private, why in ((good, other, "mismatch"), (old, old_key, "expired"),
                                      (tmp_path / "none", key, "none"), (good, locked, "locked.key"),
                                      (good, "", "go together"), ("", key, "go together")):  # fmt: skip
        settings = ["--set", f"data.dir={tmp_path}/data", "--set", f"listen.tls_certificate={certificate}",
                    "--set", f"listen.tls_key={private}"]  # fmt: skip
        for verb in ("check-config", "serve"):
            done = client.run(verb, *settings)
            assert done.returncode == 2, (why, done)
            assert "listen.tls_" in done.stderr and why in done.stderr, done.stderr
    assert client.run("check-config", "--set", f"data.dir={tmp_path}/data", "--set", f"listen.tls_certificate={good}",
                      "--set", f"listen.tls_key={key}").returncode == 0  # fmt: skip


def test_cli_01_stalled_handshakes_hold_up_nobody(tmp_path, authority):
    """500 connections that stop within the handshake end at the header's deadline; health answers throughout."""
    secure = TlsService(tmp_path, authority, {"limits.header_timeout": "3s"})
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"  # of a client that says no more
    with contextlib.ExitStack() as stack:
        links = []
        for _ in range(500):
            link = stack.enter_context(socket.create_connection(("127.0.0.1", secure.port), timeout=LIMIT_S))
            link.sendall(hello[: len(links) % (len(hello) + 1)])
            links.append(link)
        started = time.monotonic()
        for _ in range(20):
            assert secure.get("/livez").status == 200
        assert time.monotonic() - started < client.AT_ONCE_S
        for link in links:
            with contextlib.suppress(ConnectionResetError):
                while link.recv(4096):
                    pass
    assert secure.stop() == 0


def test_connections_end_with_close_notify(secure):
    """What ends with the connection is whole, and the client can tell."""
    with socket.create_connection(("127.0.0.1", secure.port), timeout=LIMIT_S) as link:
        wrapped = secure.context.wrap_socket(link, server_hostname="127.0.0.1", suppress_ragged_eofs=False)
        wrapped.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b""
        while piece := wrapped.recv(4096):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_client_that_goes_is_noticed(secure, origin):
    """A gather whose client goes is cancelled, over TLS as well."""
    url = origin.hang("/held")
    link = secure.connect()
    link.request("POST", "/v1/gather", body=json.dumps({"urls": [url]}), headers={"Content-Type": "application/json"})
    eventually(lambda: origin.asked("/held"), "the fetch")
    link.sock.close()
    link.close()
    eventually(lambda: [job["state"] for job in secure.get("/v1/jobs").json["jobs"]] == ["cancelled"], "the end")


def test_pipelined_requests_are_answered_in_order(secure):
    with socket.create_connection(("127.0.0.1", secure.port), timeout=LIMIT_S) as link:
        wrapped = secure.context.wrap_socket(link, server_hostname="127.0.0.1")
        count = 300
        wrapped.sendall(b"".join(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Request-Id: n%d\r\n\r\n" % n for n in range(count)))
        answers = b""
        while answers.count(b"HTTP/1.1 200 ") < count or not answers.endswith(b"}\n") and not answers.endswith(b"}"):
            answers += wrapped.recv(65536)
    found = [int(line.split(b": n")[1]) for line in answers.split(b"\r\n") if line.lower().startswith(b"x-request-id")]
    assert found == list(range(count))
