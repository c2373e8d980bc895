"""A reader of server-sent events, written from the WHATWG standard (HTML §9.2.6)."""

import contextlib
import json
import re


class Event:
    def __init__(self, name: str, id: str, data: str):
        self.name = name
        self.id = id  # of this event or the last one that had any, as the standard has it
        self.data = data

    @property
    def json(self):
        return json.loads(self.data)

    def __repr__(self):
        return f"{self.name} {self.id} {self.data[:200]}"


def lines_of(pieces):
    """The lines of a stream of bytes, ended by CR, LF or CRLF."""
    rest = b""
    for piece in pieces:
        rest += piece
        # A CR at the very end may be half of a CRLF.
        while found := re.match(rb"([^\r\n]*)(\r\n|\n|\r(?!$))", rest, re.DOTALL):
            yield found[1].decode("utf-8", "strict")
            rest = rest[found.end() :]


def events_of(pieces, comments: list | None = None):
    """Event after event. Fields that are not complete at the end are dropped, as a browser does."""
    last_id, name, data = "", "", []
    for line in lines_of(pieces):
        if not line:
            if data:
                yield Event(name or "message", last_id, "\n".join(data))
            name, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not field:
            if comments is not None:
                comments.append(value)
        elif field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "id" and "\0" not in value:
            last_id = value


@contextlib.contextmanager
def listen(service, job: str, query: str = "", last_id: str = "", comments: list | None = None):
    """Yields an iterator over the events of a job while they come."""
    fields = {"Accept": "text/event-stream"}
    if last_id:
        fields["Last-Event-ID"] = last_id
    if service.key:
        fields["Authorization"] = f"Bearer {service.key}"
    with contextlib.closing(service.connect()) as link:
        link.request("GET", f"/v1/jobs/{job}/events{query}", headers=fields)
        response = link.getresponse()
        assert response.status == 200, response.read()
        assert response.headers["Content-Type"] == "text/event-stream"
        yield events_of(iter(lambda: response.read1(), b""), comments)


def heard(service, job: str, query: str = "", last_id: str = "") -> list[Event]:
    """All events to the end of the stream."""
    with listen(service, job, query, last_id) as stream:
        return list(stream)


def items(events) -> list[Event]:
    return [event for event in events if event.name == "item"]


