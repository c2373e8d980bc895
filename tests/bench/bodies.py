"""Large bodies: four of 500 MB, two at a time.

curl writes files and leaves them to the kernel; we hash, frame and sync what we get. So curl is
measured three times: as it is, followed by the sync that makes its files as durable as ours, and by
the digests that we have of every body. Everybody runs on one core; SHA-256 alone takes 3 ms of it
for a megabyte where the processor has no instructions for it.
"""

import contextlib
import os
import shlex

from contest import ORIGIN_CORE, compare, folders, run, run_service
from origin import nginx

SIZE = 500_000_000


def bodies(args) -> None:
    with folders(args) as (folder, origin_folder), nginx(origin_folder, 2048, ORIGIN_CORE) as port:
        with open(origin_folder / "www" / "big.bin", "wb") as big:
            block = os.urandom(1 << 20)
            for _ in range(SIZE // len(block) + 1):
                big.write(block)
            big.truncate(SIZE)
        n = args.urls
        names = [f"http://127.0.0.1:{port}/big.bin?{number}" for number in range(n)]
        listing = "\n".join(names).encode() + b"\n"
        target = folder / "files"
        outputs = [str(target / str(number)) for number in range(n)]
        curl = ["curl", "-s", "-Z", "--parallel-max", "2", "--create-dirs"]
        for url, output in zip(names, outputs, strict=True):
            curl += ["-o", output, url]

        def fresh(command):
            with contextlib.suppress(FileNotFoundError):
                for path in target.iterdir():
                    path.unlink()
            os.sync()  # what the one before left to the kernel is not this one's burden
            return run(command, n * SIZE // 1_000_000)

        def ours():
            os.sync()
            figure = run_service(args.binary, folder, listing, n, 2, "full", item_options={
                "max_body_bytes": SIZE, "timeouts": {"total": "10m"}}, units=n * SIZE // 1_000_000)
            return figure

        synced = "{} && sync {}".format(shlex.join(curl), shlex.join(outputs))
        compare({
            "curl": lambda: fresh(curl),
            "curl + sync": lambda: fresh(["sh", "-c", synced]),
            "with digests": lambda: fresh(["sh", "-c", synced + " && sha256sum " + shlex.join(outputs)]),
            "fanfetch": ours,
        }, args, "MB")
