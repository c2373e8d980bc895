"""`fanfetch get`: which way it goes, and who is asked for names. Only what the command line says."""

import os
import shutil
import subprocess

import pytest

import origins
import squid
from client import BINARY, LIMIT_S, eventually

NAME = "origin.test"


def run_get(*arguments, prefix=(), environment=None) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*prefix, BINARY, "get", "--retries", "0", *map(str, arguments)],
        capture_output=True, text=True, timeout=LIMIT_S, env=os.environ | (environment or {}),
    )  # fmt: skip


@pytest.fixture(scope="module")
def proxy():
    if not shutil.which("squid", path="/usr/sbin:/usr/bin"):
        pytest.skip("not installed: squid")
    one = squid.Squid(hosts=f"127.0.0.1 {NAME}\n")
    yield one
    one.stop()


@pytest.fixture
def secure(authority):
    one = origins.Origin(tls=authority.context("got", f"IP:127.0.0.1,DNS:{NAME}"))
    yield one
    one.close()


def went_through(proxy, *wanted: str) -> bool:
    """A tunnel is in the log only when it has ended, which may be after the program that used it."""
    return eventually(lambda: {*wanted} <= {*proxy.requests()}, f"{wanted} in the proxy's log")


def bodies(folder) -> set[bytes]:
    return {file.read_bytes() for file in folder.iterdir()}


def test_through_a_proxy_to_the_address_that_was_judged(proxy, origin, secure, authority, tmp_path):
    done = run_get(origin.url("/a"), secure.url("/b"), "-o", tmp_path / "out", "--ca-file", authority.ca,
                   "--proxy", f"http://127.0.0.1:{proxy.port}")  # fmt: skip

    assert done.returncode == 0, done
    assert bodies(tmp_path / "out") == {b"/a", b"/b"}
    assert went_through(proxy, *(f"CONNECT 127.0.0.1:{one.port}" for one in (origin, secure)))


def test_the_proxy_resolves(proxy, origin, secure, authority, tmp_path):
    plain, tls = f"http://{NAME}:{origin.port}/a", f"https://{NAME}:{secure.port}/b"

    done = run_get(plain, tls, "-o", tmp_path / "out", "--ca-file", authority.ca,
                   "--proxy", f"http://127.0.0.1:{proxy.port}", "--proxy-resolve", "proxy")  # fmt: skip

    assert done.returncode == 0, done
    assert bodies(tmp_path / "out") == {b"/a", b"/b"}
    assert went_through(proxy, f"GET {plain}", f"CONNECT {NAME}:{secure.port}")


def test_the_policy_holds_behind_a_proxy(proxy, origin, tmp_path):
    done = run_get(origin.url("/a"), "-o", tmp_path / "out", "--proxy", f"http://127.0.0.1:{proxy.port}",
                   "--public-only")  # fmt: skip

    assert done.returncode == 1
    assert "policy.address" in done.stderr
    assert origin.accepts == 0


def test_a_proxy_of_the_environment_is_not_asked(origin, other_origin, tmp_path):
    canary = other_origin.url("")
    variables = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
                 "FANFETCH_EGRESS_PROXY")  # fmt: skip

    done = run_get(origin.url("/a"), "-o", tmp_path / "out", environment={name: canary for name in variables})

    assert done.returncode == 0, done
    assert (origin.accepts, other_origin.accepts) == (1, 0)


def test_a_proxy_that_is_not_there_is_no_reason_to_go_without(origin, closed_port, tmp_path):
    done = run_get(origin.url("/a"), "-o", tmp_path / "out", "--proxy", f"http://me:secret@127.0.0.1:{closed_port}")

    assert done.returncode == 1
    assert "the egress proxy" in done.stderr and "secret" not in done.stdout + done.stderr
    assert origin.accepts == 0


@pytest.mark.parametrize(
    "arguments", [["--proxy", "socks5://me:secret@p.test"], ["--proxy", ""], ["--proxy-resolve", "proxy"],
                  ["--proxy", "http://p.test", "--proxy-resolve", "both"], ["--resolver", "dig"]],
)  # fmt: skip
def test_wrong_usage(arguments):
    done = run_get("http://a.test/", *arguments)

    assert done.returncode == 2, done
    assert done.stderr and "secret" not in done.stderr


@pytest.mark.parametrize("resolver", ["system", "cares"])
def test_the_c_library_knows_the_machines_own_names(origin, tmp_path, resolver):
    if os.geteuid() != 0:
        pytest.skip("a file of our own in place of /etc/hosts needs root")
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost listed.test\n")
    inside = ("unshare", "--mount", "sh", "-c", f'mount --bind {hosts} /etc/hosts && exec "$@"', "sh")

    done = run_get(f"http://listed.test:{origin.port}/a", "-o", tmp_path / "out", "--resolver", resolver, prefix=inside)

    assert done.returncode == (0 if resolver == "system" else 1), done
    assert origin.accepts == (1 if resolver == "system" else 0)
