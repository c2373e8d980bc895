"""Small files of two hundred hosts, each on an address and with names of its own.

What is measured is everything that belongs to a host: its budget, its connections, its turn. The
names stand in the hosts file of nobody: every program is given addresses.
"""

from contest import AIOHTTP, ORIGIN_CORE, compare, folders, run, run_service
from origin import nginx

HOSTS = 200


def hosts(args) -> None:
    addresses = [f"127.0.{1 + number // 250}.{1 + number % 250}" for number in range(HOSTS)]
    with (folders(args) as (folder, origin_folder),
          nginx(origin_folder, 2048, ORIGIN_CORE, addresses) as port):
        n, c = args.urls, args.concurrency
        names = [f"http://{addresses[number % HOSTS]}:{port}/f/{number:06d}.bin"
                 for number in range(n)]
        listing = "\n".join(names).encode() + b"\n"
        (folder / "urls").write_bytes(listing)
        (folder / "curl.cfg").write_text(
            "".join(f'url = "{url}"\noutput = "/dev/null"\n' for url in names))
        (folder / "aio.py").write_text(AIOHTTP)
        compare({
            "wget2": lambda: run(["wget2", "-q", f"--max-threads={c}", "-O", "/dev/null",
                                  "-i", str(folder / "urls")], n),
            "curl -Z": lambda: run(["curl", "-s", "-Z", "--parallel-max", str(c), "-K",
                                    str(folder / "curl.cfg")], n),
            "aiohttp": lambda: run(["/usr/bin/python3", str(folder / "aio.py"),
                                    str(folder / "urls"), str(c)], n),
            "fanfetch": lambda: run_service(args.binary, folder, listing, n, c, "full"),
        }, args)
