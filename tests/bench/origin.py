"""A real nginx on a free port, for benchmarks: 2 KiB files, kept connections, one core.

Any number of URLs is served from a thousand files, by the last three digits: so many stay open
within any limit, and nginx has nothing to do but to send.
"""

import asyncio
import contextlib
import pathlib
import socket
import subprocess
import threading
import time

CONFIG = """
{modules}
daemon off;
master_process off;
worker_processes 1;
worker_rlimit_nofile 65536;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    keepalive_timeout 300;
    open_file_cache max=2000 inactive=600s;
    open_file_cache_valid 600s;
    default_type application/octet-stream;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{
        {listen}
        root {folder}/www;
        {extra}
        location ~ ^/f/\\d*(\\d\\d\\d)\\.bin$ {{ alias {folder}/www/f/$1.bin; }}
    }}
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port: int, address: str = "127.0.0.1", limit_s: float = 10) -> None:
    end = time.monotonic() + limit_s
    while True:
        try:
            socket.create_connection((address, port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def load_modules(names) -> str:
    return "".join(f"load_module /usr/lib/nginx/modules/ngx_http_{name}_module.so;\n"
                   for name in names)


@contextlib.contextmanager
def nginx(folder: pathlib.Path, size: int, core: int, addresses=("127.0.0.1",), extra: str = "",
          modules=()):
    """Yields the port. Serves /f/NUMBER.bin, each of `size` bytes, on every address."""
    www = folder / "www" / "f"
    www.mkdir(parents=True)
    for number in range(1000):
        block = f"{number:03d} ".encode() * (size // 4 + 1)
        (www / f"{number:03d}.bin").write_bytes(block[:size])
    port = free_port()
    config = folder / "nginx.conf"
    listen = " ".join(f"listen {address}:{port} backlog=4096;" for address in addresses)
    config.write_text(CONFIG.format(
        folder=folder, listen=listen, extra=extra, modules=load_modules(modules)))
    process = subprocess.Popen(
        ["taskset", "-c", str(core), "/usr/sbin/nginx", "-c", str(config), "-p", str(folder)],
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_port(port, addresses[0])
        yield port
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def slow(delay_s: float, answered: dict[str, float] | None = None):
    """An origin that takes its time over every answer; its port.

    `answered` is told when each path was answered, on the clock of time.perf_counter.
    """
    started = threading.Event()
    at: dict = {}

    async def answer(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await asyncio.sleep(delay_s)
                if answered is not None:
                    answered[head.split(b" ", 2)[1].decode()] = time.perf_counter()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
                await writer.drain()
        writer.close()

    async def serve():
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        at.update(port=server.sockets[0].getsockname()[1], loop=asyncio.get_running_loop(),
                  over=asyncio.Event())
        started.set()
        await at["over"].wait()
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    started.wait()
    try:
        yield at["port"]
    finally:
        at["loop"].call_soon_threadsafe(at["over"].set)
        thread.join()
