"""What the README shows works as it is typed: the tour in one shell, the receiver of webhooks."""

import pathlib
import re
import socket
import subprocess

import client
import hooks
import web

README = pathlib.Path(__file__).parents[2] / "README.md"


def tour() -> str:
    text = README.read_text().split("## Five-minute tour")[1].split("\n## ")[0]
    return "\n".join(re.findall(r"```sh\n(.*?)```", text, re.S))


def test_tour(tmp_path):
    origin, = web.free_ports(1)
    service = client.Service(tmp_path / "data", {"egress.allow": f"127.0.0.1:{origin}"})
    script = (
        tour()
        .replace("http://127.0.0.1:8080", f"http://127.0.0.1:{service.port}")
        .replace("9000", str(origin))
        .replace("/tmp/tour", str(tmp_path / "tour"))
        .replace("build/release/fanfetch", client.BINARY)
        # The reader's next command comes later than the script's.
        .replace(">/dev/null 2>&1 &", f">/dev/null 2>&1 & until curl -s -o /dev/null 127.0.0.1:{origin}; do :; done")
    )

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script + "\nkill %1\n"],
        capture_output=True, text=True, timeout=client.LIMIT_S, env={"PATH": "/usr/bin:/bin"},
        cwd=README.parent,
    )

    assert done.returncode == 0, done.stderr
    said = done.stdout
    assert '"succeeded": 5' in said, "the job of five pages"
    assert '"code": "http.status_404"' in said, "the page that is not there"
    assert '{"end":true,"state":"completed"' in said, "the followed stream ends by itself"
    assert "page 1\npage" in said, "the body, then its first four bytes"
    assert '"state":"completed","cancelled":0' in said, "cancelling what is done changes nothing"
    assert "204\n" in said, "erased"
    assert "completed: 5 items: 5 succeeded" in said and (tmp_path / "tour" / "pages.zip").exists()
    assert '"event": "job.completed"' in said, "the delivery log, whatever has come of the attempt by then"
    assert "5 files" in done.stderr + said and (tmp_path / "tour" / "pages" / "page5.txt").exists()
    assert service.stop() == 0


def test_receiver_of_webhooks(tmp_path, origin):
    """It takes what is signed with the callback's secret, and nothing else."""
    port, = web.free_ports(1)
    program = re.search(r"```python\n(.*?)```", README.read_text(), re.S)[1].replace("9001", str(port))
    address = f"http://127.0.0.1:{port}"
    service = client.Service(tmp_path / "data", {"egress.allow": "127.0.0.0/8"})
    job = service.submit([origin.url("/1")])
    service.wait_done(job)
    secret = hooks.secret_of(b"a secret of the receiver alone")
    told = tmp_path / "told"
    with told.open("w") as out:
        receiver = subprocess.Popen(["/usr/bin/python3", "-c", program], stdout=out, stderr=subprocess.DEVNULL,
                                    env={"SECRET": secret})  # fmt: skip
    try:
        client.eventually(lambda: listens(port), "the receiver")
        good = hooks.add(service, job, address, secret=secret)["id"]
        bad = hooks.add(service, job, address)["id"]
        sent = {good: "delivered", bad: "pending"}

        def tried() -> bool:
            log = [one for one in hooks.deliveries(service, f"job_id={job}") if one["attempts"]]
            return {one["callback_id"]: one["state"] for one in log} == sent

        client.eventually(tried, "both were tried")
        log = hooks.deliveries(service, f"job_id={job}")
        answers = {one["callback_id"]: one["last_attempt"]["status"] for one in log}
        assert answers == {good: 204, bad: 401}
        told_once, = told.read_text().splitlines()
        assert '"type":"job.completed"' in told_once
    finally:
        receiver.kill()
        receiver.wait()
    assert service.stop() == 0


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=client.LIMIT_S).close()
    except OSError:
        return False
    return True
