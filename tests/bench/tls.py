"""Over TLS: HTTP/2, kept HTTP/1.1 connections, and a handshake for every URL."""

import contextlib
import pathlib
import re
import subprocess

from contest import CLIENT_CORE, ORIGIN_CORE, Figure, compare, folders, run, run_service
from origin import free_port, load_modules, nginx, wait_for_port

CONFIG = """
{modules}
daemon off;
master_process off;
worker_processes 1;
worker_rlimit_nofile 65536;
pid {folder}/nginx-tls.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    keepalive_requests 10000000;
    keepalive_timeout 300;
    open_file_cache max=2000 inactive=600s;
    open_file_cache_valid 600s;
    default_type application/octet-stream;
    client_body_temp_path {folder}/s1; proxy_temp_path {folder}/s2; fastcgi_temp_path {folder}/s3;
    uwsgi_temp_path {folder}/s4; scgi_temp_path {folder}/s5;
    server {{
        listen 127.0.0.1:{port} ssl http2 backlog=4096;
        ssl_certificate {folder}/tls.pem;
        ssl_certificate_key {folder}/tls.key;
        {extra}
        location ~ ^/f/\\d*(\\d\\d\\d)\\.bin$ {{ alias {folder}/www/f/$1.bin; }}
    }}
}}
"""


@contextlib.contextmanager
def tls_nginx(folder: pathlib.Path, core: int, port: int, extra: str = "", modules=()):
    """Serves what the plain nginx of `folder` serves; its certificate is `folder`/tls.pem."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", "tls.key", "-out", "tls.pem", "-days", "2", "-subj", "/CN=origin",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    config = folder / "nginx-tls.conf"
    config.write_text(CONFIG.format(
        folder=folder, port=port, extra=extra, modules=load_modules(modules)))
    process = subprocess.Popen(
        ["taskset", "-c", str(core), "/usr/sbin/nginx", "-c", str(config), "-p", str(folder)],
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_port(port)
        yield f"https://127.0.0.1:{port}/f/"
    finally:
        process.terminate()
        process.wait()


def tls(args) -> None:
    """Kept connections. One of HTTP/2 carries all of h2load's streams, too."""
    with (folders(args) as (folder, origin_folder), nginx(origin_folder, 2048, ORIGIN_CORE),
          tls_nginx(origin_folder, ORIGIN_CORE, free_port()) as base):
        n, c = args.urls, args.concurrency
        listing = "".join(f"{base}{number:06d}.bin\n" for number in range(n)).encode()
        first = f"{base}000000.bin"
        trust = {"fetch__ca_file": origin_folder / "tls.pem"}
        compare({
            "h2load h2": lambda: run(["h2load", "-t1", "-c1", f"-m{c}", f"-n{n}", first], n),
            "h2load 1.1": lambda: run(["h2load", "--h1", "-t1", f"-c{c}", f"-n{n}", first], n),
            "fanfetch": lambda: run_service(
                args.binary, folder, listing, n, c, "full", "2", **trust),
            "fanfetch 1.1": lambda: run_service(
                args.binary, folder, listing, n, c, "full", "1.1", **trust),
        }, args)


FRESH = "keepalive_requests 1; ssl_session_tickets off; ssl_session_cache off;"


def s_time(base: str, pem: pathlib.Path) -> Figure:
    """Handshakes a second of OpenSSL's own client, verified, one after the other."""
    address = base.split("/")[2]
    command = ["taskset", "-c", str(CLIENT_CORE), "openssl", "s_time", "-new", "-time", "4",
               "-connect", address, "-CAfile", str(pem), "-verify", "2"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    count, cpu = re.search(r"(\d+) connections in ([\d.]+)s", text).groups()
    real = re.search(r"(\d+) connections in (\d+) real seconds", text).group(2)
    return Figure(int(count), float(real), float(cpu), 0)


def handshakes(args) -> None:
    """A connection, a full handshake and a verified certificate for every URL."""
    with (folders(args) as (folder, origin_folder), nginx(origin_folder, 2048, ORIGIN_CORE),
          tls_nginx(origin_folder, ORIGIN_CORE, free_port(), FRESH) as base):
        n, c = args.urls, args.concurrency
        names = [f"{base}{number:06d}.bin" for number in range(n)]
        listing = "\n".join(names).encode() + b"\n"
        pem = origin_folder / "tls.pem"
        (folder / "curl.cfg").write_text(
            "".join(f'url = "{url}"\noutput = "/dev/null"\n' for url in names))
        compare({
            "openssl": lambda: s_time(base, pem),
            "h2load": lambda: run(["h2load", "--h1", "-t1", f"-c{n // 4}", f"-n{n // 4}",
                                   names[0]], n // 4),
            "curl -Z": lambda: run(["curl", "-s", "-Z", "--parallel-max", str(c), "--http1.1",
                                    "--no-sessionid", "--cacert", str(pem),
                                    "-K", str(folder / "curl.cfg")], n),
            "fanfetch": lambda: run_service(args.binary, folder, listing, n, c, "full", "1.1",
                                            fetch__ca_file=pem),
        }, args)
