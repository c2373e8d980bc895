"""Completion in shells and the manual page, made from what the parser of arguments takes."""

import pathlib
import re
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


def test_an_unknown_command_is_named():
    for words, said in ((["sumbit"], 'there is no command "sumbit"; did you mean submit?'),
                        (["bogus", "--help"], 'there is no command "bogus"; fanfetch --help lists them')):  # fmt: skip
        done = client.run(*words)
        assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {said}\n")


# Types into a shell of its own: what is completed becomes the arguments of a function that shows them.
ZSH_TYPIST = r"""
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D; $2"
zpty -w shell "fanfetch() { print -r -- 'r''an:'\"\$*\"; }"
for typed in "${@:3}"; do
    zpty -w shell "fanfetch $typed"$'\t'
    zpty -r -m shell seen $'*ran:*\r*'
    print -r -- ${${seen##*ran:}%%$'\r'*}
done
"""


@pytest.mark.parametrize("taken_up", ["", "source {}/_fanfetch"], ids=["found in fpath", "read at the start"])
def test_zsh_completes(tmp_path, taken_up):
    (tmp_path / "_fanfetch").write_text(client.run("completion", "zsh").stdout)
    typed = {
        "subm": "submit", "keys a": "keys add", "keys add --tena": "keys add --tenant",
        "submit --idem": "submit --idempotency-key", "submit --format nd": "submit --format ndjson",
        "completion f": "completion fish", f"submit --input {tmp_path}/_fan": f"submit --input {tmp_path}/_fanfetch",
    }  # fmt: skip

    done = subprocess.run(["zsh", "-f", "-c", ZSH_TYPIST, "zsh", tmp_path, taken_up.format(tmp_path), *typed],
                          capture_output=True, text=True, timeout=LIMIT_S)  # fmt: skip

    assert [line.strip() for line in done.stdout.splitlines()] == list(typed.values()), done.stderr


def test_fish_completes(tmp_path):
    (tmp_path / "fanfetch.fish").write_text(client.run("completion", "fish").stdout)

    def offered(line: str) -> list[str]:
        asked = f"source {tmp_path}/fanfetch.fish; complete -C '{line}'"
        done = subprocess.run(["fish", "--no-config", "-c", asked], capture_output=True, text=True, timeout=LIMIT_S)
        assert (done.returncode, done.stderr) == (0, "")
        return [line.partition("\t")[0] for line in done.stdout.splitlines()]

    assert {"serve", "get", "submit", "wait", "keys", "completion"} <= set(offered("fanfetch "))
    assert offered("fanfetch subm") == ["submit"]
    assert offered("fanfetch keys a") == ["add"]
    assert offered("fanfetch keys add --tena") == ["--tenant"]
    assert offered("fanfetch submit --idem") == ["--idempotency-key"]
    assert set(offered("fanfetch submit --format ")) == {"auto", "text", "ndjson", "json", "csv", "tsv"}
    assert offered("fanfetch completion f") == ["fish"]


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
    assert subprocess.run([shell, "-n"], input=script, text=True, timeout=LIMIT_S).returncode == 0
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
