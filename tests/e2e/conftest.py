"""Fixtures: the program running on a data directory of its own, and origins for it to fetch from."""

import pathlib
import shutil
import socket
import subprocess

import pytest

import chaos
import client
import origins
import tls


# What one loop makes of the bytes of one connection is looked at by AddressSanitizer. Threads meet
# elsewhere, and these take long when everything is slow.
if "tsan" in client.BINARY:
    collect_ignore = ["test_upstream_faults.py", "test_real_servers.py", "test_egress_network.py",
                      "test_error_codes.py"]  # fmt: skip


def pytest_configure(config):
    config.addinivalue_line("markers", "soak: has more to do under FANFETCH_SOAK=1, see `./dev soak`")


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    """One service for all tests that only need a service; loopback may be fetched from."""
    running = client.Service(tmp_path_factory.mktemp("service") / "data")
    yield running
    assert running.process.poll() is None, f"it died: {running.log.read_text()[-4000:]}"
    assert running.stop() == 0
    assert running.complaints() == []


@pytest.fixture
def start(tmp_path):
    """Starts a service with settings of its own, on a data directory that stays for the test."""
    running = []

    def starter(name: str = "data", prefix=(), environment=None, **settings) -> client.Service:
        values = {key.replace("__", "."): value for key, value in settings.items()}
        data = tmp_path / name
        running.append(client.Service(data, values, prefix=prefix, environment=environment))
        return running[-1]

    yield starter
    for one in running:
        if one.process.poll() is None:
            one.kill()
    for one in running:
        assert one.complaints() == []


@pytest.fixture
def tenants(tmp_path):
    """Starts a service with a key for each tenant; gives it as each of them talks to it, by name."""
    running = []

    def starter(settings=None, **terms) -> dict[str, client.Service]:
        data = tmp_path / "data"
        data.mkdir()
        keys = {name: client.add_key(data, name, tenant=name, terms=more) for name, more in terms.items()}
        running.append(client.Service(data, settings))
        return {name: running[-1].asked_with(key) for name, key in keys.items()}

    yield starter
    for one in running:
        assert one.stop() == 0
        assert one.complaints() == []


@pytest.fixture
def origin():
    one = origins.Origin()
    yield one
    one.close()


@pytest.fixture
def other_origin():
    one = origins.Origin()
    yield one
    one.close()


@pytest.fixture(scope="session")
def chaotic():
    """One `fanfetch origin` for all tests that need its zoo."""
    one = chaos.Chaos()
    yield one
    assert one.process.poll() is None
    assert one.stop() == 0


@pytest.fixture(scope="session")
def names():
    """Every name is 127.0.0.1."""
    one = chaos.Names()
    yield one
    one.close()


@pytest.fixture
def closed_port():
    """A port that is bound, so that nobody else gets it, and refuses every connection."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return tls.Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def flags(tmp_path_factory):
    """The SVG files of the npm package `flag-icons`, installed once for this user."""
    cache = pathlib.Path.home() / ".cache" / "fanfetch-tests"
    package = cache / "node_modules" / "flag-icons"
    if not package.is_dir():
        install("flag-icons", package, tmp_path_factory.mktemp("npm"))
    return package / "flags" / "4x3"


@pytest.fixture(scope="session")
def warcio(tmp_path_factory):
    """The folder of npm modules with `warcio` in it, installed once for this user."""
    folder = pathlib.Path.home() / ".cache" / "fanfetch-tests" / "warcio" / "node_modules"
    if not folder.is_dir():
        work = tmp_path_factory.mktemp("npm")
        install("warcio", folder / "warcio", work)
        for module in (work / "node_modules").iterdir():
            shutil.move(module, folder / module.name)
    return folder


def install(name: str, into: pathlib.Path, work: pathlib.Path) -> None:
    """Puts an npm package there, whole or not at all; without a registry the test is skipped."""
    command = ["npm", "install", "--prefix", str(work), "--no-audit", "--no-fund", name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=client.LIMIT_S)
    except subprocess.TimeoutExpired:
        pytest.skip(f"no {name}: the registry does not answer")
    if done.returncode != 0:
        pytest.skip(f"no {name}: {done.stderr[-300:]}")
    into.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(work / "node_modules" / name, into)
