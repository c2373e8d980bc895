"""`fanfetch origin`, asked by curl."""

import pathlib
import socket
import subprocess
import time

import pytest

import chaos
import client


def curl(url: str, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["curl", "-sS", "--max-time", "20", *arguments, url], capture_output=True, timeout=client.LIMIT_S
    )


def status(url: str) -> int:
    return int(curl(url, "-o", "/dev/null", "-w", "%{http_code}").stdout)


@pytest.fixture
def serve():
    running = []

    def starter(*arguments: str) -> chaos.Chaos:
        running.append(chaos.Chaos(*arguments))
        return running[-1]

    yield starter
    for one in running:
        assert one.stop() == 0


def test_ready_line_tells_where(chaotic):
    assert (chaotic.ready["event"], chaotic.ready["address"]) == ("ready", "127.0.0.1")
    assert chaotic.ready["port"] > 0


def test_local_pages_are_made_up_and_stay_the_same(chaotic):
    first = curl(chaotic.url("/local/a?bytes=100000")).stdout

    assert len(first) == 100000
    assert curl(chaotic.url("/local/a?bytes=100000")).stdout == first
    assert len(curl(chaotic.url("/local/a")).stdout) == 2048
    assert curl(chaotic.url("/local/a"), "-I").stdout.startswith(b"HTTP/1.1 200 OK\r\nContent-Length: 2048\r\n")


def test_directory_is_served_and_nothing_beside_it(serve, tmp_path):
    (tmp_path / "www" / "flags").mkdir(parents=True)
    (tmp_path / "www" / "flags" / "se.svg").write_text("<svg/>")
    (tmp_path / "secret").write_text("secret")
    one = serve("--dir", str(tmp_path / "www"))

    shown = curl(one.url("/local/flags/se.svg"), "-i").stdout

    assert b"Content-Type: image/svg+xml\r\n" in shown and shown.endswith(b"\r\n\r\n<svg/>")
    for path in ("/local/no", "/local/flags", "/local/../secret", "/local/%2e%2e/secret",
                 "/local/..%2fsecret", "/local//etc/passwd", "/nowhere"):  # fmt: skip
        answer = curl(one.url(path), "-i", "--path-as-is").stdout
        assert answer.split()[1] in (b"404", b"400") and b"secret" not in answer, path


def test_delay_is_fixed_or_drawn_from_a_range(serve):
    fixed, drawn = serve("--delay", "300ms"), serve("--delay", "1ms-200ms")

    begun = time.monotonic()
    assert status(fixed.url("/delay/a")) == 200
    assert time.monotonic() - begun >= 0.3
    assert status(drawn.url("/delay/a")) == 200


def test_errors_are_a_share_and_the_same_again(serve):
    def statuses(*arguments):
        one = serve("--error-status", "503", *arguments)
        return [status(one.url(f"/error/{i}")) for i in range(30)]

    first = statuses("--error-share", "0.5")

    assert set(first) == {200, 503}
    assert statuses("--error-share", "0.5") == first
    assert statuses("--error-share", "0.5", "--seed", "2") != first
    assert set(statuses("--error-share", "1")) == {503}


def test_zoo_misbehaves_as_curl_sees_it(chaotic):
    partial, empty, reset, weird, too_many = 18, 52, 56, 8, 47

    assert curl(chaotic.url("/zoo/ok")).stdout == b"hello\n"
    assert curl(chaotic.url("/zoo/half-body")).returncode == partial
    assert curl(chaotic.url("/zoo/close")).returncode == empty
    assert curl(chaotic.url("/zoo/reset")).returncode == reset
    assert curl(chaotic.url("/zoo/negative-length")).returncode == weird
    assert curl(chaotic.url("/zoo/redirect-loop"), "-L").returncode == too_many
    assert curl(chaotic.url("/zoo/gzip"), "--compressed").stdout.startswith(b"hello, hello")
    assert curl(chaotic.url("/zoo/redirect-chain/3"), "-L", "-w", "%{num_redirects}").stdout == b"hello\n3"
    assert status(chaotic.url("/zoo/no-such-animal")) == 404


def test_endless_ones_end_when_the_client_leaves(chaotic):
    def threads_and_files():
        folder = pathlib.Path(f"/proc/{chaotic.process.pid}/fd")
        return len(list(folder.iterdir()))

    before = threads_and_files()
    for name in ("endless-chunks", "endless-header", "silent", "body-drip"):
        curl(chaotic.url(f"/zoo/{name}"), "-o", "/dev/null", "--max-time", "0.2")

    client.eventually(lambda: threads_and_files() <= before, "its sockets to be closed")
    assert status(chaotic.url("/zoo/ok")) == 200


def test_requests_with_bodies_and_pipelined_ones_are_read(chaotic):
    with socket.create_connection(("127.0.0.1", chaotic.port)) as link:
        link.sendall(
            b"POST /zoo/ok HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
            b"GET /zoo/ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        )
        answers = b"".join(iter(lambda: link.recv(65536), b""))
    assert answers.count(b"HTTP/1.1 200 OK\r\n") == 2


def test_list_explains_and_settings_are_judged():
    listed = client.run("origin", "--list").stdout

    assert "/local/PATH" in listed
    for animal in chaos.zoo():
        assert animal["does"] in listed
    for wrong in (["--delay", "soon"], ["--delay", "2s-1s"], ["--error-share", "2"], ["--dir", "/no/such"],
                  ["--error-status", "200"]):  # fmt: skip
        assert client.run("origin", *wrong).returncode == 2, wrong
    assert client.run("origin", "--address", "nonsense").returncode == 3
