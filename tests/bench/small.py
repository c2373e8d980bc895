"""Small files of one host: a hundred thousand of 2 KiB."""

from contest import AIOHTTP, ORIGIN_CORE, compare, folders, run, run_service, run_wrk
from origin import nginx


def small(args) -> None:
    with folders(args) as (folder, origin_folder), nginx(origin_folder, 2048, ORIGIN_CORE) as port:
        base = f"http://127.0.0.1:{port}/f/"
        names = [f"{base}{number:06d}.bin" for number in range(args.urls)]
        listing = "\n".join(names).encode() + b"\n"
        (folder / "urls").write_bytes(listing)
        (folder / "some").write_text("\n".join(names[:1000]) + "\n")
        (folder / "curl.cfg").write_text(
            "".join(f'url = "{url}"\noutput = "/dev/null"\n' for url in names))
        (folder / "aio.py").write_text(AIOHTTP)
        n, c = args.urls, args.concurrency
        older = {"fanfetch before": lambda: run_service(args.before, folder, listing, n, c, "full")}
        compare({
            "wrk": lambda: run_wrk(port, c),
            "h2load": lambda: run(["h2load", "--h1", "-t1", f"-c{c}", f"-n{n}", names[0]], n),
            "wget2": lambda: run(["wget2", "-q", f"--max-threads={c}", "-O", "/dev/null",
                                  "-i", str(folder / "urls")], n),
            "curl -Z": lambda: run(["curl", "-s", "-Z", "--parallel-max", str(c), "-K",
                                    str(folder / "curl.cfg")], n),
            "aiohttp": lambda: run(["/usr/bin/python3", str(folder / "aio.py"),
                                    str(folder / "urls"), str(c)], n),
            "aria2 (1,000)": lambda: run(
                ["aria2c", "-q", f"-j{c}", "-d", str(folder / "aria"), "--allow-overwrite=true",
                 "--file-allocation=none", "-i", str(folder / "some")], 1000),
            "fanfetch": lambda: run_service(args.binary, folder, listing, n, c, "full"),
            "fanfetch os": lambda: run_service(args.binary, folder, listing, n, c, "os"),
        } | (older if args.before else {}), args)
