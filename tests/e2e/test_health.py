"""Health, metrics, capabilities, and what HTTP says about wrong methods and types."""

import pathlib
import re
import socket
import tomllib

import pytest

from client import run


def test_alive_and_ready(service):
    assert service.get("/livez").status == 200
    assert service.get("/readyz").status == 200


def test_metrics_are_prometheus_text(service, origin):
    service.wait_done(service.submit([origin.url("/a")]))

    reply = service.get("/metrics")

    assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    typed = set()
    for line in reply.body.decode().splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert kind in ("counter", "gauge", "histogram", "summary")
            assert name not in typed
            typed.add(name)
        elif not line.startswith("#"):
            sample = re.fullmatch(r'(fanfetch_[a-z_]+)(\{[^}]*\})? (-?[0-9.eE+-]+|\+Inf|NaN)', line)
            assert sample, line
            assert re.sub("_(bucket|sum|count)$", "", sample[1]) in typed or sample[1] in typed
    assert "fanfetch_items_total" in typed


def test_capabilities(service):
    said = service.get("/v1/capabilities").json

    assert re.fullmatch(r"\d+\.\d+\.\d+", said["version"])
    assert said["limits"]["max_wait_ms"] == 60_000
    assert "application/x-ndjson" in said["submit_formats"]


def test_openapi_names_what_is_served(service):
    document = service.get("/openapi.json").json

    assert document["openapi"].startswith("3.1")
    assert {"/v1/jobs", "/v1/gather", "/v1/jobs/{id}/results"} <= set(document["paths"])


@pytest.mark.parametrize("path", ["/nope", "/v1", "/v1/", "/v1/jobsx", "/v1/jobs/a/b/c", "/../etc/passwd"])
def test_unknown_path_is_404(service, path):
    reply = service.get(path)

    assert (reply.status, reply.headers["Content-Type"]) == (404, "application/problem+json")
    assert reply.json["code"] == "not_found"


@pytest.mark.parametrize(
    "method, path, allowed",
    [("PUT", "/v1/jobs", {"GET", "HEAD", "POST"}), ("DELETE", "/v1/gather", {"POST"}),
     ("POST", "/livez", {"GET", "HEAD"}), ("GET", "/v1/gather", {"POST"}),
     ("POST", "/v1/jobs/x/results", {"GET", "HEAD"}), ("GET", "/v1/jobs/x/cancel", {"POST"})],
)  # fmt: skip
def test_unknown_method_is_405_with_what_is_allowed(service, method, path, allowed):
    reply = service.call(method, path)

    assert (reply.status, reply.headers["Content-Type"]) == (405, "application/problem+json")
    assert allowed <= set(re.split(", *", reply.headers["Allow"]))


def test_options_says_what_is_allowed(service):
    reply = service.call("OPTIONS", "/v1/jobs")

    assert reply.status in (200, 204)
    assert {"GET", "POST"} <= set(re.split(", *", reply.headers["Allow"]))
    assert reply.headers["Access-Control-Allow-Origin"] is None, "CORS is off"


def test_every_answer_has_an_id_of_its_own(service):
    paths = ("/livez", "/nope", "/v1/jobs", "/metrics", "/v1/jobs/x")

    ids = [service.get(path).headers["X-Request-Id"] for path in paths]

    assert all(ids) and len(set(ids)) == len(paths)


def test_may_open_as_many_files_as_it_is_allowed(service):
    limits = pathlib.Path(f"/proc/{service.process.pid}/limits").read_text()

    soft, hard = re.search(r"Max open files +(\d+) +(\d+)", limits).groups()
    assert soft == hard


def test_check_config_reports_every_fault_at_once(tmp_path):
    file = tmp_path / "bad.toml"
    file.write_text('nope = 1\n[listen]\nport = 99999\n[fetch]\nconnect_timeout = "soon"\n')

    done = run("check-config", "--config", str(file))

    assert done.returncode == 2
    said = done.stdout + done.stderr
    assert all(key in said for key in ("nope", "listen.port", "fetch.connect_timeout")), said


def test_check_config_wants_a_file(tmp_path):
    for path, why in ((tmp_path, "Is a directory"), (tmp_path / "none.toml", "No such file or directory")):
        done = run("check-config", "--config", str(path))
        assert done.returncode == 2 and why in done.stderr and str(path) in done.stderr, done.stderr


def test_check_config_looks_at_the_files_it_names(tmp_path):
    data = tmp_path / "file"
    data.write_text("in the way")
    done = run("check-config", "--set", f"data.dir={data}/data", "--set", f"fetch.ca_file={data}",
               "--set", f"fetch.crl_file={tmp_path}/none", "--set", "egress.allow=169.254.169.254")  # fmt: skip

    assert done.returncode == 2
    faults = [line for line in done.stderr.splitlines() if line.startswith("error: command line: ")]
    for fault in (f"data.dir: {data}: ", "fetch.ca_file: ", "fetch.crl_file: "):
        assert any(fault in line for line in faults), (fault, done.stderr)
    assert len(faults) == 3
    assert "warning: command line: egress.allow: 169.254.169.254 is a cloud's metadata service" in done.stderr


def test_serve_refuses_bad_settings_before_it_listens(tmp_path):
    done = run("serve", "--set", "listen.port=-1", "--set", "nope=1", "--set", f"data.dir={tmp_path}/d")

    assert done.returncode == 2
    assert done.stdout == ""
    assert not (tmp_path / "d").exists()


def test_print_settings_loads_back(tmp_path):
    file = tmp_path / "all.toml"
    printed = run("print-settings", "--set", "limits.max_items_per_job=77")
    file.write_text(printed.stdout)

    again = run("print-settings", "--config", str(file))

    assert (printed.returncode, again.returncode) == (0, 0), again
    assert tomllib.loads(again.stdout) == tomllib.loads(printed.stdout)
    assert tomllib.loads(again.stdout)["limits"]["max_items_per_job"] == 77


def test_health_finds_the_service_where_its_settings_say(service):
    done = run("health", "--set", f"listen.port={service.port}")

    assert (done.returncode, done.stdout) == (0, "the service lives\n"), done.stderr


def test_health_fails_where_nobody_listens(closed_port):
    done = run("health", "--set", f"listen.port={closed_port}")

    assert done.returncode == 1
    assert "connecting to 127.0.0.1" in done.stderr


def test_health_fails_when_what_listens_says_nothing():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        done = run("health", "--set", f"listen.port={mute.getsockname()[1]}")

    assert done.returncode == 1
    assert "no answer in time" in done.stderr


def test_health_wants_to_know_the_port():
    done = run("health", "--set", "listen.port=0")

    assert done.returncode == 2
    assert "listen.port" in done.stderr
