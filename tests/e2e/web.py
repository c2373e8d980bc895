"""A real nginx on free ports, over HTTP and HTTPS."""

import contextlib
import pathlib
import random
import socket
import subprocess

from client import eventually

CONFIG = """
daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    types {{ image/svg+xml svg; }}
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{
        listen 127.0.0.1:{plain};
        listen 127.0.0.1:{secure} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        root {root};
        location = /moved.svg {{ return 302 /se.svg; }}
    }}
}}
"""


def free_ports(count: int) -> list[int]:
    """For servers that cannot be given port 0; none that the kernel would give to somebody else."""
    first_given = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    found: set[int] = set()
    while len(found) < count:
        port = random.randrange(first_given // 2, first_given)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found.add(port)
    return list(found)


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    except OSError:
        return False


@contextlib.contextmanager
def nginx(folder: pathlib.Path, root: pathlib.Path, certificate: pathlib.Path, key: pathlib.Path):
    """Serves `root`; yields the addresses of its plain and its secure server."""
    plain, secure = free_ports(2)
    config = folder / "nginx.conf"
    config.write_text(
        CONFIG.format(folder=folder, plain=plain, secure=secure, root=root, certificate=certificate, key=key)
    )
    process = subprocess.Popen(["/usr/sbin/nginx", "-c", str(config), "-p", str(folder)])
    try:
        eventually(lambda: answers(plain) and answers(secure), "nginx")
        yield {"http": f"http://127.0.0.1:{plain}", "https": f"https://127.0.0.1:{secure}"}
    finally:
        process.terminate()
        process.wait()
