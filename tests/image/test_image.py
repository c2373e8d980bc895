"""The container image: what it takes, what it keeps, and what it leaves alone."""

import http.server
import json
import threading

import pytest

from container import engine

PAGE = b"a page\n"


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_):
        pass


@pytest.fixture
def origin():
    """The address of a server on loopback."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_says_what_it_needs(described):
    config = described["Config"]

    assert config["User"] == "10001:10001"
    assert list(config["Volumes"]) == ["/data"]
    assert list(config["ExposedPorts"]) == ["8080/tcp"]
    check = config.get("Healthcheck") or described["Healthcheck"]  # docker's and podman's place
    assert check["Test"] == ["CMD", "fanfetch", "health"]


def test_runs_without_rights(start):
    container = start()

    assert container.run("id", "-u").stdout.strip() == "10001"
    status = container.run("cat", "/proc/1/status").stdout
    assert "CapEff:\t0000000000000000" in status
    assert container.run("touch", "/data/here").returncode == 0
    for place in ("/here", "/tmp/here", "/usr/local/bin/here", "/etc/here"):
        assert container.run("touch", place).returncode != 0, place


def test_has_the_manual_page_and_the_completions(start):
    container = start()

    share = "/usr/local/share"
    assert container.run("cat", f"{share}/man/man1/fanfetch.1").stdout == container.run("fanfetch", "man-page").stdout
    for shell, file in {
        "bash": "bash-completion/completions/fanfetch",
        "zsh": "zsh/site-functions/_fanfetch",
        "fish": "fish/vendor_completions.d/fanfetch.fish",
    }.items():
        said = container.run("fanfetch", "completion", shell).stdout
        assert said and container.run("cat", f"{share}/{file}").stdout == said, shell


def test_holds_no_tools(start):
    container = start()

    for tool in ("g++", "cmake", "python3", "curl"):
        assert container.run("which", tool).returncode != 0, tool


def test_answers_its_health_check(start):
    container = start()

    assert container.run("fanfetch", "health").returncode == 0


def test_keeps_key_and_results_over_a_restart(start, origin):
    first = start(EGRESS_ALLOW=origin)
    key = first.printed_key()
    gathered = json.loads(first.call("/v1/gather", key, {"urls": [f"http://{origin}/page"]}))
    assert gathered["job"]["counts"]["succeeded"] == 1, gathered
    assert first.stop() == 0

    second = start(EGRESS_ALLOW=origin)

    assert second.printed_key() is None, "a key is shown once"
    body = second.call(gathered["results"][0]["links"]["body"], key)
    assert body == PAGE
    assert second.stop() == 0


def test_writes_to_its_volume_only(start, origin):
    container = start(EGRESS_ALLOW=origin)
    container.call("/v1/gather", container.printed_key(), {"urls": [f"http://{origin}/page"]})

    assert container.stop() == 0
    changed = {line.split(" ", 1)[1] for line in engine("diff", container.name).splitlines()}
    mount_points = ("/data", "/dev", "/etc", "/proc", "/run", "/sys")  # laid out by the engine
    assert [path for path in changed if not path.startswith(mount_points)] == []
