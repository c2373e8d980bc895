"""Flags of the world, from a real server: on the command line and over REST, byte for byte."""

import shutil
import subprocess

import pytest

import web
from client import BINARY, LIMIT_S


@pytest.fixture(scope="module")
def site(tmp_path_factory, flags, authority):
    folder = tmp_path_factory.mktemp("nginx")
    root = folder / "www"
    shutil.copytree(flags, root)
    root.chmod(0o755)
    for parent in folder.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o011)  # its worker is somebody else
    with web.nginx(folder, root, *authority.issue("nginx", "IP:127.0.0.1")) as addresses:
        yield addresses


@pytest.fixture
def listed(site, flags, closed_port, request):
    """(URLs that have a flag -> the file, all URLs with what is wrong mixed in)."""
    base = site[request.param]
    good = {f"{base}/{file.name}": file for file in sorted(flags.glob("*.svg"))}
    urls = list(good)
    urls.insert(10, f"{base}/atlantis.svg")
    urls.insert(50, f"{base}/moved.svg")
    urls.insert(90, f"{request.param}://127.0.0.1:{closed_port}/refused.svg")
    return good, urls


def run_get(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run(
        [BINARY, "get", *map(str, arguments)], capture_output=True, text=True, timeout=LIMIT_S
    )


both = pytest.mark.parametrize("listed", ["http", "https"], indirect=True)


@both
def test_get_writes_every_flag(listed, tmp_path, flags, authority):
    good, urls = listed
    (tmp_path / "urls.txt").write_text("# flags\n" + "\n".join(urls) + "\n")
    into = tmp_path / "out"

    done = run_get("-i", tmp_path / "urls.txt", "-o", into, "--concurrency", 30, "--retries", 0,
                   "--ca-file", authority.ca)  # fmt: skip

    assert done.returncode == 1, done
    said = done.stdout + done.stderr
    assert f"{len(good) + 1} ok" in said, said
    assert "atlantis" in said and "refused" in said, "what failed is named"
    for file in good.values():
        assert (into / file.name).read_bytes() == file.read_bytes()
    assert (into / "moved.svg").read_bytes() == (flags / "se.svg").read_bytes()
    assert not (into / "atlantis.svg").exists()
    assert not (into / "refused.svg").exists()
    assert len(list(into.iterdir())) == len(good) + 1, "and nothing else is left"


@both
def test_rest_gives_the_same_bytes(listed, start, authority):
    good, urls = listed
    service = start(fetch__ca_file=str(authority.ca))
    job = service.submit(urls, concurrency=30, retry={"max_attempts": 1})

    done = service.wait_done(job)

    assert done["counts"]["total"] == len(urls)
    assert done["counts"]["succeeded"] == len(good) + 1
    assert done["failures_by_code"] == {"http.status_404": 1, "connect.refused": 1}
    results = {one["url"]: one for one in service.results(job)}
    assert list(results) == urls
    for url, file in good.items():
        assert results[url]["content_type"] == "image/svg+xml"
        assert service.get(results[url]["links"]["body"]).body == file.read_bytes()
    moved = results[urls[50]]
    assert moved["final_url"].endswith("/se.svg")


@pytest.mark.parametrize("listed", ["https"], indirect=True)
def test_get_trusts_nobody_by_accident(listed, tmp_path):
    _, urls = listed

    done = run_get(urls[0], "-o", tmp_path / "out", "--retries", 0)

    assert done.returncode == 1
    assert not list((tmp_path / "out").glob("*.svg"))


@pytest.mark.parametrize("listed", ["http"], indirect=True)
def test_get_exits_0_when_all_is_well(listed, tmp_path):
    good, _ = listed
    some = list(good)[:20]

    done = run_get(*some, "-o", tmp_path)

    assert done.returncode == 0, done
    assert len(list(tmp_path.glob("*.svg"))) == 20


@pytest.mark.parametrize(
    "arguments", [[], ["--nope"], ["-i", "/nowhere/urls.txt"], ["--concurrency", "0", "http://a.test/"],
                  ["--timeout", "soon", "http://a.test/"]],
)  # fmt: skip
def test_get_exits_2_on_wrong_usage(arguments):
    done = run_get(*arguments)

    assert done.returncode == 2, done
    assert done.stderr
