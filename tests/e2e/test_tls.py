"""TLS: what cannot be verified is not fetched, and the result says why."""

import base64
import itertools
import socket
import ssl
import time

import pytest

import chaos
import client
import origins
import tls
from chaos import PACE
from origins import response


@pytest.fixture
def trusting(start, authority):
    return start(fetch__ca_file=str(authority.ca))


def ending(service, url: str, **options) -> dict:
    job = service.submit([url], retry={"max_attempts": 1}, **options)
    service.wait_done(job)
    return service.get(f"/v1/jobs/{job}/results/0").json


@pytest.fixture
def speaking(authority):
    """Starts origins that speak TLS with the given certificate."""
    running = []

    def starter(context: ssl.SSLContext) -> origins.Origin:
        running.append(origins.Origin(tls=context))
        return running[-1]

    yield starter
    for one in running:
        one.close()


def test_tls_01_good_certificate(trusting, authority, speaking):
    origin = speaking(authority.context("good", "IP:127.0.0.1"))

    one = ending(trusting, origin.url("/a"))

    assert one["state"] == "succeeded", one
    tls = one["attempts"][0]["tls"]
    assert tls["verified"] is True
    assert tls["version"] in ("TLSv1.2", "TLSv1.3")
    assert tls["cipher"]


@pytest.mark.parametrize(
    "name, subject, days, code",
    [
        ("expired", "IP:127.0.0.1", -1, "tls.expired"),
        ("elsewhere", "DNS:elsewhere.example", 7, "tls.hostname"),
        ("neighbour", "IP:127.0.0.2", 7, "tls.hostname"),
    ],
)
def test_tls_02_and_04_bad_certificate(trusting, authority, speaking, name, subject, days, code):
    origin = speaking(authority.context(name, subject, days))

    one = ending(trusting, origin.url("/a"))

    assert (one["state"], one["error"]["code"]) == ("failed", code)
    assert one["error"]["retryable"] is False
    assert origin.requests == [], "nothing is sent over such a connection"


def test_revoked_by_the_operators_list(start, authority, speaking):
    bad = speaking(authority.context("revoked", "IP:127.0.0.1"))
    good = speaking(authority.context("still_good", "IP:127.0.0.1"))
    service = start(fetch__ca_file=str(authority.ca), fetch__crl_file=str(authority.revoke("revoked")))

    one = ending(service, bad.url("/a"))

    assert (one["state"], one["error"]["code"]) == ("failed", "tls.revoked")
    assert one["error"]["retryable"] is False
    assert bad.requests == [], "nothing is sent over such a connection"
    assert ending(service, good.url("/a"))["state"] == "succeeded"
    labelled = ending(service, bad.url("/b"), tls={"verify": "label"})
    assert labelled["attempts"][0]["tls"]["verdict"] == "tls.revoked", labelled


def test_an_authority_without_a_list_is_not_asked_about(start, authority, speaking, tmp_path):
    other = tls.Authority(tmp_path, "Another authority")
    both = tmp_path / "both.pem"
    both.write_text(authority.ca.read_text() + other.ca.read_text())
    origin = speaking(other.context("listless", "IP:127.0.0.1"))
    authority.context("mine", "IP:127.0.0.1")
    service = start(fetch__ca_file=str(both), fetch__crl_file=str(authority.revoke("mine")))

    assert ending(service, origin.url("/a"))["state"] == "succeeded"


def test_a_list_that_has_expired_vouches_for_nobody(start, authority, speaking):
    origin = speaking(authority.context("unsure", "IP:127.0.0.1"))
    authority.context("gone", "IP:127.0.0.1")
    service = start(fetch__ca_file=str(authority.ca), fetch__crl_file=str(authority.revoke("gone", -1)))

    one = ending(service, origin.url("/a"))

    assert (one["state"], one["error"]["code"]) == ("failed", "tls.untrusted")
    assert "CRL has expired" in one["error"]["detail"]


def test_tls_06_unknown_authority(service, authority, speaking):
    origin = speaking(authority.context("unknown", "IP:127.0.0.1"))

    one = ending(service, origin.url("/a"))

    assert (one["state"], one["error"]["code"]) == ("failed", "tls.untrusted")
    assert origin.requests == []



def headers_at(*origins) -> str:
    return str([request.headers for origin in origins for request in origin.requests])


SECRETS = {"Authorization": "Bearer s3cret", "Cookie": "a=s3cret", "X-Api-Key": "s3cret", "X-Other": "kept"}


def test_tls_19_label_goes_on_records_the_verdict_and_sends_no_credentials(trusting, authority, speaking):
    origin = speaking(authority.context("labelled", "IP:127.0.0.1", -1))

    one = ending(trusting, origin.url("/a"), tls={"verify": "label"}, headers=SECRETS)

    assert one["state"] == "succeeded", one
    tls = one["attempts"][0]["tls"]
    assert (tls["verified"], tls["verdict"]) == (False, "tls.expired")
    assert "s3cret" not in headers_at(origin) and "kept" in headers_at(origin)


def test_tls_19_label_sends_credentials_over_what_did_verify(trusting, authority, speaking):
    origin = speaking(authority.context("proven", "IP:127.0.0.1"))

    one = ending(trusting, origin.url("/a"), tls={"verify": "label"}, headers=SECRETS)

    assert one["attempts"][0]["tls"]["verdict"] == "ok"
    assert headers_at(origin).count("s3cret") == 3


def test_tls_19_credentials_once_dropped_do_not_come_back(trusting, authority, speaking):
    good = speaking(authority.context("good-after", "IP:127.0.0.1"))
    bad = speaking(authority.context("bad-first", "DNS:elsewhere.example"))
    bad.answer("/", response(302, Location=good.url("/a")))

    one = ending(trusting, bad.url("/"), tls={"verify": "label"}, headers=SECRETS)

    assert one["attempts"][0]["tls"]["verdict"] == "ok", "that of the connection that answered last"
    assert len(good.requests) == 1
    assert "s3cret" not in headers_at(bad, good)


def test_tls_19_off_is_the_operators_to_allow(start, authority, speaking):
    refusing = start("refusing")
    allowing = start("allowing", fetch__allow_insecure_tls="true")
    origin = speaking(authority.context("off", "DNS:elsewhere.example"))
    body = {"urls": [origin.url("/a")], "options": {"tls": {"verify": "off"}, "headers": SECRETS}}

    refused = refusing.post("/v1/jobs", body)
    one = ending(allowing, origin.url("/a"), tls={"verify": "off"}, headers=SECRETS)

    assert refused.status == 422 and refused.json["errors"][0]["pointer"] == "/options/tls/verify"
    assert one["state"] == "succeeded", one
    assert one["attempts"][0]["tls"]["verified"] is False
    assert headers_at(origin).count("s3cret") == 3


def test_tls_19_per_item(trusting, authority, speaking):
    origin = speaking(authority.context("mixed", "IP:127.0.0.1", -1))
    requests = [{"url": origin.url("/a")}, {"url": origin.url("/b"), "tls": {"verify": "label"}}]

    reply = trusting.post("/v1/jobs", {"requests": requests, "options": {"concurrency": 1}})
    job = reply.json["id"]
    trusting.wait_done(job)

    strict, label = trusting.results(job, "include=attempts")
    assert strict["error"]["code"] == "tls.expired"
    assert label["state"] == "succeeded"
    again = ending(trusting, origin.url("/c"))
    assert again["error"]["code"] == "tls.expired", "the kept connection of label is not for strict"


def test_tls_15_plain_http_on_a_tls_port(service, origin):
    one = ending(service, origin.url("/a").replace("http:", "https:"), timeouts={"total": "20s"})

    assert one["state"] == "failed"
    assert one["error"]["code"] in ("tls.handshake", "connect.reset", "connect.timeout"), one


def test_redirect_to_tls_is_verified_too(service, authority, speaking, origin):
    secure = speaking(authority.context("behind", "IP:127.0.0.1"))
    first = origin.answer("/", response(302, Location=secure.url("/a")))

    assert ending(service, first)["error"]["code"] == "tls.untrusted"


def test_tls_15_tls_on_a_plain_port(trusting, authority, speaking):
    origin = speaking(authority.context("crossed", "IP:127.0.0.1"))

    one = ending(trusting, origin.url("/a").replace("https:", "http:"), timeouts={"total": "20s"})

    assert one["state"] == "failed"
    assert one["error"]["code"] in ("http.malformed", "http.truncated", "connect.reset"), one
    assert origin.requests == []


def secure_url(handle) -> str:
    return f"https://127.0.0.1:{origins.Peer(handle).port}/"


def read_head(link) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        more = link.recv(4096)
        if not more:
            break
        head += more
    return head


@pytest.mark.parametrize(
    "sent, notified, code",
    [
        (b"HTTP/1.1 200 OK\r\n\r\nall of it?", False, "http.truncated"),
        (b"HTTP/1.1 200 OK\r\n\r\nall of it", True, None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour", False, None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour", False, "http.truncated"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour", True, "http.truncated"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n", False, "http.truncated"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n0\r\n\r\n", False, None),
    ],
)  # fmt: skip
def test_tls_13_an_end_that_nobody_signed(trusting, authority, sent, notified, code):
    context = authority.context("cut", "IP:127.0.0.1")

    def handle(link):
        with context.wrap_socket(link, server_side=True) as stream:
            read_head(stream)
            stream.sendall(sent)
            if notified:
                stream.unwrap()  # sends close_notify
            stream.shutdown(socket.SHUT_RDWR)

    one = ending(trusting, secure_url(handle))

    assert (one["error"] and one["error"]["code"]) == code, one


def test_tls_14_a_handshake_that_drips(trusting):
    def drip(link):
        link.sendall(b"\x16\x03\x03\x40\x00")
        while True:
            link.sendall(b"\x02")
            time.sleep(0.1)

    begun = time.monotonic()
    one = ending(trusting, secure_url(drip), timeouts={"connect": "1s", "total": "20s"})

    assert one["error"]["code"] == "connect.timeout"
    assert time.monotonic() - begun < client.AT_ONCE_S


@pytest.mark.parametrize("cipher", [0x0000, 0x0005, 0x000A, 0x002F, 0x003B, 0xC012, 0x1305, 0x009E],
                         ids=["null", "rc4", "3des", "static-rsa", "rsa-null", "ecdhe-3des", "ccm8", "dhe"])  # fmt: skip
def test_tls_11_a_server_that_insists_on_a_cipher_we_did_not_offer(trusting, cipher):
    received = []

    def insist(link):
        link.recv(4096)
        body = b"\x03\x03" + b"r" * 32 + b"\0" + cipher.to_bytes(2, "big") + b"\0"
        hello = b"\x02" + len(body).to_bytes(3, "big") + body
        link.sendall(b"\x16\x03\x03" + len(hello).to_bytes(2, "big") + hello + b"\x16\x03\x03\0\4\x0e\0\0\0")
        while more := link.recv(4096):
            received.append(more)

    one = ending(trusting, secure_url(insist), timeouts={"connect": "5s", "total": "20s"})

    assert one["error"]["code"] == "tls.handshake", one
    assert all(record[:1] == b"\x15" for record in received), "an alert, if anything"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_11_old_versions(trusting, authority, speaking, version):
    context = authority.context("old", "IP:127.0.0.1")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    origin = speaking(context)

    assert ending(trusting, origin.url("/"))["error"]["code"] == "tls.handshake"
    assert origin.requests == []


# The second group of RFC 2409: 1024 bits.
OAKLEY_2 = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
    "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6"
    "49286651ECE65381FFFFFFFFFFFFFFFF", 16
)  # fmt: skip


def write_dh_1024(path) -> None:
    prime = b"\0" + OAKLEY_2.to_bytes(128, "big")
    content = b"\x02\x81" + bytes([len(prime)]) + prime + b"\x02\x01\x02"
    der = b"\x30\x81" + bytes([len(content)]) + content
    body = base64.encodebytes(der).decode()
    path.write_text(f"-----BEGIN DH PARAMETERS-----\n{body}-----END DH PARAMETERS-----\n")


def test_tls_12_short_diffie_hellman_groups(trusting, authority, speaking):
    write_dh_1024(authority.folder / "dh1024.pem")
    tls.openssl("genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048", "-out", "dh2048.pem",
                folder=authority.folder)  # fmt: skip
    codes = {}
    for bits in (1024, 2048):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0")
        context.load_dh_params(str(authority.folder / f"dh{bits}.pem"))
        context.load_cert_chain(*authority.issue(f"dh{bits}", "IP:127.0.0.1", rsa_bits=2048))
        error = ending(trusting, speaking(context).url("/"))["error"]
        codes[bits] = error and error["code"]

    assert codes == {1024: "tls.handshake", 2048: None}


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("demand", [ssl.CERT_OPTIONAL, ssl.CERT_REQUIRED])
def test_tls_16_a_client_certificate_is_asked_for(trusting, authority, speaking, version, demand):
    context = authority.context("asking", "IP:127.0.0.1")
    context.minimum_version = context.maximum_version = version
    context.load_verify_locations(authority.ca)
    context.verify_mode = demand
    origin = speaking(context)

    one = ending(trusting, origin.url("/"))

    if demand == ssl.CERT_OPTIONAL:
        assert one["state"] == "succeeded", one
    else:
        assert one["error"]["code"] in ("tls.handshake", "connect.reset", "http.truncated"), one
        assert origin.requests == []


def test_tls_17_a_chain_of_more_than_100_kib(trusting, authority, speaking):
    certificate, key = authority.issue("long", "IP:127.0.0.1")
    chain = authority.folder / "long-chain.pem"
    copies = 150_000 // authority.ca.stat().st_size * 4 // 3
    chain.write_text(certificate.read_text() + authority.ca.read_text() * copies)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    origin = speaking(context)
    begun = time.monotonic()

    one = ending(trusting, origin.url("/"))

    assert one["state"] == "succeeded" or one["error"]["code"] in ("tls.handshake", "tls.untrusted"), one
    assert time.monotonic() - begun < client.AT_ONCE_S


class Heavy:
    """Certificates that are a lot of work, made by openssl and kept for the tests that follow."""

    def __init__(self, authority: tls.Authority):
        self._authority = authority
        self._folder = authority.folder

    def _context(self, certificate, key, *others) -> ssl.SSLContext:
        chain = self._folder / f"{certificate.stem}-chain.pem"
        chain.write_text("".join(one.read_text() for one in (certificate, *others)))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        return context

    def many_names(self, count: int, length: int) -> ssl.SSLContext:
        """`count` names of so many letters, and the last of all localhost."""
        names = "".join(f"DNS.{i} = {i:0{length}x}\n" for i in range(count))
        section = f"@names\n[names]\n{names}DNS.{count} = localhost"
        return self._context(*self._authority.issue(f"names{count}-{length}", section))

    def long_chain(self, size: int) -> ssl.SSLContext:
        """A good certificate with authorities behind it, of this size on the wire: each could have been
        signed by every one of them, as far as names tell."""
        one = self._authority.issue("behind", "DNS:localhost")
        others = [self._folder / f"loop{number}.pem" for number in range(20)]
        for other in others:
            tls.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", "loop.key", "-out", other.name, "-days", "30", "-subj", "/CN=Test authority",
                        "-addext", "basicConstraints=critical,CA:TRUE", folder=self._folder)  # fmt: skip
        each = len(ssl.PEM_cert_to_DER_cert(others[0].read_text()))
        return self._context(*one, *itertools.islice(itertools.cycle(others), size // each))


@pytest.fixture(scope="module")
def heavy(authority):
    return Heavy(authority)


@pytest.mark.parametrize("kind", ["10,000 short names", "10,000 names of a usual length", "a chain of 95 KiB",
                                  "a chain of 150 KiB"])  # fmt: skip
@pytest.mark.parametrize("verify", ["strict", "label"])
def test_tls_17_heavy_certificates_cost_less_than_a_second(trusting, heavy, speaking, kind, verify):
    context = {
        "10,000 short names": lambda: heavy.many_names(10_000, 4),
        "10,000 names of a usual length": lambda: heavy.many_names(10_000, 20),
        "a chain of 95 KiB": lambda: heavy.long_chain(95_000),
        "a chain of 150 KiB": lambda: heavy.long_chain(150_000),
    }[kind]()
    origin = speaking(context)
    before = client.cpu_s(trusting.process.pid)

    one = ending(trusting, origin.url("/").replace("127.0.0.1", "localhost"), tls={"verify": verify})

    assert client.cpu_s(trusting.process.pid) - before <= 1 * PACE
    # OpenSSL reads up to 100 KiB of certificates.
    too_long = kind in ("10,000 names of a usual length", "a chain of 150 KiB")
    assert chaos.ending(one) == ("tls.handshake" if too_long else "succeeded"), one
    assert not too_long or origin.requests == []


@pytest.mark.parametrize("bytes_a_second", [500, 20_000])
def test_tls_17_the_deadline_holds_however_long_the_certificate(trusting, heavy, speaking, bytes_a_second):
    """What it says comes in drops, one after the other for longer than a connection may take."""
    origin = speaking(heavy.many_names(10_000, 4))
    limit_s = 1.5 * PACE

    def trickle(link):
        with socket.create_connection(("127.0.0.1", origin.port)) as behind:
            behind.sendall(link.recv(65536))
            while more := behind.recv(max(1, bytes_a_second // PACE // 20)):
                link.sendall(more)
                time.sleep(0.05)

    one = ending(trusting, secure_url(trickle), timeouts={"connect": limit_s, "total": 60})

    assert one["error"]["code"] == "connect.timeout", one
    took = one["attempts"][0]["timing"]["total_us"] / 1e6 if one.get("attempts") else None
    assert took is None or limit_s <= took <= limit_s + 1 * PACE
    assert origin.requests == []


class Resuming:
    """An origin that closes after each response and notes whether the session was taken up again."""

    def __init__(self, context: ssl.SSLContext):
        self.resumed: list[bool] = []
        self._context = context
        self.url = secure_url(self._handle)

    def _handle(self, link) -> None:
        with self._context.wrap_socket(link, server_side=True) as stream:
            read_head(stream)
            self.resumed.append(stream.session_reused)
            stream.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_20_sessions_are_for_whom_they_were_made(tmp_path, start, authority, version):
    first = client.add_key(tmp_path / "data", "first", tenant="first")
    second = client.add_key(tmp_path / "data", "second", tenant="second")
    service = start(fetch__ca_file=str(authority.ca), fetch__allow_insecure_tls="true")
    context = authority.context("resumed", "IP:127.0.0.1,DNS:localhost")
    context.minimum_version = context.maximum_version = version
    origin = Resuming(context)

    def fetched(key=first, url=origin.url, **options) -> tuple:
        service.key = key
        one = ending(service, url, **options)
        assert one["state"] == "succeeded", one
        tls_seen = one["attempts"][0]["tls"]
        return origin.resumed[-1], tls_seen["verified"], tls_seen["verdict"]

    assert fetched() == (False, True, "ok")
    assert fetched() == (True, True, "ok"), "the same origin, policy and tenant"
    assert fetched(key=second) == (False, True, "ok"), "another tenant"
    assert fetched(tls={"verify": "label"}) == (False, True, "ok"), "another policy"
    assert fetched(tls={"verify": "off"}) == (False, True, "ok"), "yet another"
    assert fetched(url=origin.url.replace("127.0.0.1", "localhost")) == (False, True, "ok"), "another name"
    assert fetched() == (True, True, "ok")


def test_tls_20_a_resumed_session_has_the_verdict_of_its_handshake(start, authority):
    service = start(fetch__ca_file=str(authority.ca))
    origin = Resuming(authority.context("never-verified", "DNS:elsewhere.example"))

    seen = [ending(service, origin.url, tls={"verify": "label"}) for _ in range(2)]
    strict = ending(service, origin.url)

    assert origin.resumed == [False, True]
    assert [one["attempts"][0]["tls"]["verdict"] for one in seen] == ["tls.hostname"] * 2
    assert strict["error"]["code"] == "tls.hostname"
