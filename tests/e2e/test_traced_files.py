"""HRD-05: what a run opens and changes in the file system, by its system calls."""

import pathlib
import re

import pytest

import hooks
from client import BINARY, Service
from origins import response

# Calls that change what they name.
CHANGES = {
    "chmod", "chown", "creat", "fchmodat", "fchmodat2", "fchownat", "lchown", "link", "linkat", "mkdir", "mkdirat",
    "mknod", "mknodat", "rename", "renameat", "renameat2", "rmdir", "setxattr", "symlink", "symlinkat", "truncate",
    "unlink", "unlinkat", "utimensat",
}  # fmt: skip
# Written to, but nothing that lasts.
NO_FILES = re.compile(r"/dev/null|/proc/(self|\d+)/\S+")

MARK = "7f3a-from-a-url"
HOSTILE = [f"/../../{MARK}", f"/%2e%2e%2f{MARK}", f"/{MARK}%00.txt", f"/a?file=/etc/{MARK}", f"/{MARK}#x"]


def named_files(trace: str):
    """The call, the path and the rest of every system call that names a file, paths made absolute."""
    for line in trace.splitlines():
        call = re.match(r"(?:\d+ +)?(\w+)\((.*)", line)
        if not call or "ENOENT" in line:
            continue
        name, rest = call.groups()
        for folder, path in re.findall(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"', rest):
            yield name, str(pathlib.PurePosixPath(folder or "/", path)), rest
            if name in ("execve", "readlink", "readlinkat"):
                break  # what follows is no file


def changes(name: str, rest: str) -> bool:
    return name in CHANGES or bool(name.startswith("open") and re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC)", rest))


def test_the_reader_of_traces_sees_what_is_changed():
    trace = (
        '12 openat(AT_FDCWD</srv>, "a/b", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3</srv/a/b>\n'
        '12 openat(AT_FDCWD</srv>, "/etc/hosts", O_RDONLY|O_CLOEXEC) = 3</etc/hosts>\n'
        '13 renameat(5</data>, "x", 5</data>, "y") = 0\n'
        '13 unlink("/tmp/z") = 0\n'
        '13 unlink("/tmp/none") = -1 ENOENT (No such file or directory)\n'
    )
    found = [(name, path, changes(name, rest)) for name, path, rest in named_files(trace)]
    assert found == [
        ("openat", "/srv/a/b", True), ("openat", "/etc/hosts", False), ("renameat", "/data/x", True),
        ("renameat", "/data/y", True), ("unlink", "/tmp/z", True),
    ]  # fmt: skip


@pytest.mark.skipif("san" in BINARY, reason="a sanitizer has files of its own, and traces by itself")
def test_hrd_05_nothing_is_written_elsewhere_and_no_url_names_a_file(tmp_path, origin, other_origin):
    data, trace = tmp_path / "data", tmp_path / "trace"
    service = Service(data, {"data.min_free": "1MiB"}, prefix=(
        "strace", "-D", "-f", "-qq", "-y", "-s", "4096", "-e", "trace=%file", "-e", "signal=none", "-o", str(trace)))  # fmt: skip
    origin.answer("/long", response(200, b"x" * 3_000_000))
    origin.answer("/page", response(200, b"<title>t</title>", Content_Type="text/html",
                                    Content_Disposition=f'attachment; filename="/etc/{MARK}"'))  # fmt: skip
    origin.redirect("/moved", origin.url(f"/../{MARK}"))
    urls = [origin.url(target) for target in (*HOSTILE, "/long", "/page", "/moved")]
    urls += [f"file:///etc/{MARK}", f"http://{MARK}.invalid/"]
    job = service.submit(urls, extract=["title"], robots="obey", dedupe=True,
                         callbacks=[{"url": other_origin.url(f"/{MARK}")}])  # fmt: skip
    done = service.wait_done(job)
    assert done["counts"]["succeeded"] == 8, done
    for form in ("ndjson", "csv", "tar.gz", "zip", "warc.gz"):
        assert service.get(f"/v1/jobs/{job}/export?format={form}").status == 200
    assert service.get(f"/v1/jobs/{job}/results/5/body").status == 200
    assert hooks.delivery_of(service, job)
    assert service.call("DELETE", f"/v1/jobs/{job}").status == 204
    assert service.stop() == 0

    named = list(named_files(trace.read_text(errors="replace")))
    changed = {path for name, path, rest in named if changes(name, rest) and not NO_FILES.fullmatch(path)}
    inside = {path for path in changed if pathlib.PurePosixPath(path).is_relative_to(data)}
    assert any(path.endswith(".warc") for path in inside), "the trace shows what is written"
    assert changed - inside == set()
    assert [path for _, path, _ in named if MARK in path] == []
