"""The contract against the running service: every operation, with real requests and responses."""

import pytest

import client
import contract

UNKNOWN = "job_" + "0" * 32


@pytest.fixture(scope="module")
def written(service):
    reply = service.get("/openapi.json")
    assert reply.status == 200
    return contract.Contract(reply.json)


@pytest.fixture
def ask(service, written):
    """A request whose answer is checked against the contract; `good`: its body is, too."""

    def asked(method: str, path: str, body=None, kind=None, good=True, **headers) -> client.Reply:
        reply = service.call(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()}, kind)
        if good and body is not None:
            written.check_body(method, path, body, kind or "application/json")
        written.check_reply(method, path, reply)
        return reply

    return asked


def test_the_document_is_openapi_of_valid_schemas(written):
    document = written.document
    assert document["openapi"].startswith("3.1.")
    for name, schema in document["components"]["schemas"].items():
        contract.DIALECT.check_schema(schema)
        assert name
    ids = [operation["operationId"] for operation in written.operations.values()]
    assert len(set(ids)) == len(ids)


def test_every_reference_leads_somewhere(written):
    def walk(value):
        if isinstance(value, dict):
            if "$ref" in value and isinstance(value["$ref"], str):
                written.resolved(value)
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(written.document)


def test_every_operation_says_who_may_use_it_and_what_it_answers(written):
    for (method, path), operation in written.operations.items():
        assert "security" in operation, f"{method} {path}"
        assert any(status.startswith("2") for status in operation["responses"]), f"{method} {path}"
        assert operation["summary"].endswith("."), f"{method} {path}"
        declared = {one["name"] for one in map(written.resolved, operation["parameters"]) if one["in"] == "path"}
        assert declared == {part[1:-1] for part in path.split("/") if part.startswith("{")}, f"{method} {path}"


def test_every_operation_that_wants_a_key_says_what_quotas_do(written):
    for (method, path), operation in written.operations.items():
        fields = {status: set(written.resolved(one).get("headers", {})) for status, one in operation["responses"].items()}
        if not operation["security"]:
            assert "429" not in fields, f"{method} {path} counts nothing"
            continue
        assert fields["429"] >= {"Retry-After", *contract.RATE_FIELDS}, f"{method} {path}"
        for status in fields.keys() - {"401", "403"}:  # who is not let in has no quota
            assert fields[status] >= set(contract.RATE_FIELDS), f"{method} {path}: {status}"


def test_who_is_turned_away_for_a_while_is_told_for_how_long(written):
    for (method, path), operation in written.operations.items():
        keyed = any(one["name"] == "Idempotency-Key" for one in map(written.resolved, operation["parameters"]))
        for status in {"429", "503", *(["409"] if keyed else [])} & operation["responses"].keys():
            answer = written.resolved(operation["responses"][status])
            assert "Retry-After" in answer["headers"], f"{method} {path}: {status}"


def test_what_a_tenant_with_quotas_is_answered_is_as_documented(tenants, origin, written):
    by = tenants(often=["--requests-per-s", "3"], much=["--max-jobs", "1"])

    def asked(tenant: str, method: str, path: str, body=None) -> client.Reply:
        reply = by[tenant].call(method, path, body)
        written.check_reply(method, path, reply)
        return reply

    unknown = asked("often", "GET", f"/v1/jobs/{UNKNOWN}")
    assert unknown.status == 404 and unknown.headers["RateLimit"]
    statuses = [asked("often", "GET", "/v1/jobs").status for _ in range(20)]
    assert set(statuses) == {200, 429}
    job = {"urls": [origin.hang("/")]}
    assert asked("much", "POST", "/v1/jobs", job).status == 202
    for path in ("/v1/jobs", "/v1/gather"):
        refused = asked("much", "POST", path, job)
        assert refused.status == 429 and refused.headers["RateLimit-Policy"] == '"jobs";q=1'


def test_every_example_is_valid(written):
    def check(content: dict, where: str):
        for kind, value in content.items():
            if "example" in value and kind == "application/json" and "schema" in value:
                faults = written.faults(value["example"], value["schema"])
                assert isinstance(value["example"], str) or faults == [], f"{where}: {faults}"

    for (method, path), operation in written.operations.items():
        if "requestBody" in operation:
            check(written.resolved(operation["requestBody"])["content"], f"{method} {path}")
        for status, response in operation["responses"].items():
            check(written.resolved(response).get("content", {}), f"{method} {path} {status}")


def test_every_operation_answers_as_documented(service, origin, written, ask):
    """Walks them all: with what the document gives as example, and with nothing."""
    bare = {"{index}": "0", "{host}": f"127.0.0.1:{origin.port}"}
    for (method, path), operation in sorted(written.operations.items()):
        job = service.submit([origin.url("/a")])
        service.wait_done(job)
        filled = path.replace("{id}", job)
        for name, value in bare.items():
            filled = filled.replace(name, value)
        filled = filled.replace("{", "").replace("}", "")  # ids of things that are not there
        if method == "get":
            ask("GET", filled)
            ask("GET", filled + "?nope=1", good=False) if path.startswith("/v1/") else None
        else:
            content = written.resolved(operation.get("requestBody", {})).get("content", {})
            example = content.get("application/json", {}).get("example")
            ask(method.upper(), filled, example, good=False)
            ask(method.upper(), filled, "{", kind="application/json", good=False) if content else None
        if "{id}" in path:
            ask(method.upper(), path.replace("{id}", UNKNOWN).replace("{index}", "0").replace("{", "").replace("}", ""),
                good=False)  # fmt: skip


def test_the_life_of_a_job_is_as_documented(service, origin, ask, closed_port):
    body = {
        "requests": [origin.url("/a"), {"url": f"http://127.0.0.1:{closed_port}/", "id": "x", "metadata": {"a": 1}}],
        "options": {"concurrency": 2, "tags": ["t"], "retry": {"max_attempts": 1}, "timeouts": {"total": "20s"}},
    }
    reply = ask("POST", "/v1/jobs", body)
    job = reply.json["id"]
    assert reply.status == 202
    assert ask("GET", f"/v1/jobs/{job}?wait=30s").json["done"]
    assert ask("GET", f"/v1/jobs/{job}").status == 200
    tag = ask("GET", f"/v1/jobs/{job}").headers["ETag"]
    assert ask("GET", f"/v1/jobs/{job}", If_None_Match=tag).status == 304
    assert ask("GET", "/v1/jobs?page_size=1").json["next_page_token"]
    for query in ("", "?order=completed", "?include=headers,attempts,body", "?fields=index,state", "?state=failed"):
        assert ask("GET", f"/v1/jobs/{job}/results{query}").status == 200
    assert ask("GET", f"/v1/jobs/{job}/results", Accept="application/x-ndjson").lines
    assert ask("GET", f"/v1/jobs/{job}/results/1").json["error"]["code"] == "connect.refused"
    assert ask("GET", f"/v1/jobs/{job}/results/0/body").status == 200
    assert ask("GET", f"/v1/jobs/{job}/results/0/body", Range="bytes=0-0").status == 206
    assert ask("GET", f"/v1/jobs/{job}/results/0/body", Range="bytes=90-").headers["Content-Range"] == "bytes */2"
    assert ask("GET", f"/v1/jobs/{job}/results/1/body").status == 404
    assert ask("GET", f"/v1/jobs/{job}/results?page_size=1").headers["Link"]
    assert ask("GET", f"/v1/jobs/{job}/results/9").status == 404
    assert ask("GET", f"/v1/jobs/{job}/events", Accept="text/event-stream").status == 200
    for kind in ("application/json", "application/x-ndjson"):
        assert ask("GET", f"/v1/jobs/{job}/report", Accept=kind).status == 200
    for form in ("ndjson", "csv", "tar", "tar.gz", "zip", "warc", "warc.gz"):
        assert ask("GET", f"/v1/jobs/{job}/export?format={form}").status == 200
    assert ask("POST", "/v1/wait", {"jobs": [job], "timeout": "1s"}).json["done"] == [job]
    assert ask("POST", f"/v1/jobs/{job}/cancel", {"mode": "drain"}).status == 200
    assert ask("DELETE", f"/v1/jobs/{job}").status == 204
    assert ask("GET", f"/v1/jobs/{job}").status == 404


def test_gather_and_the_rest_are_as_documented(service, origin, ask):
    body = {"urls": [origin.url("/a"), "http://bad host/"]}
    preferred = ask("POST", "/v1/jobs", body, Prefer="wait=20")
    assert (preferred.status, preferred.headers["Preference-Applied"]) == (200, "wait=20")
    assert ask("GET", "/v1/hosts?page_size=1").status == 200
    assert len(ask("POST", "/v1/gather?include=body", body).json["results"]) == 2
    assert ask("POST", "/v1/gather", body, Accept="application/x-ndjson").status == 200
    host = f"127.0.0.1:{origin.port}"
    assert ask("PATCH", f"/v1/hosts/{host}", {"max_concurrency": 7}).json["max_concurrency"] == 7
    assert ask("GET", f"/v1/hosts/{host}").status == 200
    assert ask("GET", "/v1/hosts").json["hosts"]
    for path in ("/v1/capabilities", "/livez", "/readyz", "/metrics", "/openapi.json", "/docs"):
        assert ask("GET", path).status == 200


@pytest.mark.parametrize(
    "body, status",
    [({}, 422), ({"urls": []}, 422), ({"urls": "x"}, 422), ({"urls": ["http://a.test/"], "nope": 1}, 422), ("{", 400),
     ({"urls": ["http://a.test/"], "options": {"concurrency": 0}}, 422)],
)  # fmt: skip
def test_refusals_of_a_submit_are_as_documented(ask, body, status):
    assert ask("POST", "/v1/jobs", body, kind="application/json", good=False).status == status
