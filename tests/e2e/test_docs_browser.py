"""`/docs` in a real browser: no violation of its own policy, no error, nothing from elsewhere."""

import re
import shutil
import socket
import subprocess
import threading

import pytest

from client import LIMIT_S

CHROMIUM = shutil.which("chromium")


class Elsewhere:
    """A proxy for everything but the service: notes what was wanted and refuses it."""

    def __init__(self):
        self.wanted: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            with link:
                first = link.recv(65536).split(b"\r\n", 1)[0]
                self.wanted.append(first.decode("latin-1"))
                link.sendall(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def close(self):
        self._listener.close()


# Where the browser itself calls, whatever it is told and whatever page it shows.
ITS_OWN = re.compile(r"\b(?:google|googleapis|gstatic|gvt1)\.com\b")


def browse(url: str, folder, elsewhere: Elsewhere) -> subprocess.CompletedProcess:
    """The page's document after it has been shown, and what the browser had to say."""
    return subprocess.run(
        [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-sync",
         "--disable-domain-reliability", "--disable-client-side-phishing-detection", "--metrics-recording-only",
         "--disable-features=OptimizationHints,MediaRouter,Translate,AutofillServerCommunication,CertificateTransparencyComponentUpdater",
         f"--user-data-dir={folder}", f"--proxy-server=http://127.0.0.1:{elsewhere.port}",
         f"--proxy-bypass-list={url.split('/')[2]}", "--enable-logging=stderr", "--dump-dom", url],
        capture_output=True, text=True, timeout=LIMIT_S,
    )  # fmt: skip


def messages(done: subprocess.CompletedProcess) -> list[str]:
    return re.findall(r":CONSOLE[:(]\d+\)?\] (.*)", done.stderr)


@pytest.mark.skipif(not CHROMIUM, reason="there is no chromium")
def test_inj_07_the_page_in_a_browser(service, tmp_path):
    elsewhere = Elsewhere()
    done = browse(f"http://127.0.0.1:{service.port}/docs", tmp_path / "profile", elsewhere)
    elsewhere.close()

    assert done.returncode == 0, done.stderr[-2000:]
    assert "</html>" in done.stdout and "/v1/gather" in done.stdout
    assert messages(done) == []
    assert [line for line in elsewhere.wanted if not ITS_OWN.search(line)] == []


@pytest.mark.skipif(not CHROMIUM, reason="there is no chromium")
def test_the_browser_would_have_told(tmp_path):
    """A page that breaks its own policy and asks elsewhere is seen to: the test above can fail."""
    page = (b"<!doctype html><script>alert(1)</script><img src='http://elsewhere.test/x.png'>")
    answer = (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Security-Policy: script-src 'none'\r\n"
              b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(page) + page)  # fmt: skip
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve():
            while True:
                try:
                    link, _ = listener.accept()
                except OSError:
                    return
                with link:
                    link.recv(65536)
                    link.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        elsewhere = Elsewhere()
        done = browse(f"http://127.0.0.1:{listener.getsockname()[1]}/", tmp_path / "profile", elsewhere)
        elsewhere.close()
    assert any("Content Security Policy" in message for message in messages(done)), done.stderr[-2000:]
    assert any("elsewhere.test" in line for line in elsewhere.wanted)
