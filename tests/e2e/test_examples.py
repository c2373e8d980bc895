"""The programs of lib/examples do what their comments say."""

import hashlib
import os
import pathlib
import re
import socket
import subprocess

import pytest

import client
import web

EXAMPLES = pathlib.Path(os.environ.get(
    "FANFETCH_EXAMPLES", str(pathlib.Path(__file__).parents[2] / "build" / "release" / "examples")
))


def run(name: str, *arguments: str) -> list[str]:
    """The lines it prints."""
    done = subprocess.run(
        [str(EXAMPLES / f"example_{name}"), *arguments],
        capture_output=True, text=True, timeout=client.LIMIT_S,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_hello_actors():
    assert run("hello_actors") == [
        "Hello:    somebody asks; makes a World and passes it on",
        "World:    completes the greeting",
        'Outsider: is told "Hello, world!"',
        "Goodbye:  fails, and is given the message again",
        'Outsider: is told "Goodbye, world!"',
        "Goodbye:  cleans up",
        "0 actors are left, 0 messages reached nobody",
    ]


def test_sha256_pool():
    *digests, alone, pooled = run("sha256_pool")

    blocks = [bytes([i]) * (1 << 20) for i in range(12)]
    assert digests == [hashlib.sha256(block).hexdigest() for block in blocks]
    assert alone.startswith("one thread: ")
    assert "processes: " in pooled


FLAGS_NGINX = """
load_module /usr/lib/nginx/modules/ngx_http_echo_module.so;
daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{
        listen 127.0.0.1:{port};
        location / {{ echo_sleep {delay}; echo_exec /files$uri; }}
        location /files/ {{ internal; alias {root}/; }}
    }}
}}
"""
FLAGS_DELAY_S = 0.1


@pytest.fixture
def flag_server(tmp_path):
    """An nginx that takes its time over each answer: its root folder and its address."""
    folder, root = tmp_path / "nginx", tmp_path / "root"
    folder.mkdir()
    root.mkdir()
    [port] = web.free_ports(1)
    config = folder / "nginx.conf"
    config.write_text(
        FLAGS_NGINX.format(folder=folder, root=root, port=port, delay=FLAGS_DELAY_S)
    )
    process = subprocess.Popen(["/usr/sbin/nginx", "-c", str(config), "-p", str(folder)])
    try:
        client.eventually(lambda: web.answers(port), "nginx")
        yield root, f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


STYLES = ["sequential", "map", "as_completed", "coroutines"]


def test_flags_in_four_styles(flag_server, closed_port, tmp_path):
    root, base = flag_server
    flags = {f"flag{number}.svg": os.urandom(3000 + number) for number in range(12)}
    for name, body in flags.items():
        (root / name).write_bytes(body)
    urls = [f"{base}/{name}" for name in flags]
    lost, refused = f"{base}/atlantis.svg", f"http://127.0.0.1:{closed_port}/flag0.svg"
    into = tmp_path / "flags"

    lines = run("flags", "--into", str(into), *urls, lost, refused)

    seconds = {}
    assert len(lines) == 3 * len(STYLES)
    for style, summary, first, second in zip(STYLES, lines[::3], lines[1::3], lines[2::3]):
        counted = re.fullmatch(
            rf"{style}: +14 files in ([\d.]+) s: 12 ok, 1 not found, 1 error", summary
        )
        assert counted, summary
        seconds[style] = float(counted[1])
        assert first == f"    {lost}: not found"
        assert second.startswith(f"    {refused}: ") and "refused" in second
        saved = {path.name: path.read_bytes() for path in (into / style).iterdir()}
        assert saved == flags
    assert seconds["sequential"] >= len(urls) * FLAGS_DELAY_S
    for style in STYLES[1:]:
        assert seconds[style] < seconds["sequential"]


def test_flags_in_one_style(flag_server, tmp_path):
    root, base = flag_server
    (root / "fr.svg").write_bytes(b"<svg/>")
    into = tmp_path / "flags"

    [summary] = run("flags", "--style", "coroutines", "--into", str(into), f"{base}/fr.svg")

    assert summary.startswith("coroutines:") and summary.endswith(": 1 ok")
    assert (into / "coroutines" / "fr.svg").read_bytes() == b"<svg/>"
    assert [path.name for path in into.iterdir()] == ["coroutines"]


def test_flags_says_how_it_is_used():
    for arguments in ([], ["--into", "x"], ["--style", "slowly", "--into", "x", "http://a.test/"]):
        done = subprocess.run(
            [str(EXAMPLES / "example_flags"), *arguments],
            capture_output=True, text=True, timeout=client.LIMIT_S,
        )
        assert done.returncode == 2
        assert "usage: flags" in done.stderr


def test_loiter():
    lines = run("loiter", "200")

    told = [re.fullmatch(r"\[ *([\d.]+)\] (.*)", line).groups() for line in lines]
    times = [float(since) for since, _ in told]
    said = [text.strip() for _, text in told]
    assert times[-1] == max(times)
    results = [text for text in said if text.startswith("main: result")]
    assert results == [
        f"main: result {place} is {10 * steps}" for place, steps in enumerate([3, 1, 2, 0, 1])
    ]
    # Somebody loiters while somebody else does, and the slowest is first all the same.
    slowest_ends = said.index("loiter(3): done")
    assert said.index("loiter(1): done") < slowest_ends
    assert said.index("loiter(2): does nothing for 400 ms") < slowest_ends
    assert slowest_ends < said.index(results[0])
    assert 0.6 <= times[-1] - times[0]


def test_coroutines():
    lines = run("coroutines")

    gathered = lines.index("gathered: [24, 6, 2]")
    assert lines[:gathered] == [
        "Long counts: 1 of 4",
        "Middling counts: 1 of 3",
        "Short counts: 1 of 2",
        "Long counts: 2 of 4",
        "Middling counts: 2 of 3",
        "Short counts: 2 of 2",
        "Long counts: 3 of 4",
        "Middling counts: 3 of 3",
        "Short is done",
        "Long counts: 4 of 4",
        "Middling is done",
        "Long is done",
    ]
    assert lines[-4:] == [
        "outcome: 2",
        "outcome: failed, tripped over a stone",
        "outcome: 1",
        "gather threw: tripped over a stone",
    ]


def test_blocking_download_leaves_the_loop_alone():
    answer = b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 100_000
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/large.bin"
        process = subprocess.Popen(
            [str(EXAMPLES / "example_blocking_download"), url], stdout=subprocess.PIPE, text=True,
        )
        with process:
            link, _ = server.accept()
            with link:
                assert link.recv(1000).startswith(b"GET /large.bin HTTP/1.0\r\n")
                # It waits for our answer now, and the loop ticks.
                assert process.stdout.readline() == "the download begins\n"
                for number in (1, 2, 3):
                    assert process.stdout.readline() == f"tick {number}\n"
                link.sendall(answer)
            *ticks, status, size, summary = process.stdout.read().splitlines()
    assert process.returncode == 0
    assert ticks == [f"tick {number}" for number in range(4, 4 + len(ticks))]
    assert status == "HTTP/1.0 200 OK"
    assert size == f"{len(answer)} bytes came meanwhile"
    assert re.fullmatch(rf"{3 + len(ticks)} ticks, the latest [\d.]+ ms late", summary)


def test_blocking_download_that_fails(closed_port):
    done = subprocess.run(
        [str(EXAMPLES / "example_blocking_download"), f"http://127.0.0.1:{closed_port}/"],
        capture_output=True, text=True, timeout=client.LIMIT_S,
    )
    assert done.returncode == 1
    assert "refused" in done.stderr
