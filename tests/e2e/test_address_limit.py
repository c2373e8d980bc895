"""`egress.max_connections_per_address`: what one address is spared, however many names lead to it."""

import contextlib
import pathlib
import shutil
import socket
import subprocess
import threading
import time

import pytest

import client
import origins
import squid
import web
from chaos import PACE
from client import eventually

CONFIG = """
daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    default_type text/plain;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{
        listen 127.0.0.1:{plain};
        listen 127.0.0.1:{h2} ssl http2;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        location / {{ return 200 "$host"; }}
    }}
}}
"""


def connected(*ports: int) -> int:
    """Connections to them that somebody has or is making now, seen from that end."""
    ends = {f":{port:04X}" for port in ports}
    count = 0
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, _, remote, state, *_ = line.split()
        count += remote[-5:] in ends and state in ("01", "02")
    return count


class Door:
    """A way in to a server on this machine, which counts who is inside whenever somebody comes.

    It counts exactly: whoever had left before the other one came has closed his end by then, and the
    kernel of one machine knows that at once.
    """

    ESTABLISHED = 1

    def __init__(self, behind: int):
        self.most = self.came = 0
        self._behind = behind
        self._inside: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _there(self, link: socket.socket) -> bool:
        with contextlib.suppress(OSError):  # closed
            return link.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[0] == self.ESTABLISHED
        return False

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                link, _ = self._listener.accept()
                self._inside = [one for one in (*self._inside, link) if self._there(one)]
                time.sleep(0.005)  # a busy kernel may bring the next one's SYN before this one's FIN
                self._inside = [one for one in self._inside if self._there(one)]
                self.came += 1
                self.most = max(self.most, len(self._inside))
                threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        with link, socket.create_connection(("127.0.0.1", self._behind)) as behind:
            back = threading.Thread(target=self._pass_on, args=(behind, link), daemon=True)
            back.start()
            self._pass_on(link, behind)
            back.join()

    @staticmethod
    def _pass_on(one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while more := one.recv(65536):
                other.sendall(more)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_WR)


@pytest.fixture
def door():
    opened = []

    def opener(behind: int) -> Door:
        opened.append(Door(behind))
        return opened[-1]

    yield opener
    for one in opened:
        one.close()


class Site:
    """One nginx for every name there is, and what the kernel knows of connections to it."""

    def __init__(self, ports: tuple[int, int]):
        self.plain, self.h2 = ports

    def urls(self, hosts: int, each: int, scheme: str = "http", port: int = 0) -> list[str]:
        port = port or self.plain
        return [f"{scheme}://n{host}.many.test:{port}/{n}" for n in range(each) for host in range(hosts)]

    def connected(self) -> int:
        return connected(self.plain, self.h2)


@pytest.fixture(scope="module")
def nginx(tmp_path_factory, authority):
    folder = tmp_path_factory.mktemp("nginx")
    for parent in [folder, *folder.parents[:2]]:
        parent.chmod(parent.stat().st_mode | 0o011)  # its worker is somebody else
    plain, h2 = web.free_ports(2)
    certificate, key = authority.issue("many", "DNS:*.many.test")
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=folder, plain=plain, h2=h2, certificate=certificate, key=key))
    process = subprocess.Popen(["/usr/sbin/nginx", "-c", str(config), "-p", str(folder)])
    try:
        eventually(lambda: web.answers(plain) and web.answers(h2), "nginx")
        yield Site((plain, h2))
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def site(nginx):
    eventually(lambda: nginx.connected() == 0, "the connections of the test before to be gone")
    return nginx


@pytest.fixture
def limited(start, names, authority):
    def starter(each: int, **settings) -> client.Service:
        return start(egress__max_connections_per_address=str(each), dns__servers=names.address,
                     fetch__ca_file=str(authority.ca), shards="2", **settings)  # fmt: skip

    return starter


def fetched(service, urls, **options) -> list[dict]:
    job = service.submit(urls, **({"concurrency": 100, "retry": {"max_attempts": 1}} | options))
    service.wait_done(job)
    return sorted(service.results(job, "include=attempts"), key=lambda one: one["index"])


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_many_names_share_the_connections_of_their_address(limited, site, door, scheme):
    service = limited(4)
    way = door(site.plain if scheme == "http" else site.h2)

    found = fetched(service, site.urls(hosts=30, each=20, scheme=scheme, port=way.port))

    assert {one["state"] for one in found} == {"succeeded"}
    assert {one["attempts_made"] for one in found} == {1}, "who waits makes no attempt"
    assert {one["http_version"] for one in found} == {"1.1" if scheme == "http" else "2"}
    assert 1 <= way.most <= 4
    assert way.came >= 30, "each name has its own"
    service.stop()


def test_without_the_setting_there_is_no_bound(start, names, site, door):
    service = start(dns__servers=names.address)
    way = door(site.plain)

    fetched(service, site.urls(hosts=30, each=1, port=way.port))

    assert way.most == 30, "one for each name, kept"
    service.stop()


def test_a_host_alone_keeps_its_connections(limited, site, door):
    service = limited(3)
    way = door(site.plain)

    found = fetched(service, site.urls(hosts=1, each=600, port=way.port))

    assert {one["state"] for one in found} == {"succeeded"}
    assert way.most <= 4
    # Those who wait take over what somebody else is done with.
    assert way.came <= 10
    assert sum(not one["attempts"][0]["reused_connection"] for one in found) <= 10
    service.stop()


def test_idle_connections_give_way(limited, site):
    service = limited(1)

    for url in site.urls(hosts=6, each=2):  # on either shard
        job = service.submit([url])
        assert eventually(lambda: service.job(job)["done"], url, client.AT_ONCE_S)
        assert service.job(job)["counts"]["succeeded"] == 1

    assert site.connected() == 1
    service.stop()


def test_who_waits_is_seen_and_other_addresses_are_not_concerned(limited, origin):
    service = limited(1)
    with contextlib.closing(origins.Origin(address="127.0.0.2")) as other:
        hanging = service.submit([origin.hang("/hang")], timeouts={"first_byte": 60, "total": 60})
        eventually(lambda: origin.asked("/hang"), "the one that hangs")
        job = service.submit([f"http://name.test:{origin.port}/"], timeouts={"total": 2 * PACE})

        def waits():
            page = service.get(f"/v1/jobs/{job}/results").json["results"]
            return page and page[0].get("waiting_for") == "host_concurrency"

        eventually(waits, "the reason shown")
        assert fetched(service, [other.url("/")])[0]["state"] == "succeeded"
        threading.Event().wait(3 * PACE)  # it is not the attempt's time
        assert not service.job(job)["done"]
        assert origin.accepts == 1

        origin.release()
        service.wait_done(job)
        one = service.results(job)[0]
        assert (one["state"], one["attempts_made"]) == ("succeeded", 1)
        service.wait_done(hanging)


def test_time_in_line_is_not_the_attempts(limited, origin):
    service = limited(1)
    short, long = 0.7 * PACE, 1.2 * PACE
    first = service.submit([origin.late("/first", short)])
    eventually(lambda: origin.asked("/first"), "the one that is first")
    origin.late("/second", short)

    one = fetched(service, [f"http://name.test:{origin.port}/second"], timeouts={"total": f"{int(long * 1000)}ms"})[0]

    assert (one["state"], one["attempts_made"]) == ("succeeded", 1), one
    service.wait_done(first)


def test_an_items_own_deadline_holds(limited, origin):
    service = limited(1)
    hanging = service.submit([origin.hang("/hang")], timeouts={"first_byte": 60, "total": 60})
    eventually(lambda: origin.asked("/hang"), "the one that hangs")

    one = fetched(service, [f"http://name.test:{origin.port}/"], item_deadline=2)[0]

    assert one["error"]["code"] == "timeout.item_deadline"
    assert service.post(f"/v1/jobs/{hanging}/cancel").status == 200
    service.wait_done(hanging)
    assert fetched(service, [f"http://name.test:{origin.port}/"])[0]["state"] == "succeeded"


def test_tenants_take_turns_at_an_address(tenants, names, site):
    settings = {"egress.max_connections_per_address": "2", "dns.servers": names.address}
    by = tenants(settings, many=[], few=[])
    flood = by["many"].submit(site.urls(hosts=200, each=20), concurrency=1000)
    eventually(lambda: by["many"].job(flood)["counts"]["succeeded"] > 0, "the flood")

    found = fetched(by["few"], [f"http://few{n}.test:{site.plain}/" for n in range(5)])

    assert {one["state"] for one in found} == {"succeeded"}
    assert not by["many"].job(flood)["done"], "it was to last longer"
    by["many"].post(f"/v1/jobs/{flood}/cancel")
    by["many"].wait_done(flood)


def test_tunnels_count_at_their_far_end(limited, site, door):
    if not shutil.which("squid", path="/usr/sbin:/usr/bin"):
        pytest.skip("not installed: squid")
    proxy = squid.Squid()
    way = door(proxy.port)
    service = limited(2, egress__proxy=f"http://127.0.0.1:{way.port}")

    found = fetched(service, site.urls(hosts=10, each=5))

    assert {one["state"] for one in found} == {"succeeded"}, found
    assert 1 <= way.most <= 2
    service.stop()
    proxy.stop()


def test_a_literal_counts_that_a_proxy_is_entrusted_with(limited, chaotic, door):
    if not shutil.which("squid", path="/usr/sbin:/usr/bin"):
        pytest.skip("not installed: squid")
    proxy = squid.Squid()
    way = door(proxy.port)
    service = limited(2, egress__proxy=f"http://127.0.0.1:{way.port}", egress__proxy_resolve="proxy")

    found = fetched(service, [chaotic.url(f"/delay/{n}") for n in range(8)])

    assert {one["state"] for one in found} == {"succeeded"}, found
    assert 1 <= way.most <= 2
    service.stop()
    proxy.stop()
