"""Every error code that an item may end with is produced by a test that looks for it."""

import ast
import contextlib
import pathlib
import re
import socket
import threading

import chaos
from origins import response

HERE = pathlib.Path(__file__).parent
FAILURES = HERE.parents[1] / "lib" / "base" / "failure.cpp"
ITEM_CODES = ("url", "dns", "connect", "tls", "http", "timeout", "limit", "decode", "integrity", "policy",
              "extract", "cancelled")  # fmt: skip
# What only a fault of ours brings about, or a damaged disk; tests/unit/job has them: broken_lane_test, unreadable_test.
FAULTS = {"internal", "cancelled.internal"}


def item_codes() -> set[str]:
    """The codes of the program's own table that are an item's."""
    rows = re.findall(r'^\s*\{\w+, "([a-z0-9_.]+)"', FAILURES.read_text(), re.M)
    of_items = {code for code in rows if code.split(".")[0] in ITEM_CODES} - {"http.status", *FAULTS}
    return of_items | {"request.invalid"}


def proofs() -> dict[str, set[str]]:
    """code -> the tests end to end that have it in their text."""
    found = {code: set() for code in item_codes()}
    listed = {animal["ends_as"] for animal in chaos.zoo()}
    for path in sorted(HERE.glob("test_*.py")):
        text = path.read_text()
        for node in ast.parse(text).body:
            if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
                continue
            lines = text.splitlines()
            first = min([node.lineno, *(mark.lineno for mark in node.decorator_list)])
            source = "\n".join(lines[first - 1 : node.end_lineno])
            for code in found:
                in_zoo = code in listed and "chaos.zoo()" in source
                if f'"{code}"' in source or in_zoo:
                    found[code].add(f"{path.name}::{node.name}")
    return found


def test_every_code_has_a_test_that_produces_it():
    without = {code for code, tests in proofs().items() if not tests}

    assert without == set()


def test_codes_of_names(start):
    """A name server that knows nothing, breaks, or says nothing, by the name it is asked for."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    rcodes = {b"broken": 2, b"missing": 3}

    def serve():
        with contextlib.suppress(OSError):
            while True:
                question, peer = server.recvfrom(512)
                label = question[13 : 13 + question[12]].lower()
                if label in rcodes:
                    flags = bytes([0x81, 0x80 | rcodes[label]])
                    server.sendto(question[:2] + flags + question[4:6] + bytes(6) + question[12:], peer)

    threading.Thread(target=serve, daemon=True).start()
    service = start(dns__servers=f"127.0.0.1:{server.getsockname()[1]}", dns__timeout="1s")
    names = {"silent": "dns.timeout", "broken": "dns.failure", "missing": "dns.nxdomain"}

    job = service.submit([f"http://{name}.example.com/" for name in names], retry={"max_attempts": 1})
    service.wait_done(job)

    assert [chaos.ending(one) for one in service.results(job)] == list(names.values())
    server.close()


def test_codes_of_addresses(start, closed_port):
    # To a group one cannot connect: the kernel says at once that there is no way there.
    service = start(egress__allow="127.0.0.0/8,224.0.0.1/32", egress__deny="denied.example.com")
    urls = {
        "http://224.0.0.1/": {"connect.unreachable"},
        f"http://127.0.0.1:{closed_port}/": {"connect.refused"},
        "http://10.0.0.1/": {"policy.address"},
        "http://127.0.0.1:25/": {"policy.port", "policy.address"},
        "http://denied.example.com/": {"policy.host"},
        "ftp://127.0.0.1/": {"url.scheme"},
        "http://[::1/": {"url.invalid"},
    }

    job = service.submit(urls, retry={"max_attempts": 1})
    service.wait_done(job)

    found = {url: chaos.ending(one) for url, one in zip(urls, service.results(job))}
    assert all(found[url] in wanted for url, wanted in urls.items()), found


def test_codes_of_expectations(service, origin):
    url = origin.answer("/", response(200, b"body", Content_Type="text/plain"))
    wrong = {
        "integrity.size": {"size": 5},
        "integrity.digest": {"sha256": "00" * 32},
        "integrity.content_type": {"content_type": "text/html"},
    }
    requests = [{"url": url, "expect": expect} for expect in wrong.values()]

    reply = service.post("/v1/gather", {"requests": requests})

    assert [chaos.ending(one) for one in reply.json["results"]] == list(wrong)


def test_codes_of_redirects(service, origin, other_origin):
    url = origin.redirect("/", other_origin.url("/"))

    reply = service.post("/v1/gather", {"urls": [url], "options": {"redirects": {"cross_origin": False}}})

    assert chaos.ending(reply.json["results"][0]) == "http.redirect_cross_origin"
