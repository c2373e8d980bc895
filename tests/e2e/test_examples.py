"""The programs of lib/examples do what their comments say."""

import hashlib
import os
import pathlib
import subprocess

import client

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
