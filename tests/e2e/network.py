"""A network of a test's own: every address there is, is in it, and nothing leads out of it.

A network namespace whose loopback device answers for all of IPv4 and IPv6, with listeners that note who
was reached, a scripted name server, and a packet filter that counts what should never have been sent.
"""

import contextlib
import ctypes
import ipaddress
import itertools
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import threading

import client

CLONE_NEWNET = 0x40000000
DNS_PORT = 5353

# The deny table of the address policy, written once more.
DENIED_V4 = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32",
]  # fmt: skip
DENIED_V6 = [
    "::/128", "::1/128", "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64",
    "100:0:0:1::/64", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "2001::/23", "2001:db8::/32",
    "2002::/16", "3fff::/20", "2620:4f:8000::/48",
]  # fmt: skip
OUTSIDE_V6 = ["::/3", "4000::/2", "8000::/1"]  # all but 2000::/3


def is_denied(address) -> bool:
    address = ipaddress.ip_address(address)
    blocks = DENIED_V4 if address.version == 4 else DENIED_V6 + OUTSIDE_V6
    return any(address in ipaddress.ip_network(block) for block in blocks)


def literal(address) -> str:
    address = ipaddress.ip_address(address)
    return f"[{address}]" if address.version == 6 else str(address)


def why_not() -> str:
    """Why there can be no such network here; empty if there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    missing = [tool for tool in ("ip", "nft", "strace") if not shutil.which(tool)]
    if missing:
        return f"not installed: {', '.join(missing)}"
    name = f"fanfetch-probe-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    if made.returncode != 0:
        return f"no network namespaces: {made.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", name], check=False)
    return ""


class Network:
    _numbers = itertools.count()

    def __init__(self):
        self.name = f"fanfetch-{os.getpid()}-{next(self._numbers)}"
        self._do("ip", "netns", "add", self.name)
        self._do("ip", "-n", self.name, "link", "set", "lo", "up")
        self._do("ip", "-n", self.name, "route", "add", "local", "0.0.0.0/0", "dev", "lo")
        self._do("ip", "-n", self.name, "-6", "route", "add", "local", "::/0", "dev", "lo")

    @staticmethod
    def _do(*command, text: str | None = None) -> str:
        done = subprocess.run(command, input=text, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def run(self, *command, text: str | None = None) -> str:
        return self._do("ip", "netns", "exec", self.name, *command, text=text)

    def close(self) -> None:
        self._do("ip", "netns", "del", self.name)

    @contextlib.contextmanager
    def inside(self):
        """What sockets this thread makes meanwhile are in the network, and stay there."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/thread-self/ns/net") as outside, open(f"/run/netns/{self.name}") as here:
            assert libc.setns(here.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
            try:
                yield
            finally:
                libc.setns(outside.fileno(), CLONE_NEWNET)

    def watch(self, ports: list[int]) -> None:
        """Counts every SYN to a denied address on these ports, and each SYN to anywhere on `counted`."""
        self.run("nft", "-f", "-", text=f"""
            table inet oracle {{
                set denied4 {{ type ipv4_addr; flags interval; elements = {{ {", ".join(DENIED_V4)} }} }}
                set denied6 {{ type ipv6_addr; flags interval; auto-merge
                               elements = {{ {", ".join(DENIED_V6 + OUTSIDE_V6)} }} }}
                set counted {{ type inet_service; }}
                set dropped4 {{ type ipv4_addr; }}
                set dropped6 {{ type ipv6_addr; }}
                counter forbidden {{ }}
                counter dials {{ }}
                chain out {{
                    type filter hook output priority 0;
                    tcp flags & (syn | ack) == syn jump opened
                    ip daddr @dropped4 drop
                    ip6 daddr @dropped6 drop
                }}
                chain opened {{
                    ip daddr @denied4 tcp dport {{ {", ".join(map(str, ports))} }} counter name forbidden
                    ip6 daddr @denied6 tcp dport {{ {", ".join(map(str, ports))} }} counter name forbidden
                    tcp dport @counted counter name dials
                }}
            }}""")  # fmt: skip

    def count_dials_to(self, port: int) -> None:
        self.run("nft", "add", "element", "inet", "oracle", "counted", f"{{ {port} }}")

    def black_hole(self, address: str) -> None:
        """Swallows what is sent there."""
        family = "dropped6" if ":" in address else "dropped4"
        self.run("nft", "add", "element", "inet", "oracle", family, f"{{ {address} }}")

    def counted(self, counter: str) -> int:
        listed = self.run("nft", "list", "counter", "inet", "oracle", counter)
        return int(re.search(r"packets (\d+)", listed)[1])


class Canary:
    """Listens on every address, notes which one was reached, and answers what it was told."""

    def __init__(self, network: Network, ports: list[int]):
        self.reached: list[tuple[str, int, str]] = []  # address, port, target
        self.accepts: list[tuple[str, int]] = []
        self.answers: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self._listeners = []
        with network.inside():
            for port in ports:
                for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
                    self._listeners.append(socket.create_server((address, port), family=family, backlog=256))
        for listener in self._listeners:
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def redirect(self, target: str, to: str, status: int = 302) -> None:
        self.answer(target, status, f"Location: {to}\r\n")

    def answer(self, target: str, status: int, fields: str = "", body: bytes = b"") -> None:
        head = f"HTTP/1.1 {status} X\r\n{fields}Content-Length: {len(body)}\r\n\r\n"
        self.answers[target] = head.encode() + body

    def _accept(self, listener) -> None:
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link) -> None:
        address, port = link.getsockname()[:2]
        with self._lock:
            self.accepts.append((address, port))
        with contextlib.suppress(OSError), link, link.makefile("rb") as reader:
            while line := reader.readline():
                target = line.split(b" ")[1].decode("latin-1")
                with self._lock:
                    self.reached.append((address, port, target))
                length = 0
                while (field := reader.readline()) not in (b"\r\n", b""):
                    if field.lower().startswith(b"content-length:"):
                        length = int(field.split(b":")[1])
                reader.read(length)
                link.sendall(self.answers.get(target, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))

    def addresses(self) -> set[str]:
        """Who was connected to, or asked over a connection that was kept."""
        with self._lock:
            return {address for address, _ in self.accepts} | {address for address, _, _ in self.reached}

    def forget(self) -> None:
        with self._lock:
            self.accepts.clear()
            self.reached.clear()

    def close(self) -> None:
        for listener in self._listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()


def _name_bytes(name: str) -> bytes:
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".") if part) + b"\0"


class NameServer:
    """Says what it was scripted to: `names[name]` is a list of addresses and `CNAME other`, or a function
    that gets how often the name was asked about and gives such a list. All else does not exist."""

    KINDS = {1: 4, 28: 6}

    def __init__(self, network: Network, port: int = DNS_PORT, address: str = "127.0.0.1"):
        self.names: dict = {}
        self.asked: list[tuple[str, int]] = []
        self.ttl = 0
        self._counts: dict = {}
        with network.inside():
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.bind((address, port))
        threading.Thread(target=self._serve, daemon=True).start()

    def times_asked(self, name: str) -> int:
        return sum(1 for asked, kind in self.asked if asked == name and kind == 1)

    def _serve(self) -> None:
        while True:
            try:
                message, sender = self._socket.recvfrom(2048)
            except OSError:
                return
            with contextlib.suppress(OSError):
                self._socket.sendto(self._reply(message), sender)

    def _reply(self, message: bytes) -> bytes:
        labels, at = [], 12
        while message[at]:
            labels.append(message[at + 1 : at + 1 + message[at]].decode("latin-1"))
            at += message[at] + 1
        name = ".".join(labels).lower()
        kind = struct.unpack(">H", message[at + 1 : at + 3])[0]
        self.asked.append((name, kind))
        script = self.names.get(name)
        if callable(script):
            self._counts[name, kind] = self._counts.get((name, kind), 0) + 1
            script = script(self._counts[name, kind])
        records, count, owner = b"", 0, b"\xc0\x0c"
        for entry in script or []:
            if entry.startswith("CNAME "):
                target = _name_bytes(entry[6:])
                records += owner + struct.pack(">HHIH", 5, 1, self.ttl, len(target)) + target
                owner, count = target, count + 1
                continue
            data = ipaddress.ip_address(entry).packed
            if self.KINDS.get(kind) == ipaddress.ip_address(entry).version:
                records += owner + struct.pack(">HHIH", kind, 1, self.ttl, len(data)) + data
                count += 1
        flags = 0x8183 if script is None else 0x8180
        head = message[:2] + struct.pack(">HHHHH", flags, 1, count, 0, 0)
        return head + message[12 : at + 5] + records

    def close(self) -> None:
        self._socket.close()


class NetworkService(client.Service):
    """A service inside a network, perhaps with its system calls noted."""

    def __init__(self, network: Network, data: pathlib.Path, settings: dict, traced: bool = False, environment=None,
                 key: str | None = None, user: int = 0):  # fmt: skip
        self.network = network
        self.trace = data.parent / (data.name + ".strace")
        prefix = ["ip", "netns", "exec", network.name]
        if user:  # the program may lie where only root may look
            data.mkdir(parents=True)
            os.chown(data, user, user)
            kept = "+dac_override"
            prefix += ["setpriv", f"--reuid={user}", "--clear-groups", f"--inh-caps={kept}", f"--ambient-caps={kept}"]
        values = dict(environment or {})
        if traced:
            calls = "connect,sendto,sendmsg,sendmmsg"
            prefix += ["strace", "-D", "-f", "-qq", "-o", str(self.trace), "-e", f"trace={calls}", "-e", "signal=none"]
            # The leak checker traces the process itself, which only one can.
            values["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        defaults = {"egress.allow": "", "dns.servers": f"127.0.0.1:{DNS_PORT}", "dns.timeout": "2s"}
        super().__init__(data, defaults | settings, key, prefix=prefix, environment=values)

    def connect(self, timeout: float = client.LIMIT_S):
        link = super().connect(timeout)
        with self.network.inside():
            link.connect()
        return link

    def talked_to(self) -> set[tuple[str, int]]:
        """Every address and port that a traced service connected or sent to."""
        found = set()
        for line in self.trace.read_text(errors="replace").splitlines():
            port = re.search(r"sin6?_port=htons\((\d+)\)", line)
            address = re.search(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"', line)
            if port and address:
                found.add((address[1] or address[2], int(port[1])))
        return found
