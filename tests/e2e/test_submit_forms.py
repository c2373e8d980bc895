"""Submits in every form there is: tables, compressed bodies, and asking what one would come to."""

import base64
import gzip
import hashlib
import json
import subprocess

import pytest

from client import eventually
from origins import response


def test_csv_columns_become_what_they_say(service, origin):
    body = b"hello"
    url = origin.answer("/a", response(200, body))
    md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
    sha = hashlib.sha256(body).hexdigest()
    table = (
        "\ufeffURL,size,md5,sha256,id,Colour,note\r\n"
        f'{url},5,{md5},{sha},first,red,"says ""hi"", and\r\nmore"\r\n'
        f"{url},6,,,second,,\r\n"
        f"{url},,{md5[:-4]}AA==,,third,blue,x\n"
    )

    reply = service.post("/v1/jobs", table, kind="text/csv; charset=utf-8")

    assert reply.status == 202, reply
    service.wait_done(reply.json["id"])
    one, two, three = service.results(reply.json["id"])
    assert (one["state"], one["id"]) == ("succeeded", "first")
    assert one["metadata"] == {"Colour": "red", "note": 'says "hi", and\r\nmore'}
    assert (two["error"]["code"], two["metadata"]) == ("integrity.size", None)
    assert three["error"]["code"] == "integrity.digest"


def test_a_bad_line_of_a_table_is_a_failed_item_that_tells_its_number(service, origin):
    table = (
        "url,id\n"
        f"{origin.url('/1')},a\n"
        f"{origin.url('/2')}\n"
        f'{origin.url("/3")},un"quoted\n'
        "\n"
        "not a url,d\n"
        f"{origin.url('/4')},e,too many\n"
        f"{origin.url('/5')},f"
    )

    job = service.post("/v1/jobs", table, kind="text/csv").json["id"]

    done = service.wait_done(job)
    assert (done["counts"]["total"], done["counts"]["succeeded"]) == (6, 2)
    results = service.results(job)
    errors = [one["error"] and (one["error"]["code"], one["error"]["detail"]) for one in results]
    assert [error and error[0] for error in errors] == [
        None, "request.invalid", "request.invalid", "url.invalid", "request.invalid", None,
    ]  # fmt: skip
    assert [error[1].split(":")[0] for error in errors if error] == ["line 3", "line 4", "line 6", "line 7"]


def test_headings_without_a_url_refuse_the_whole(service):
    for text in ("link,id\nhttp://a.test/,1\n", "url,url\n", "url,\n", '"url\n'):
        reply = service.post("/v1/jobs", text, kind="text/csv")
        assert reply.status == 422, reply
    assert service.post("/v1/jobs", "", kind="text/csv").json["code"] == "job.empty"


def test_tsv_and_googles_list(service, origin):
    body = b"hello"
    url = origin.answer("/g", response(200, body))
    md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
    listed = f"TsvHttpData-1.0\n{url}\t5\t{md5}\n{url}\t5\n{url}\n{url}\t4\n"
    job = service.post("/v1/jobs", listed, kind="text/tab-separated-values").json["id"]
    service.wait_done(job)
    states = [one["state"] for one in service.results(job)]
    assert states == ["succeeded", "succeeded", "succeeded", "failed"]

    table = f'id\turl\tnote\nx\t{url}\t"quotes, as they are"\n'
    job = service.post("/v1/jobs", table, kind="text/tab-separated-values").json["id"]
    service.wait_done(job)
    (one,) = service.results(job)
    assert (one["id"], one["metadata"]) == ("x", {"note": '"quotes, as they are"'})


def zstd(data: bytes) -> bytes:
    return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout


@pytest.mark.parametrize("coding", ["gzip", "zstd", "X-GZIP", "identity"])
def test_a_body_may_be_compressed(service, origin, coding):
    pack = {"gzip": gzip.compress, "x-gzip": gzip.compress, "zstd": zstd}.get(coding.lower(), bytes)
    as_json = json.dumps({"urls": [origin.url(f"/{n}") for n in range(5)]}).encode()
    as_text = "".join(f"{origin.url(f'/{n}')}\n" for n in range(5000)).encode()

    for body, kind, items in ((as_json, "application/json", 5), (as_text, "text/plain", 5000)):
        reply = service.post("/v1/jobs", pack(body), kind=kind, Content_Encoding=coding)
        assert reply.status == 202, reply
        assert reply.json["counts"]["total"] == items
        assert service.wait_done(reply.json["id"])["counts"]["succeeded"] == items


def test_other_codings_are_refused_with_those_that_are_not(service, origin):
    for coding in ("br", "deflate", "gzip, gzip"):
        reply = service.post("/v1/jobs", b"x", kind="text/plain", Content_Encoding=coding)
        assert (reply.status, reply.headers["Accept-Encoding"]) == (415, "gzip, zstd")


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_cli_bombs_are_defused(service, coding):
    pack = gzip.compress if coding == "gzip" else zstd
    bomb = pack(b"\n" * (64 << 20))
    before = service.get("/v1/jobs").json["jobs"]
    for kind in ("application/json", "text/plain", "application/x-ndjson", "text/csv"):
        reply = service.post("/v1/jobs", bomb, kind=kind, Content_Encoding=coding)
        assert (reply.status, reply.json["code"]) == (413, "request.too_large"), reply
    assert service.get("/v1/jobs").json["jobs"] == before


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_compressed_body_that_breaks_off_or_is_none_is_refused(service, origin, coding):
    pack = gzip.compress if coding == "gzip" else zstd
    packed = pack("".join(f"{origin.url(f'/{n}')}\n" for n in range(300)).encode())
    for body in (packed[:-6], b"no coding at all, but long enough to be looked at"):
        reply = service.post("/v1/jobs", body, kind="text/plain", Content_Encoding=coding)
        assert (reply.status, reply.json["code"]) == (400, "request.malformed"), reply


def test_validate_tells_what_would_become_of_a_submission(service, origin):
    requests = [
        origin.url("/a"),
        "not a url",
        "ftp://example.com/",
        origin.url("/a") + "#fragment",
        {"url": origin.url("/a"), "method": "POST"},
        "http://169.254.169.254/latest",
        "http://10.0.0.1/",
        "http://example.com:25/",
        "http://never-resolved.example.com/",
    ]

    reply = service.post("/v1/validate", {"requests": requests})

    assert reply.status == 200, reply
    answer = reply.json
    assert (answer["total"], answer["valid"], answer["truncated"]) == (9, 4, False)
    assert [(one["index"], one["error"]["code"]) for one in answer["invalid"]] == [
        (1, "url.invalid"), (2, "url.scheme"),
    ]  # fmt: skip
    assert answer["duplicates"] == [{"index": 3, "of": 0}]
    assert [(one["index"], one["error"]["code"]) for one in answer["blocked"]] == [
        (5, "policy.address"), (6, "policy.address"), (7, "policy.port"),
    ]  # fmt: skip
    assert answer["blocked"][0]["url"] == "http://169.254.169.254/latest"
    assert origin.requests == [] and origin.accepts == 0


def test_validate_reads_what_a_submit_reads_and_refuses_what_it_refuses(service, origin):
    lines = "".join(f"{origin.url(f'/{n % 3000}')}\n" for n in range(5000))
    answer = service.post("/v1/validate", lines, kind="text/plain").json
    assert (answer["total"], answer["duplicates_total"], len(answer["duplicates"])) == (5000, 2000, 1000)
    assert answer["truncated"] is True
    assert service.post("/v1/validate", "url\nhttp://example.com/\n", kind="text/csv").json["valid"] == 1
    assert service.post("/v1/validate", {"urls": []}).json["code"] == "job.empty"
    fault = service.post("/v1/validate", {"urls": ["http://a.test/"], "options": {"concurrency": 0}})
    assert (fault.status, fault.json["errors"][0]["pointer"]) == (422, "/options/concurrency")
    assert service.get("/v1/validate").status == 405


@pytest.mark.parametrize(
    "prefer, status, applied",
    [
        ("wait=20", 200, "wait=20"),
        ("respond-async, WAIT = 20; x=y", 200, "wait=20"),
        ('foo="wait=1, x"; bar, wait="20"', 200, "wait=20"),
        ("wait=99999999999999999999", 200, "wait=60"),
        ("await=20", 202, None),
        ("wait=soon", 202, None),
    ],
)
def test_rfc7240_prefer_wait(service, origin, prefer, status, applied):
    reply = service.post("/v1/jobs", {"urls": [origin.late("/a", 0.3)]}, Prefer=prefer)

    assert (reply.status, reply.headers["Preference-Applied"]) == (status, applied)
    assert reply.json["done"] == (status == 200)
    assert reply.headers["Location"] == f"/v1/jobs/{reply.json['id']}"


def test_rfc7240_a_preferred_wait_that_is_too_short_is_202(service, origin):
    reply = service.post("/v1/jobs", {"urls": [origin.hang("/a")]}, Prefer="wait=0")
    assert (reply.status, reply.json["done"]) == (202, False)
    service.post(f"/v1/jobs/{reply.json['id']}/cancel")
