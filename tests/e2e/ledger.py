"""What clients were told, and whether everything they are told later agrees with it.

A fault is a sentence in `faults`; a test ends by looking that there is none.
"""

import collections
import json
import threading

from client import counts_sum, eventually

# What of a result must stay as it was, in whichever form it comes.
LASTING = ("index", "seq", "url", "state", "status", "size", "sha256", "attempts_made", "finished_at")


class Entry:
    """A job as its client knows it."""

    def __init__(self, name: str, urls: list[str], born: int, callback: str | None, ttl: bool, open: bool):
        self.name = name
        self.urls = urls  # those that were sent, in their order
        self.least = 0  # items that were acknowledged; the rest may or may not be there
        self.born = born  # the life of the service in which it was sent
        self.callback = callback  # the receiver's target
        self.ttl = ttl  # it may vanish by itself
        self.open = open  # not sealed yet, as far as was acknowledged
        self.appending = open
        self.id: str | None = None
        self.records: dict[int, dict] = {}  # by seq
        self.seqs_of: dict[int, list[int]] = {}  # by index
        self.seen_in: dict[int, int] = {}  # the life in which an index was first seen to be done
        self.retries = 0  # asked for
        self.cancel = self.deletion = self.pause = None  # "asked", "done"
        self.metadata: list = [None]  # values of a PATCH that may hold
        self.cursor = {"ndjson": 0, "sse": 0}

    def can_vanish(self) -> bool:
        return self.ttl or self.deletion is not None


class Ledger:
    def __init__(self):
        self.life = 0
        self.entries: list[Entry] = []
        self.faults: list[str] = []
        self._by_id: dict[str, Entry] = {}
        self._lock = threading.Lock()

    def fault(self, *said) -> None:
        self.faults.append(" ".join(str(one) for one in said))

    # What clients do.

    def sends(self, name: str, urls: list[str], **more) -> Entry:
        with self._lock:
            entry = Entry(name, urls, self.life, **more)
            self.entries.append(entry)
            return entry

    def acknowledged(self, entry: Entry, reply) -> None:
        job = reply.json["id"]
        with self._lock:
            if entry.id not in (None, job):
                self.fault(entry.name, "got two ids for one key:", entry.id, job)
            if self._by_id.get(job, entry) is not entry:
                self.fault(job, "was given to two requests")
            entry.id = job
            entry.least = len(entry.urls)
            self._by_id[job] = entry

    def known(self) -> list[Entry]:
        with self._lock:
            return [entry for entry in self.entries if entry.id and entry.deletion is None]

    # What they are told.

    def told(self, entry: Entry, service) -> dict | None:
        """A job's status, or that there is no such job."""
        least, erased = entry.least, entry.deletion == "done"  # as it was when it was asked for
        reply = service.get(f"/v1/jobs/{entry.id}")
        if reply.status == 404:
            if not entry.can_vanish():
                self.fault(entry.id, entry.name, "is gone")
            return None
        if reply.status != 200:
            self.fault(entry.id, "status was", reply)
            return None
        job = reply.json
        if erased:
            self.fault(entry.id, "was erased and is there again")
        if not counts_sum(job):
            self.fault(entry.id, "counts do not sum:", job["counts"])
        if not least <= job["counts"]["total"] <= len(entry.urls):
            self.fault(entry.id, job["counts"]["total"], "items, acknowledged were", least)
        return job

    def saw(self, entry: Entry, result: dict) -> None:
        """A result, in a list, a stream or an event."""
        record = {member: result[member] for member in LASTING}
        seq, index = result["seq"], result["index"]
        with self._lock:
            earlier = entry.records.setdefault(seq, record)
            if earlier != record:
                self.fault(entry.id, "seq", seq, "was", earlier, "and is", record)
            seqs = entry.seqs_of.setdefault(index, [])
            if seq not in seqs:
                seqs.append(seq)
                if len(seqs) > 1 + entry.retries:
                    self.fault(entry.id, "item", index, "has results", seqs)
            entry.seen_in.setdefault(index, self.life)
            if index >= len(entry.urls) or result["url"] != entry.urls[index]:
                self.fault(entry.id, "item", index, "is", result["url"])

    def streamed(self, entry: Entry, form: str, result: dict) -> None:
        """The next result of a stream that was resumed where it had been cut off."""
        last, seq = entry.cursor[form], result["seq"]
        if seq <= last or (entry.retries == 0 and seq != last + 1):
            self.fault(entry.id, form, "stream went from", last, "to", seq)
        entry.cursor[form] = seq
        self.saw(entry, result)

    def body(self, entry: Entry, result: dict, body: bytes) -> None:
        if len(body) != result["size"]:
            self.fault(entry.id, "body of", result["index"], "has", len(body), "bytes of", result["size"])

    # Looking at everything.

    def audit(self, service, entry: Entry) -> dict | None:
        """Whether a job still is what its clients were told of it."""
        job = self.told(entry, service)
        if job is None:
            return None
        if entry.cancel == "done" and job["state"] not in ("cancelled", "cancelling", "completed", "expired"):
            self.fault(entry.id, "was cancelled and is", job["state"])
        if entry.pause == "done" and job["state"] != "paused" and not job["done"]:
            self.fault(entry.id, "was paused and is", job["state"])
        if job["metadata"] not in entry.metadata:
            self.fault(entry.id, "metadata is", job["metadata"], "and may be", entry.metadata)
        try:
            with service.stream(f"/v1/jobs/{entry.id}/results?order=completed") as lines:
                found = [line for line in lines if "end" not in line]
        except AssertionError:
            self.told(entry, service)  # it went in between, or should not have
            return None
        seqs = [one["seq"] for one in found]
        if seqs != sorted(set(seqs)):
            self.fault(entry.id, "is not in the order of seq:", seqs)
        if len({one["index"] for one in found}) != len(found):
            self.fault(entry.id, "shows an item twice:", seqs)
        for one in found:
            self.saw(entry, one)
        if entry.retries == 0:
            if seqs != list(range(1, len(seqs) + 1)):
                self.fault(entry.id, "has gaps:", seqs)
            if missing := set(entry.records) - set(seqs):
                self.fault(entry.id, "lost results that were seen:", sorted(missing))
        return job

    def ended(self, service, entry: Entry) -> None:
        """A job that has been waited for: complete, whatever became of it on the way."""
        job = self.audit(service, entry)
        if job is None:
            return
        if not job["done"] or sum(job["counts"][s] for s in ("queued", "waiting", "running")):
            self.fault(entry.id, "has not ended:", job["state"], job["counts"])
        if len(entry.seqs_of) != job["counts"]["total"]:
            self.fault(entry.id, len(entry.seqs_of), "items with a result of", job["counts"]["total"])

    def fetched(self, service, origin) -> None:
        """No item was fetched more often than kills and retries explain."""
        hits = collections.Counter(request.target for request in origin.requests)
        for entry in self.entries:
            if entry.id is None:
                continue
            for index, url in enumerate(entry.urls):
                # Without a retry nothing is fetched again once it was seen to be done.
                over = self.life if entry.retries else entry.seen_in.get(index, self.life)
                kills = over - entry.born
                asked = hits[url.removeprefix(origin.url(""))]
                if asked > 1 + kills + entry.retries:
                    said = service.get(f"/v1/jobs/{entry.id}/results/{index}").body
                    seen = [entry.records[seq] for seq in entry.seqs_of.get(index, [])]
                    self.fault(entry.id, entry.name, "item", index, "was fetched", asked, "times over", kills,
                               "kills and", entry.retries, "retries:", seen, said)  # fmt: skip

    def delivered(self, receiver) -> None:
        """Everybody was told of the end of his job, each message under one id for ever."""
        kinds: dict[str, tuple] = {}
        ids: dict[tuple, str] = {}
        for request in list(receiver.requests):
            said = json.loads(request.body)
            data = said["data"]
            what = (request.target, said["type"], data["job_id"], data.get("run"), data.get("seq"))
            id = request.headers["webhook-id"]
            if kinds.setdefault(id, what) != what:
                self.fault("webhook", id, "said", kinds[id], "and", what)
            if ids.setdefault(what, id) != id:
                self.fault("webhook", what, "has ids", ids[what], "and", id)

    def wait_for_webhooks(self, receiver) -> None:
        def all_told() -> bool:
            ended = {
                request.target
                for request in list(receiver.requests)
                if json.loads(request.body)["type"].startswith("job.")
            }
            return all(
                entry.callback in ended
                for entry in self.entries
                if entry.id and entry.callback and not entry.can_vanish()
            )

        eventually(all_told, "the webhooks")
        self.delivered(receiver)
