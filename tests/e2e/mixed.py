"""Clients of every kind at once, until the service dies under them."""

import contextlib
import http.client
import io
import json
import random
import threading
import time
import zipfile

import events
from client import LIMIT_S
from ledger import Entry, Ledger
from origins import response

# What a client sees when the process dies under it.
DEATH = (OSError, http.client.HTTPException, ValueError, AssertionError)

SMALL = 12  # items of a job, at most
MOST_JOBS = 25  # in one life
LONG_BODY = b"long" * 300_000  # has a segment of its own


class Load:
    """One life's clients. They note in the ledger what they ask for before they ask, and what they are told."""

    def __init__(self, service, ledger: Ledger, origin, receiver, seed: int):
        self.service = service
        self.ledger = ledger
        self.origin = origin
        self.receiver = receiver
        self.seed = seed
        self.sent = 0
        self.acknowledged = 0
        self._unanswered: list[Entry] = [e for e in ledger.entries if e.id is None and e.name.startswith("key")]
        clients = (self._submit, self._append, self._poll, self._follow, self._listen, self._control,
                   self._export, self._read_bodies)  # fmt: skip
        self._threads = [threading.Thread(target=self._live, args=(one, n)) for n, one in enumerate(clients)]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(LIMIT_S)
            assert not thread.is_alive()

    def _live(self, client, number: int) -> None:
        with contextlib.suppress(*DEATH):
            client(random.Random(f"{self.seed}/{number}"))

    def _alive(self) -> bool:
        time.sleep(0.002)  # gives way to the other clients
        return self.service.process.poll() is None

    # Submitting.

    def _submit(self, chance: random.Random) -> None:
        for entry in self._unanswered:
            self._post(entry, json.dumps(self._body(entry)), "application/json", entry.name)
        while self.sent < MOST_JOBS and self._alive():
            form = chance.choice(["json", "key", "key", "ndjson", "text", "csv", "open"])
            name = f"{form}-{self.ledger.life}-{self.sent}"
            self.sent += 1
            urls = [self._url(chance, name, item) for item in range(chance.randint(1, SMALL))]
            hooked = form in ("json", "key", "ndjson") and chance.random() < 0.5
            ttl = form in ("json", "key") and chance.random() < 0.2
            entry = self.ledger.sends(
                name, urls, callback=f"/hook/{name}" if hooked else None, ttl=ttl, open=form == "open"
            )
            if form in ("json", "key"):
                self._post(entry, json.dumps(self._body(entry)), "application/json", name if form == "key" else None)
            elif form == "ndjson":
                options = self._body(entry)["options"]
                lines = [json.dumps({"options": options}), *(json.dumps({"url": url}) for url in urls)]
                self._post(entry, "\n".join(lines), "application/x-ndjson")
            elif form == "csv":
                self._post(entry, "\n".join(["url", *urls]), "text/csv")
            else:
                self._post(entry, "\n".join(urls), "text/plain")

    def _url(self, chance: random.Random, name: str, item: int) -> str:
        target = f"/{name}/{item}"
        kind = chance.random()
        if kind < 0.1:
            return self.origin.answer(target, response(404))
        if kind < 0.2:
            return self.origin.late(target, chance.uniform(0.01, 0.3))
        if kind < 0.22:
            return self.origin.answer(target, response(200, LONG_BODY))
        return self.origin.url(target)

    def _body(self, entry: Entry) -> dict:
        options: dict = {"concurrency": 5}
        if entry.ttl:
            options["ttl"] = "1s"
        if entry.callback:
            wanted = ["job.completed", "job.cancelled", "job.failed", "job.expired", "item.failed"]
            options["callbacks"] = [{"url": self.receiver.url(entry.callback), "events": wanted}]
        return {"urls": entry.urls, "options": options}

    def _post(self, entry: Entry, body: str, kind: str, key: str | None = None) -> None:
        fields = {"Idempotency_Key": f'"{key}"'} if key else {}
        path = "/v1/jobs?sealed=false" if entry.open else "/v1/jobs"
        reply = self.service.post(path, body, kind=kind, **fields)
        if reply.status == 202:
            self.ledger.acknowledged(entry, reply)
            self.acknowledged += 1
        elif reply.status != 409:  # the first request with the key is not over
            self.ledger.fault(entry.name, "was refused:", reply)

    def _append(self, chance: random.Random) -> None:
        while self._alive():
            for entry in [one for one in self.ledger.known() if one.appending]:
                more = [self._url(chance, entry.name, len(entry.urls) + item) for item in range(chance.randint(1, 5))]
                # Only one append at a time, and none after one that was not answered.
                entry.appending = False
                entry.urls = entry.urls + more
                reply = self.service.post(f"/v1/jobs/{entry.id}/items", {"urls": more})
                if reply.status == 202:
                    entry.least = len(entry.urls)
                    entry.appending = entry.cancel is None
                elif entry.cancel is None and entry.deletion is None:
                    self.ledger.fault(entry.id, "took no items:", reply)
                if not entry.appending or chance.random() < 0.4:
                    entry.appending = False
                    if self.service.post(f"/v1/jobs/{entry.id}/seal").status == 200:
                        entry.open = False

    # Reading.

    def _poll(self, chance: random.Random) -> None:
        while self._alive():
            for entry in self._some(chance, 10):
                if chance.random() < 0.3:
                    self.service.get(f"/v1/jobs/{entry.id}?wait=100ms")
                self.ledger.told(entry, self.service)
                page = self.service.get(f"/v1/jobs/{entry.id}/results?order=completed")
                if page.status == 200:
                    for one in page.json["results"]:
                        self.ledger.saw(entry, one)

    def _follow(self, chance: random.Random) -> None:
        while self._alive():
            for entry in self._some(chance, 5):
                after = entry.cursor["ndjson"]
                path = f"/v1/jobs/{entry.id}/results?follow=true&timeout=200ms&after={after}"
                with contextlib.suppress(AssertionError), self.service.stream(path) as lines:
                    for line in lines:
                        if "end" not in line:
                            self.ledger.streamed(entry, "ndjson", line)

    def _listen(self, chance: random.Random) -> None:
        while self._alive():
            for entry in self._some(chance, 5):
                last = entry.cursor["sse"]
                if entry.open:
                    continue  # it would not end
                with contextlib.suppress(AssertionError):
                    with events.listen(self.service, entry.id, last_id=str(last) if last else "") as stream:
                        for event in stream:
                            if event.name == "item":
                                self.ledger.streamed(entry, "sse", event.json)
                            if entry.pause:
                                break

    def _read_bodies(self, chance: random.Random) -> None:
        while self._alive():
            for entry in self._some(chance, 3):
                for one in chance.sample(sorted(entry.records.values(), key=lambda r: r["seq"]), min(3, len(entry.records))):
                    reply = self.service.get(f"/v1/jobs/{entry.id}/results/{one['index']}/body")
                    if reply.status == 200 and entry.retries == 0:
                        self.ledger.body(entry, one, reply.body)
                    elif reply.status not in (200, 404, 409):
                        self.ledger.fault(entry.id, "body was", reply)

    def _export(self, chance: random.Random) -> None:
        while self._alive():
            for entry in self._some(chance, 3):
                job = self.service.get(f"/v1/jobs/{entry.id}")
                if job.status != 200 or not job.json["done"] or entry.retries:
                    continue
                form = chance.choice(["ndjson", "csv", "zip", "warc"])
                reply = self.service.get(f"/v1/jobs/{entry.id}/export?format={form}")
                if reply.status != 200 or entry.retries:
                    continue
                total = job.json["counts"]["total"]
                if form == "ndjson" and len(reply.lines) != total:
                    self.ledger.fault(entry.id, "export has", len(reply.lines), "lines of", total)
                if form == "zip" and zipfile.ZipFile(io.BytesIO(reply.body)).testzip() is not None:
                    self.ledger.fault(entry.id, "export is damaged")

    def _some(self, chance: random.Random, count: int) -> list[Entry]:
        known = self.ledger.known()
        return chance.sample(known[-40:], min(count, len(known[-40:])))

    # Control.

    def _control(self, chance: random.Random) -> None:
        while self._alive():
            for entry in self._some(chance, 2):
                verb = chance.choice(["pause", "resume", "retry", "cancel", "change", "erase", "nothing"])
                if verb == "pause":
                    entry.pause = "asked"
                    reply = self.service.post(f"/v1/jobs/{entry.id}/pause")
                    entry.pause = "done" if reply.status == 200 and reply.json["state"] == "paused" else None
                elif verb == "resume":
                    if entry.pause:
                        entry.pause = "asked"
                        self.service.post(f"/v1/jobs/{entry.id}/resume")
                        entry.pause = None
                elif verb == "retry" and not entry.open and entry.pause is None and entry.cancel is None:
                    entry.retries += 1
                    reply = self.service.post(f"/v1/jobs/{entry.id}/retry")
                    if reply.status == 409:
                        entry.retries -= 1  # it was not done
                elif verb == "cancel" and chance.random() < 0.3 and entry.retries == 0:
                    entry.cancel, entry.pause = "asked", None
                    entry.appending = False
                    reply = self.service.post(f"/v1/jobs/{entry.id}/cancel", {"mode": chance.choice(["abort", "drain"])})
                    entry.cancel = "done" if reply.status == 200 else entry.cancel
                elif verb == "change":
                    value = {"at": chance.randrange(1000)}
                    entry.metadata.append(value)
                    reply = self.service.call("PATCH", f"/v1/jobs/{entry.id}", {"metadata": value, "concurrency": 3})
                    if reply.status == 200:
                        entry.metadata = [value]
                elif verb == "erase" and chance.random() < 0.4:
                    entry.deletion = "asked"
                    reply = self.service.call("DELETE", f"/v1/jobs/{entry.id}?cancel=true")
                    if reply.status == 204:
                        entry.deletion = "done"
