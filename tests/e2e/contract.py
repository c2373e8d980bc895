"""The OpenAPI document as a checker of real requests and responses."""

import json
import re

import jsonschema

DIALECT = jsonschema.Draft202012Validator
RATE_FIELDS = ("RateLimit", "RateLimit-Policy")
# What any answer may say: framing, and what a browser is told.
UNTOLD = {
    "Connection", "Content-Length", "Content-Type", "Date", "Server", "Transfer-Encoding", "Vary", "X-Request-Id",
    "Cache-Control", "Content-Security-Policy", "Referrer-Policy", "X-Content-Type-Options",
}  # fmt: skip


class Contract:
    def __init__(self, document: dict):
        self.document = document
        self.resolver = jsonschema.RefResolver("", document)
        self.operations = {
            (method, path): operation | {"parameters": item.get("parameters", []) + operation.get("parameters", [])}
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if method in ("get", "put", "post", "delete", "patch")
        }

    def resolved(self, value: dict) -> dict:
        while "$ref" in value:
            value = self.resolver.resolve(value["$ref"])[1]
        return value

    def faults(self, value, schema: dict) -> list[str]:
        validator = DIALECT(schema, resolver=self.resolver)
        return [f"{list(fault.absolute_path)}: {fault.message[:200]}" for fault in validator.iter_errors(value)]

    def operation_of(self, method: str, target: str) -> tuple[str, dict]:
        """The operation that a request is, and its path; literal segments before named ones."""
        path = target.partition("?")[0]
        for (known_method, pattern), operation in sorted(
            self.operations.items(), key=lambda one: one[0][1].count("{")
        ):
            named = re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(pattern))
            if known_method == method.lower() and re.fullmatch(named, path):
                return pattern, operation
        raise AssertionError(f"no such operation: {method} {path}")

    def check_body(self, method: str, target: str, body, kind: str = "application/json") -> None:
        """A request body that is meant to be good."""
        _, operation = self.operation_of(method, target)
        content = self.resolved(operation["requestBody"])["content"]
        assert kind in content, f"{kind} is not among {list(content)}"
        if kind == "application/json":
            assert self.faults(body, content[kind]["schema"]) == []

    def check_reply(self, method: str, target: str, reply) -> None:
        pattern, operation = self.operation_of(method, target)
        what = f"{method} {target} ({pattern}): {reply!r}"
        responses = operation["responses"]
        assert str(reply.status) in responses, f"undocumented status of {what}"
        response = self.resolved(responses[str(reply.status)])
        for name, header in response.get("headers", {}).items():
            if name in reply.headers and "integer" == header.get("schema", {}).get("type"):
                assert reply.headers[name].isdigit(), what
        for name in set(reply.headers.keys()) - UNTOLD:
            assert name in response.get("headers", {}), f"undocumented {name} of {what}"
        content = response.get("content", {})
        if not reply.body:
            return
        assert content, f"a body that is not documented: {what}"
        kind = reply.headers["Content-Type"].partition(";")[0]
        found = next((value for name, value in content.items() if name.partition(";")[0] in (kind, "*/*")), None)
        assert found is not None, f"undocumented type of {what}"
        if kind in ("application/json", "application/problem+json") and "schema" in found:
            assert self.faults(json.loads(reply.body), found["schema"]) == [], what
