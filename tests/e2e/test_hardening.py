"""What the program is as a file and as a process: binary hardening, core dumps, a bare sandbox, the unit."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

import client
from client import BINARY, LIMIT_S

ROOT = pathlib.Path(__file__).parents[2]


def readelf(*arguments) -> str:
    return subprocess.run(["readelf", "-W", *arguments, BINARY], capture_output=True, text=True, timeout=LIMIT_S,
                          check=True).stdout  # fmt: skip


@pytest.mark.skipif("san" in BINARY, reason="sanitizer builds are not what ships")
def test_hrd_04_the_binary_is_hardened():
    headers, dynamic, symbols = readelf("-l"), readelf("-d"), readelf("--dyn-syms")
    assert "DYN (Position-Independent Executable file)" in readelf("-h")
    assert "GNU_RELRO" in headers and "BIND_NOW" in dynamic, "full RELRO"
    stack, = re.findall(r"GNU_STACK.*", headers)
    assert " RW " in stack and "RWE" not in headers, "nothing is writable and executable"
    assert "RPATH" not in dynamic and "RUNPATH" not in dynamic
    assert "__stack_chk_fail" in symbols
    assert re.search(r"__\w+_chk@GLIBC", symbols.replace("__stack_chk_fail", "")), "FORTIFY"


@pytest.mark.skipif("san" in BINARY, reason="a sanitizer handles the signal itself")
def test_hrd_06_no_core_dump_is_left(tmp_path):
    """A crash writes no memory, where keys and bodies are, whatever limit it was started with."""
    service = client.Service(tmp_path / "data", prefix=("prlimit", "--core=unlimited"))
    limits = pathlib.Path(f"/proc/{service.process.pid}/limits").read_text()
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4] == "1", "which forbids a pipe to a collector, too"
    service.process.send_signal(signal.SIGABRT)
    assert service.ended() == -signal.SIGABRT


def test_hrd_06_secrets_need_not_be_arguments(tmp_path):
    """The proxy's password, the one secret among the settings, comes from a file or the environment."""
    (tmp_path / "fanfetch.toml").write_text('[egress]\nproxy = "http://user:from-a-file@127.0.0.1:1"\n')
    told = client.run("check-config", "--config", str(tmp_path / "fanfetch.toml"))
    assert told.returncode == 0
    done = subprocess.run([BINARY, "check-config"], capture_output=True, text=True, timeout=LIMIT_S,
                          env=os.environ | {"FANFETCH_EGRESS_PROXY": "http://user:from-there@127.0.0.1:1"})  # fmt: skip
    assert done.returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="the unprivileged user is made up by root")
def test_hrd_01_runs_bare(tmp_path, origin):
    """As nobody in particular, without a capability, on a read-only system with one writable directory."""
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o011)
    data = tmp_path / "data"
    data.mkdir()
    os.chown(data, 31337, 31337)
    data.chmod(0o700)
    binary = tmp_path / "fanfetch"
    shutil.copy(BINARY, binary)
    environment = dict(os.environ)
    if told := re.search(r"suppressions=(\S+)", environment.get("TSAN_OPTIONS", "")):  # nobody may read it where it is
        readable = shutil.copy(told[1], tmp_path)
        environment["TSAN_OPTIONS"] = environment["TSAN_OPTIONS"].replace(told[1], readable)
    process = subprocess.Popen(
        ["bwrap", "--ro-bind", "/", "/", "--bind", str(data), str(data), "--die-with-parent", "--cap-drop", "ALL",
         "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP",  # for the next, which drops them
         "setpriv", "--reuid", "31337", "--regid", "31337", "--clear-groups", "--no-new-privs", "--bounding-set=-all",
         "--inh-caps=-all", str(binary), "serve", "--set", "listen.port=0", "--set", f"data.dir={data}",
         "--set", "egress.allow=127.0.0.0/8", "--set", "log.level=warn"], stdout=subprocess.PIPE, env=environment)  # fmt: skip
    ready = json.loads(process.stdout.readline())
    try:
        status = pathlib.Path(f"/proc/{ready['pid']}/status").read_text()
        for line in ("CapEff", "CapPrm", "CapBnd"):
            assert re.search(rf"^{line}:\s*0+$", status, re.M), line
        assert re.search(r"^Uid:\s*31337\s+31337", status, re.M) and re.search(r"^NoNewPrivs:\s*1", status, re.M)
        done = client.run("submit", "--server", f"http://127.0.0.1:{ready['port']}", "--wait", origin.url("/1"))
        assert done.returncode == 0, done.stderr
        html = origin.answer("/html", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 16\r\n\r\n"
                                      b"<title>a</title>")  # fmt: skip
        parsed = client.run("submit", "--server", f"http://127.0.0.1:{ready['port']}", "--wait", "--options",
                            '{"extract": ["title"]}', html)  # fmt: skip
        assert parsed.returncode == 0, parsed.stderr
    finally:
        os.kill(ready["pid"], signal.SIGTERM)
        assert process.wait(timeout=LIMIT_S) == 0


def test_hrd_03_the_unit_is_locked_down():
    """Nearly nothing is exposed, by systemd's own reckoning."""
    analyze = shutil.which("systemd-analyze")
    unit = (ROOT / "config" / "fanfetch.service").read_text()
    for line in ("DynamicUser=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "NoNewPrivileges=yes"):
        assert line in unit.splitlines()
    if not analyze:
        pytest.skip("systemd is not installed")
    done = subprocess.run([analyze, "security", "--offline=true", "--threshold=25", "--no-pager",
                           str(ROOT / "config" / "fanfetch.service")],
                          capture_output=True, text=True, timeout=LIMIT_S)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


TITLE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 16\r\n\r\n<title>a</title>"


def parses_documents(service, origin) -> None:
    """It fetches, and has a worker take a document apart."""
    service.wait_done(job := service.submit([origin.answer("/title", TITLE)], extract=["title"]))
    (result,) = service.results(job)
    assert result["state"] == "succeeded" and result["extract"]["title"] == "a", result


# The filter that systemd would put on the service, put there by libseccomp instead.
UNDER_THE_UNIT = """
import os, sys, seccomp
allowed = seccomp.SyscallFilter(seccomp.ERRNO(1))
for name in sys.argv[1].split():
    try:
        allowed.add_rule(seccomp.ALLOW, name)
    except (RuntimeError, ValueError):
        pass  # another architecture's
allowed.load()
os.execv(sys.argv[2], sys.argv[2:])
"""


def calls_named(words) -> set[str]:
    """Names of system calls, those of groups in place of the groups."""
    names = set()
    for word in words:
        if not word.startswith("@"):
            names.add(word)
            continue
        listed = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", word], capture_output=True,
                                text=True, timeout=LIMIT_S, check=True).stdout  # fmt: skip
        lines = [line.strip() for line in listed.splitlines()[1:]]
        names |= calls_named(line for line in lines if line and not line.startswith("#"))
    return names


@pytest.mark.skipif("san" in BINARY, reason="a sanitizer's runtime needs more")
def test_hrd_01_the_units_list_of_system_calls_is_enough(tmp_path, origin):
    """Also for the workers, which put filters of their own on themselves."""
    rows = [line.partition("=")[2].split() for line in (ROOT / "config" / "fanfetch.service").read_text().splitlines()
            if line.startswith("SystemCallFilter=")]  # fmt: skip
    allowed = set()
    for words in rows:
        if words[0].startswith("~"):
            allowed -= calls_named([words[0][1:], *words[1:]])  # as systemd: also those named before
        else:
            allowed |= calls_named(words)
    assert "execve" in allowed and "mount" not in allowed and len(allowed) > 100
    service = client.Service(tmp_path / "data", prefix=("/usr/bin/python3", "-c", UNDER_THE_UNIT, " ".join(allowed)))
    parses_documents(service, origin)
    assert service.stop() in (0, None)


def filters_of(pid: int) -> set[tuple[str, str]]:
    """(NoNewPrivs, Seccomp) of each of its threads."""
    threads = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # some come and go
            threads.append((task / "status").read_text())
    return {(re.search(r"NoNewPrivs:\s*(\d)", text)[1], re.search(r"Seccomp:\s*(\d)", text)[1]) for text in threads}


def children_of(pid: int) -> list[int]:
    tasks = pathlib.Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


@pytest.mark.skipif("san" in BINARY, reason="a sanitizer's runtime needs more")
def test_hrd_02_the_service_keeps_to_its_system_calls(start, origin):
    """Every thread of it; programs are started by the spawner alone, which ends with it."""
    service = start()
    (spawner,) = children_of(service.process.pid)
    parses_documents(service, origin)

    assert filters_of(service.process.pid) == {("1", "2")}
    assert filters_of(spawner) == {("0", "0")}
    workers = set(children_of(service.process.pid)) - {spawner}
    assert workers and all(("1", "2") in filters_of(worker) for worker in workers)

    service.kill()
    client.eventually(
        lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in [spawner, *workers]), "their end"
    )


def test_hrd_02_without_the_list_it_starts_workers_itself(start, origin):
    service = start(sandbox__system_calls="false")
    assert children_of(service.process.pid) == []
    parses_documents(service, origin)
    assert filters_of(service.process.pid) == {("0", "0")}
