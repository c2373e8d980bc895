"""Completion in shells and the manual page, made from what the parser of arguments takes."""

import pathlib
import re
import shutil
import subprocess

import pytest

import client
from client import BINARY, LIMIT_S


def complete(*words: str) -> list[str]:
    """What bash offers for the last word."""
    script = client.run("completion", "bash").stdout
    quoted = " ".join(f"'{word}'" for word in words)
    done = subprocess.run(
        ["bash", "-c", f'{script}\nCOMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _fanfetch; '
                       'printf "%s\\n" "${COMPREPLY[@]}"'],
        capture_output=True, text=True, timeout=LIMIT_S,
    )  # fmt: skip
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout.split()


def test_bash_completes():
    assert {"serve", "get", "submit", "wait", "keys", "completion"} <= set(complete("fanfetch", ""))
    assert complete("fanfetch", "subm") == ["submit"]
    assert complete("fanfetch", "keys", "a") == ["add"]
    assert complete("fanfetch", "keys", "add", "--tena") == ["--tenant"]
    assert complete("fanfetch", "submit", "--idem") == ["--idempotency-key"]
    assert complete("fanfetch", "submit", "--format", "") == ["auto", "text", "ndjson", "json", "csv", "tsv"]
    assert complete("fanfetch", "export", "job_1", "--format", "warc") == ["warc", "warc.gz"]
    assert complete("fanfetch", "completion", "f") == ["fish"]
    assert complete("fanfetch", "submit", "--input", "/et") == [], "then bash offers files"


def commands() -> dict[tuple, str]:
    """The help of every command."""
    known, left = {}, [()]
    while left:
        path = left.pop()
        known[path] = client.run(*path, "--help").stdout
        below = re.split(r"\n(?:Subcommands|Against a server):\n", known[path])[1:]
        for part in below:
            left += [(*path, name) for name in re.findall(r"^  ([a-z-]+)", part.split("\n\n")[0], re.M)]
    return known


def test_nothing_is_left_out():
    """Every option that any --help shows is in each completion and in the manual page."""
    found = commands()
    assert ("keys", "add") in found and ("submit",) in found
    bash, fish = (client.run("completion", shell).stdout for shell in ("bash", "fish"))
    page = client.run("man-page").stdout.replace("\\-", "-")
    for path, text in found.items():
        for option in set(re.findall(r"^  (?:-\w,)?(--[a-z-]+)", text, re.M)):
            assert option in bash and f" -l {option[2:]}" in fish, (path, option)
            assert not path or f"\\fB{option}\\fR" in page, (path, option)
        if path:
            assert f'.SS "fanfetch {" ".join(path)}"' in page, path


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_are_whole(shell):
    script = client.run("completion", shell).stdout
    if shell != "fish":
        assert subprocess.run(["bash", "-n"], input=script, text=True, timeout=LIMIT_S).returncode == 0
    if installed := shutil.which(shell):
        assert subprocess.run([installed, "-n"], input=script, text=True, timeout=LIMIT_S).returncode == 0
    assert client.run("completion", "tcsh").returncode == 2


def test_the_manual_page_is_one(tmp_path):
    (tmp_path / "fanfetch.1").write_text(client.run("man-page").stdout)
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", str(tmp_path / "fanfetch.1")],
                          capture_output=True, text=True, timeout=LIMIT_S)  # fmt: skip
    # A date would say when it was printed, which is nothing to know about it.
    assert [line for line in done.stdout.splitlines() if "missing date" not in line] == []
    shown = subprocess.run(["mandoc", "-T", "utf8", str(tmp_path / "fanfetch.1")], capture_output=True, text=True,
                           timeout=LIMIT_S).stdout  # fmt: skip
    assert "EXIT STATUS" in re.sub(r".\x08", "", shown)


def test_installing_puts_program_page_and_completions_in_place(tmp_path):
    build = pathlib.Path(BINARY).parent
    done = subprocess.run(["cmake", "--install", build, "--prefix", tmp_path], capture_output=True, text=True,
                          timeout=LIMIT_S)  # fmt: skip
    assert done.returncode == 0, done.stderr
    for file in ("bin/fanfetch", "share/man/man1/fanfetch.1", "share/bash-completion/completions/fanfetch",
                 "share/zsh/site-functions/_fanfetch", "share/fish/vendor_completions.d/fanfetch.fish"):  # fmt: skip
        assert (tmp_path / file).stat().st_size > 500, file
