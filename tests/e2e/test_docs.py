"""`/docs`: the contract as a page, without a script and without anything from elsewhere."""

import html.parser
import re


class Page(html.parser.HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.tags, self.ids, self.links, self.attributes, self.text = [], [], [], set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            self.attributes.add(name)
            if name == "id":
                self.ids.append(value)
            if name in ("href", "src"):
                self.links.append(value)

    def handle_data(self, data):
        self.text += data


def test_the_page_tells_every_operation_and_shape(service):
    document = service.get("/openapi.json").json
    reply = service.get("/docs")
    page = Page(reply.body.decode())

    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    for path, item in document["paths"].items():
        assert path in page.text
        for operation in item.values():
            if isinstance(operation, dict):
                assert operation["operationId"] in page.ids
                assert operation["summary"] in page.text
    assert {f"schema-{name}" for name in document["components"]["schemas"]} <= set(page.ids)
    assert len(set(page.ids)) == len(page.ids)


def test_inj_07_the_page_runs_nothing_and_loads_nothing_from_elsewhere(service):
    reply = service.get("/docs")
    page = Page(reply.body.decode())

    policy = reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "script-src" not in policy
    assert not {"script", "iframe", "object", "img", "form", "style"} & set(page.tags)
    assert not [name for name in page.attributes if name.startswith("on") or name == "style"]
    assert all(re.match(r"/(?!/)", link) for link in page.links)
    for link in page.links:
        assert service.get(link).status == 200
    assert service.get("/docs/style.css").headers["Content-Type"].startswith("text/css")


def test_a_problem_leads_to_its_place_on_the_page(service):
    ids = Page(service.get("/docs").body.decode()).ids
    for path in ("/nope", "/v1/jobs?nope=1", "/v1/jobs/job_" + "0" * 32):
        page, _, anchor = service.get(path).json["type"].partition("#")
        assert page == "/docs"
        assert anchor in ids
    assert {"http.status", "dns.timeout", "policy.address"} <= set(ids)
