"""The command line against a running server: submit, status, wait, results, events, export, cancel, retry."""

import contextlib
import gzip
import json
import os
import pty
import signal
import socket
import subprocess
import threading

import pytest

import client
from client import SANITIZED, BINARY, LIMIT_S, eventually


def cli(service, *arguments, feed: str | bytes | None = None, **environment) -> subprocess.CompletedProcess:
    """One verb, to its end."""
    if isinstance(feed, str):
        feed = feed.encode()
    done = subprocess.run(
        [BINARY, *map(str, arguments)],
        input=b"" if feed is None else feed,
        capture_output=True,
        timeout=LIMIT_S,
        env=os.environ | {"FANFETCH_SERVER": f"http://127.0.0.1:{service.port}"} | environment,
    )
    done.out, done.err = done.stdout.decode(), done.stderr.decode()
    return done


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def finished(service, origin):
    """A job of five good pages and a missing one."""
    missing = origin.answer("/missing", b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    job = service.submit([*(origin.url(f"/{n}") for n in range(5)), missing])
    service.wait_done(job)
    return job


# submit


@pytest.mark.parametrize("name, text", [
    ("list.txt", "# comment\n{0}\n\n{1}\n"),
    ("list", "{0}\n{1}"),
    ("list.ndjson", '"{0}"\n{{"url": "{1}"}}\n'),
    ("list.json", '{{"urls": ["{0}", "{1}"]}}'),
    ("list.csv", "url,id\n{0},a\n{1},b\n"),
    ("list.tsv", "url\tid\n{0}\ta\n{1}\tb\n"),
    ("list.csv.gz", "url,id\n{0},a\n{1},b\n"),
])  # fmt: skip
def test_submit_takes_every_form(service, origin, tmp_path, name, text):
    content = text.format(origin.url("/1"), origin.url("/2")).encode()
    file = tmp_path / name
    file.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)

    done = cli(service, "submit", "-i", file)

    assert done.returncode == 0, done.err
    job = service.wait_done(done.out.strip())
    assert job["counts"]["succeeded"] == 2


def test_submit_reads_standard_input(service, origin):
    for arguments in (("submit",), ("submit", "-i", "-")):
        done = cli(service, *arguments, feed=origin.url("/1") + "\n")
        assert done.returncode == 0, done.err
        assert service.wait_done(done.out.strip())["counts"]["succeeded"] == 1
    done = cli(service, "submit", "--format", "csv", feed=f"url\n{origin.url('/1')}\n")
    assert service.wait_done(done.out.strip())["counts"]["succeeded"] == 1


def test_submit_takes_urls_and_options(service, origin):
    options = json.dumps({"concurrency": 3, "tags": ["from the command line"]})
    for arguments, feed in (
        ((origin.url("/1"), origin.url("/2")), None),
        (("-i", "-"), f"{origin.url('/1')}\n# no\n{origin.url('/2')}"),
        (("-i", "-", "--format", "ndjson"), f'"{origin.url("/1")}"\n"{origin.url("/2")}"\n'),
    ):
        done = cli(service, "submit", "--json", "--options", options, *arguments, feed=feed)
        assert done.returncode == 0, done.err
        job = service.wait_done(json.loads(done.out)["id"])
        assert (job["counts"]["succeeded"], job["counts"]["total"]) == (2, 2)
        assert (job["concurrency"], job["tags"]) == (3, ["from the command line"])


def test_submit_options_from_a_file(service, origin, tmp_path):
    (tmp_path / "options.json").write_text('{\n "concurrency": 7\n}\n')
    done = cli(service, "submit", "--options", f"@{tmp_path}/options.json", origin.url("/1"))
    assert service.job(done.out.strip())["concurrency"] == 7


def test_submit_twice_with_one_key_is_one_job(service, origin):
    done = [cli(service, "submit", "--idempotency-key", "cli-1", origin.url("/1")) for _ in range(2)]
    assert done[0].returncode == 0 and done[0].out == done[1].out


def test_submit_streams_in_bounded_memory(service, tmp_path):
    """300,000 lines go up while the program stays small; what is refused by the gate is not fetched."""
    file = tmp_path / "long.txt"
    with file.open("w") as out:
        for n in range(300_000):
            out.write(f"http://10.0.0.1/{n}/{'x' * 200}\n")
    measured = subprocess.run(
        ["/usr/bin/env", "python3", "-c",
         "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:]); "
         "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr); sys.exit(done.returncode)",
         BINARY, "submit", "--server", f"http://127.0.0.1:{service.port}", "-i", str(file)],
        capture_output=True, text=True, timeout=LIMIT_S,
    )  # fmt: skip
    assert measured.returncode == 0, measured.stderr
    job = measured.stdout.strip()
    assert service.job(job)["counts"]["total"] == 300_000
    if "san" not in BINARY:
        assert int(measured.stderr.splitlines()[-1]) < 48 * 1024, "KiB"
    assert cli(service, "cancel", job).returncode == 0


def test_submit_and_wait(service, origin):
    good = cli(service, "submit", "--wait", origin.url("/1"))
    assert good.returncode == 0 and "completed: 1 items: 1 succeeded" in good.out

    bad = cli(service, "submit", "--wait", "--json", "http://127.0.0.1:1/")
    assert bad.returncode == 1
    assert json.loads(bad.out)["counts"]["failed"] == 1

    quiet = cli(service, "submit", "--wait", "--quiet", origin.url("/1"), "http://127.0.0.1:1/")
    assert quiet.returncode == 1 and quiet.err == ""
    assert service.job(quiet.out.strip())["done"], "the id is all it says"


# status, wait


def test_status(service, finished):
    table = cli(service, "status", finished)
    assert table.returncode == 0 and finished in table.out and "completed" in table.out
    assert table.out.splitlines()[0].startswith("JOB")

    document = cli(service, "status", "--json", finished, finished)
    assert [job["id"] for job in lines(document.out)] == [finished, finished]

    assert finished in cli(service, "status").out
    assert finished in [job["id"] for job in lines(cli(service, "status", "--json").out)]


def test_wait_for_several_jobs(service, origin):
    slow = service.submit([origin.hang("/slow")])
    quick = service.submit([origin.url("/quick")])

    first = cli(service, "wait", slow, quick, slow, "--return-when", "first_completed", "--json")
    assert first.returncode == 0
    assert {job["id"]: job["done"] for job in lines(first.out)} == {slow: False, quick: True}

    late = cli(service, "wait", slow, "--timeout", "300ms")
    assert late.returncode == 1 and "the time is up" in late.err

    origin.release()
    both = cli(service, "wait", slow, quick)
    assert both.returncode == 0 and both.out.count("completed: 1 items") == 2


def test_wait_counts_items_of_one_job(service, origin):
    job = service.submit([origin.url("/1"), origin.hang("/never"), origin.url("/2")])
    assert cli(service, "wait", job, "--return-when", "count:2").returncode == 0
    assert cli(service, "wait", job, "--return-when", "first_exception", "--timeout", "100ms").returncode == 1
    origin.release()
    assert cli(service, "wait", job).returncode == 0


def test_wait_says_what_failed(service, finished):
    done = cli(service, "wait", finished)
    assert done.returncode == 1
    assert "6 items: 5 succeeded, 1 failed (http.status_404: 1)" in done.out


def test_wait_draws_a_bar_on_a_terminal(service, origin):
    """On a terminal a bar that is drawn again and again; elsewhere nothing for a short job."""
    job = service.submit([origin.url("/1"), origin.hang("/held")])
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [BINARY, "wait", job, "--server", f"http://127.0.0.1:{service.port}"],
        stdout=subprocess.PIPE, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while b"1/2" not in shown:
        shown += os.read(ours, 4096)
    assert b"\r\x1b[K" in shown and b"[" in shown
    origin.release()
    with contextlib.suppress(OSError):  # a terminal whose other end is closed
        while piece := os.read(ours, 4096):
            shown += piece
    out, _ = process.communicate(timeout=LIMIT_S)
    os.close(ours)
    assert process.returncode == 0 and b"2 succeeded" in out
    assert b"2/2" in shown
    assert cli(service, "wait", job).err == ""


# results, events


def test_results(service, finished):
    plain = cli(service, "results", finished, "--json")
    assert plain.returncode == 0
    assert [result["index"] for result in lines(plain.out)] == list(range(6))

    failed = cli(service, "results", finished, "--json", "--state", "failed", "--fields", "url,error")
    assert [result["error"]["code"] for result in lines(failed.out)] == ["http.status_404"]

    table = cli(service, "results", finished)
    assert table.out.splitlines()[0].split() == ["INDEX", "STATE", "STATUS", "SIZE", "URL"]
    assert "http.status_404" in table.out and len(table.out.splitlines()) == 7

    chosen = cli(service, "results", finished, "--fields", "index,error,state").out.splitlines()
    assert chosen[0].split("\t") == ["index", "error", "state"]
    assert chosen[1].split("\t") == ["0", "-", "succeeded"] and len(chosen) == 7
    assert [row.split("\t")[1:] for row in chosen if "http" in row] == [["http.status_404", "failed"]]

    followed = lines(cli(service, "results", finished, "--json", "--follow", "--fields", "url").out)
    assert [result.get("seq") for result in followed] == [1, 2, 3, 4, 5, 6, None]
    assert followed[-1]["end"] is True
    later = lines(cli(service, "results", finished, "--json", "--follow", "--after", "4").out)
    assert [result.get("seq") for result in later] == [5, 6, None]


class Breaking:
    """A relay that breaks each connection after so many bytes of the answer, until it has broken `times`."""

    def __init__(self, port: int, after: int, times: int):
        self.target, self.after, self.left, self.broken, self.relayed = port, after, times, 0, 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                link, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link):
        with contextlib.suppress(OSError), link, socket.create_connection(("127.0.0.1", self.target)) as far:
            threading.Thread(target=self._copy_up, args=(link, far), daemon=True).start()
            budget = self.after
            while piece := far.recv(512):
                link.sendall(piece)
                self.relayed += len(piece)
                budget -= len(piece)
                if budget < 0 and self.left > 0:
                    self.left -= 1
                    self.broken += 1
                    break
            link.shutdown(socket.SHUT_RDWR)  # closing does nothing while the other thread reads

    @staticmethod
    def _copy_up(link, far):
        with contextlib.suppress(OSError):
            while piece := link.recv(65536):
                far.sendall(piece)

    def close(self):
        self._listener.close()


@pytest.mark.parametrize("order", ["completed", "submitted"])
def test_results_go_on_after_a_broken_connection(service, origin, order):
    job = service.submit([origin.url(f"/{n}") for n in range(40)])
    service.wait_done(job)
    relay = Breaking(service.port, after=6000, times=2)

    done = cli(relay, "results", job, "--json", "--follow", "--order", order)
    relay.close()

    assert done.returncode == 0, done.err
    assert relay.broken == 2
    results = lines(done.out)
    member = "seq" if order == "completed" else "index"
    first = 1 if order == "completed" else 0
    assert [result[member] for result in results[:-1]] == list(range(first, first + 40)), "no gap, nothing twice"
    assert results[-1]["end"] is True


def test_events_go_on_after_a_broken_connection(service, origin):
    job = service.submit([origin.url(f"/{n}") for n in range(40)])
    service.wait_done(job)
    relay = Breaking(service.port, after=6000, times=2)

    done = cli(relay, "events", job, "--json")
    relay.close()

    assert done.returncode == 0, done.err
    assert relay.broken == 2
    events = lines(done.out)
    assert [int(event["id"]) for event in events if event["event"] == "item"] == list(range(1, 41))
    assert events[-1]["event"] == "job" and events[-1]["data"]["state"] == "completed"


def test_events_for_people(service, finished):
    done = cli(service, "events", finished)
    assert done.returncode == 0
    assert done.out.count("item ") == 6
    assert done.out.splitlines()[-1].endswith("6 items: 5 succeeded, 1 failed (http.status_404: 1)")
    assert "item " not in cli(service, "events", finished, "--progress-only").out


@pytest.mark.skipif(SANITIZED, reason="a client that starts this slowly has no answer before the kill")
def test_following_and_waiting_outlast_a_restart(start, origin):
    service = start(shutdown__grace="0s")
    held = origin.hang("/held")
    job = service.submit([origin.url("/1"), held])
    relay = Breaking(service.port, after=0, times=0)
    followers = [
        subprocess.Popen([BINARY, *verb, job, "--json", "--server", f"http://127.0.0.1:{port}"],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for port, *verb in (
            (relay.port, "wait", "--quiet"), (service.port, "results", "--follow"), (service.port, "events")
        )
    ]  # fmt: skip
    # The job has been looked up, and the streams have begun.
    eventually(lambda: relay.relayed > 0, "the first answer to the one that waits")
    assert json.loads(followers[1].stdout.readline())["seq"] == 1
    followers[2].stdout.readline()
    eventually(lambda: len(origin.asked("/held")) == 1, "the second item to be on its way")
    port = service.port
    service.kill()
    again = start(shutdown__grace="0s", listen__port=str(port))
    assert again.port == port
    origin.release()

    for process in followers:
        out, err = process.communicate(timeout=LIMIT_S)
        assert process.returncode == 0, err
        last = json.loads(out.splitlines()[-1])
        assert last.get("state", last.get("data", {}).get("state")) == "completed"
    relay.close()


# export


@pytest.mark.parametrize("kind", ["ndjson", "csv", "tar", "tar.gz", "zip", "warc", "warc.gz"])
def test_export_into_a_file(service, finished, tmp_path, kind):
    file = tmp_path / f"all.{kind}"
    done = cli(service, "export", finished, "-o", file, "--json")
    assert done.returncode == 0, done.err
    assert json.loads(done.out) == {"file": str(file), "format": kind, "size": file.stat().st_size}
    assert file.stat().st_size > 100
    assert os.listdir(tmp_path) == [file.name], "nothing is left behind"


def test_export_to_standard_output(service, finished):
    done = cli(service, "export", finished, "-o", "-", "--format", "ndjson", "--state", "failed")
    assert [result["index"] for result in lines(done.out)] == [5]


def test_an_export_that_breaks_leaves_nothing(service, finished, tmp_path):
    file = tmp_path / "all.ndjson"
    file.write_text("what was there before")
    relay = Breaking(service.port, after=700, times=1)
    done = cli(relay, "export", finished, "-o", file)
    relay.close()
    assert relay.broken == 1 and done.returncode == 3 and done.err.startswith("error: exporting: ")
    assert file.read_text() == "what was there before"
    assert os.listdir(tmp_path) == [file.name]


def test_an_interrupted_export_leaves_nothing(tmp_path):
    """SIGINT: the exit code says so, and the file in the making is gone."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        process = subprocess.Popen(
            [BINARY, "export", "job_x", "-o", str(tmp_path / "all.tar"), "--server", f"http://127.0.0.1:{port}"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        link, _ = listener.accept()
        with link:
            link.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n")
            eventually(lambda: os.listdir(tmp_path), "a file in the making")
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130
    assert os.listdir(tmp_path) == []


# cancel, retry


def test_cancel(service, origin):
    job = service.submit([origin.hang("/held"), *(origin.hang(f"/{n}") for n in range(3))], concurrency=1)
    eventually(lambda: service.job(job)["counts"]["running"], "an item in flight")
    done = cli(service, "cancel", job)
    assert done.returncode == 0 and "items cancelled" in done.out
    assert service.wait_done(job)["state"] == "cancelled"
    again = cli(service, "cancel", "--json", "--drain", job)
    assert json.loads(again.out)["state"] == "cancelled"
    assert cli(service, "wait", job).returncode == 1


def test_retry(service, origin):
    target = "/later"
    url = origin.answer(target, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
                        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")  # fmt: skip
    job = service.submit([origin.url("/1"), url])
    assert service.wait_done(job)["counts"]["failed"] == 1
    done = cli(service, "retry", job, "--code", "http.*")
    assert done.returncode == 0, done.err
    assert cli(service, "wait", job).returncode == 0
    refused = cli(service, "retry", job, "--state", "nonsense")
    assert refused.returncode == 3 and "/state/0" in refused.err


# What goes wrong


def test_exit_codes(service, closed_port, tmp_path):
    job = "job_00000000-0000-7000-8000-000000000000"
    for verb in ("status", "wait", "results", "events", "export", "cancel", "retry"):
        gone = cli(service, verb, job)
        assert gone.returncode == 3, verb
        assert "(404 job.not_found)" in gone.err, verb
        assert json.loads(cli(service, verb, job, "--json").err)["code"] == "job.not_found", verb
        away = cli(service, verb, job, "--server", f"http://127.0.0.1:{closed_port}")
        assert away.returncode == 3 and "refused" in away.err, verb
    for arguments in (("wait",), ("wait", job, "--return-when", "never"), ("wait", job, "--timeout", "x"),
                      ("submit", "-i", tmp_path), ("submit", "-i", tmp_path / "none"), ("submit", "--options", "[]", "u"),
                      ("submit", "u", "-i", "-"), ("status", "--server", "127.0.0.1:80"),
                      ("status", "--server", "http://127.0.0.1/?q"), ("status", "--key-file", tmp_path / "none"),
                      ("export", job, "--format", "rar"), ("nonsense",)):  # fmt: skip
        assert cli(service, *arguments).returncode == 2, arguments
    empty = cli(service, "submit", feed="")
    assert empty.returncode == 3 and "job.empty" in empty.err
    wrong = cli(service, "submit", "--options", '{"concurrency": 0}', "http://a.test/")
    assert wrong.returncode == 3 and "/options/concurrency" in wrong.err


def test_keys_come_from_a_file_or_the_environment(start, tmp_path):
    key = client.add_key(tmp_path / "data", "ci")
    service = start()
    (tmp_path / "key").write_text(key + "\n")

    refused = cli(service, "status")
    assert refused.returncode == 3 and "(401 " in refused.err
    assert cli(service, "status", FANFETCH_API_KEY="fanfetch_wrong").returncode == 3
    assert cli(service, "status", FANFETCH_API_KEY=key).returncode == 0
    assert cli(service, "status", "--key-file", tmp_path / "key").returncode == 0
    # The file goes before the environment; nothing of it is ever shown.
    assert cli(service, "status", "--key-file", tmp_path / "key", FANFETCH_API_KEY="x").returncode == 0
    bad = cli(service, "status", FANFETCH_API_KEY="hidden\nInjected: 1")
    assert bad.returncode == 2 and "hidden" not in bad.out + bad.err


def test_a_server_that_talks_nonsense(tmp_path):
    """Hostile answers end in the exit code of a refusal, with one clean line."""
    for answer in (b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", b"",
                   b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
                   b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
                   b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
                   b"HTTP/1.1 400 Bad\r\nContent-Type: application/problem+json\r\nContent-Length: 35\r\n\r\n"
                   b'{"detail":"\\u001b[2Jx","code":"\\n"}  '):  # fmt: skip
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                link, _ = listener.accept()
                with link:
                    link.recv(65536)
                    link.sendall(answer)

            thread = threading.Thread(target=serve)
            thread.start()
            done = subprocess.run(
                [BINARY, "status", "job_x", "--server", f"http://127.0.0.1:{listener.getsockname()[1]}"],
                capture_output=True, timeout=LIMIT_S,
            )  # fmt: skip
            thread.join()
        assert done.returncode == 3, answer
        assert done.stderr.startswith(b"error: ") and b"\x1b" not in done.stderr, answer


def test_a_refused_upload_is_not_sent_to_its_end(start, origin):
    """The server's answer is shown although the upload was cut short."""
    service = start(limits__max_items_per_job="100")
    feed = "".join(f"http://10.0.0.1/{n}\n" for n in range(2_000_000))
    done = cli(service, "submit", feed=feed)
    assert done.returncode == 3
    assert "(413 job.too_many_items)" in done.err
