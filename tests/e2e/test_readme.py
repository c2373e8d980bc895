"""The README's tour works as it is typed: its blocks are run one after the other in one shell."""

import pathlib
import re
import subprocess

import client
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
    assert "5 files" in done.stderr + said and (tmp_path / "tour" / "pages" / "page5.txt").exists()
    assert service.stop() == 0
