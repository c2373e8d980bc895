"""A long list in one upload: how soon it is accepted, and what memory it takes."""

import json
import time

from contest import ORIGIN_CORE, folders
from origin import nginx
from service import serve


def million(args) -> None:
    """A million URLs as text/plain: when the answer comes, and what memory it takes."""
    with folders(args) as (folder, origin_folder):
        with nginx(origin_folder, 2048, ORIGIN_CORE) as port, \
                serve(args.binary, folder / "data") as service:
            lines = b"".join(f"http://127.0.0.1:{port}/f/{number:06d}.bin\n".encode()
                             for number in range(args.urls))
            link = service.connect()
            link.putrequest("POST", "/v1/jobs")
            link.putheader("Content-Type", "text/plain")
            link.putheader("Content-Length", str(len(lines)))
            link.endheaders()
            started = time.monotonic()
            link.send(lines)
            sent = time.monotonic()
            response = link.getresponse()
            answered = time.monotonic()
            job = json.loads(response.read())
            assert response.status == 202, job
            print(f"sent in {sent - started:.2f} s ({args.urls / (answered - started):,.0f} URLs/s "
                  f"accepted), answered {answered - sent:.3f} s after the last byte")
            if args.finish:
                state = service.wait_done(job["id"])
                print(f"completed after {time.monotonic() - started:.1f} s: {state['counts']}")
            print(f"peak memory {service.memory_kib('VmHWM') / 1024:.1f} MiB")
