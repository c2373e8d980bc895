"""Real web servers on free ports: each serves one directory over IPv4, IPv6, TLS 1.2 and TLS 1.3.

`/moved` leads to `/small.txt`; HTML is compressed where the server can.
"""

import contextlib
import dataclasses
import os
import pathlib
import shutil
import socket
import subprocess
import sys

import pytest

import web
from client import eventually


@dataclasses.dataclass
class Site:
    """Where a server can be reached, and what it is able to do."""

    plain: str
    plain_v6: str
    tls12: str
    tls13: str
    ranges: bool = True
    gzip: bool = True


@dataclasses.dataclass
class Stage:
    """What a server is started with."""

    folder: pathlib.Path  # its own
    root: pathlib.Path  # what it serves
    certificate: pathlib.Path
    key: pathlib.Path

    def write(self, name: str, text: str) -> pathlib.Path:
        path = self.folder / name
        path.write_text(text)
        return path


def ports_of_site() -> tuple[list[int], Site]:
    ports = web.free_ports(3)
    plain, tls12, tls13 = ports
    return ports, Site(
        f"http://127.0.0.1:{plain}", f"http://[::1]:{plain}",
        f"https://127.0.0.1:{tls12}", f"https://127.0.0.1:{tls13}",
    )  # fmt: skip


@contextlib.contextmanager
def running(command: list, ports: list[int], log: pathlib.Path, **options):
    if not shutil.which(str(command[0]), path="/usr/sbin:/usr/bin:/sbin:/bin"):
        pytest.skip(f"{command[0]} is not installed")
    with log.open("wb") as out:
        process = subprocess.Popen(list(map(str, command)), stdout=out, stderr=out, **options)
    try:
        def up():
            assert process.poll() is None, f"{command[0]} ended: {log.read_text()[-2000:]}"
            return all(web.answers(port) for port in ports)

        eventually(up, str(command[0]))
        yield
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def nginx(stage: Stage):
    ports, site = ports_of_site()
    plain, tls12, tls13 = ports
    temporary = "".join(
        f"{kind}_temp_path {stage.folder}/{kind}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )

    def server(port: int, version: str) -> str:
        return f"""
    server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {stage.certificate}; ssl_certificate_key {stage.key};
        ssl_protocols {version}; root {stage.root}; location = /moved {{ return 302 /small.txt; }} }}"""

    config = stage.write("nginx.conf", f"""
daemon off; master_process off; pid {stage.folder}/pid; error_log {stage.folder}/error.log crit;
events {{ worker_connections 512; }}
http {{ access_log off; {temporary}
    types {{ text/html html; }} gzip on; gzip_min_length 1; absolute_redirect off;
    server {{ listen 127.0.0.1:{plain}; listen [::1]:{plain}; root {stage.root};
        location = /moved {{ return 302 /small.txt; }} }}
    {server(tls12, "TLSv1.2")} {server(tls13, "TLSv1.3")}
}}
""")  # fmt: skip
    with running(["/usr/sbin/nginx", "-c", config, "-p", stage.folder], ports, stage.folder / "log"):
        yield site


@contextlib.contextmanager
def apache(stage: Stage):
    ports, site = ports_of_site()
    plain, tls12, tls13 = ports
    modules = "/usr/lib/apache2/modules"
    names = ("mpm_event", "authz_core", "mime", "alias", "filter", "deflate", "ssl")
    built_in = subprocess.run(["/usr/sbin/apache2", "-l"], capture_output=True, text=True).stdout if (
        shutil.which("/usr/sbin/apache2")
    ) else ""  # fmt: skip
    load = "\n".join(
        f"LoadModule {name}_module {modules}/mod_{name}.so" for name in names
        if f"mod_{name}.c" not in built_in and f"{name}.c" not in built_in
    )  # fmt: skip

    def secure(port: int, version: str) -> str:
        return f"""
<VirtualHost 127.0.0.1:{port}>
    SSLEngine on
    SSLProtocol -all +{version}
    SSLCertificateFile {stage.certificate}
    SSLCertificateKeyFile {stage.key}
</VirtualHost>"""

    config = stage.write("apache.conf", f"""
ServerRoot {stage.folder}
PidFile {stage.folder}/pid
DefaultRuntimeDir {stage.folder}
ErrorLog {stage.folder}/error.log
ServerName localhost
{load}
Listen 127.0.0.1:{plain}
Listen [::1]:{plain}
Listen 127.0.0.1:{tls12}
Listen 127.0.0.1:{tls13}
TypesConfig /dev/null
AddType text/html .html
AddOutputFilterByType DEFLATE text/html
DocumentRoot {stage.root}
Redirect 302 /moved /small.txt
<Directory {stage.root}>
    Require all granted
</Directory>
{secure(tls12, "TLSv1.2")}
{secure(tls13, "TLSv1.3")}
""")  # fmt: skip
    command = ["/usr/sbin/apache2", "-f", config, "-X"]
    with running(command, ports, stage.folder / "log"):
        yield site


@contextlib.contextmanager
def caddy(stage: Stage):
    ports, site = ports_of_site()
    plain, tls12, tls13 = ports
    inside = f"root * {stage.root}\n redir /moved /small.txt 302\n encode gzip\n file_server"

    def secure(port: int, version: str) -> str:
        return f"""
https://127.0.0.1:{port} {{
 tls {stage.certificate} {stage.key} {{
  protocols {version} {version}
 }}
 {inside}
}}"""

    config = stage.write("Caddyfile", f"""
{{
 admin off
 auto_https off
 default_sni 127.0.0.1
}}
http://127.0.0.1:{plain}, http://[::1]:{plain} {{
 bind 127.0.0.1 ::1
 {inside}
}}
{secure(tls12, "tls1.2")}
{secure(tls13, "tls1.3")}
""")  # fmt: skip
    command = ["caddy", "run", "--config", config, "--adapter", "caddyfile"]
    home = {**os.environ, "HOME": str(stage.folder), "XDG_DATA_HOME": str(stage.folder)}
    with running(command, ports, stage.folder / "log", env=home):
        yield site


@contextlib.contextmanager
def haproxy(stage: Stage):
    """In front of an nginx."""
    ports, site = ports_of_site()
    plain, tls12, tls13 = ports
    (stage.folder / "behind").mkdir()
    pem = stage.write("both.pem", stage.certificate.read_text() + stage.key.read_text())
    with nginx(dataclasses.replace(stage, folder=stage.folder / "behind")) as behind:
        config = stage.write("haproxy.cfg", f"""
global
    maxconn 256
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend plain
    bind 127.0.0.1:{plain}
    bind [::1]:{plain}
    default_backend site
frontend tls12
    bind 127.0.0.1:{tls12} ssl crt {pem} ssl-min-ver TLSv1.2 ssl-max-ver TLSv1.2
    default_backend site
frontend tls13
    bind 127.0.0.1:{tls13} ssl crt {pem} ssl-min-ver TLSv1.3 ssl-max-ver TLSv1.3
    default_backend site
backend site
    server nginx {behind.plain.removeprefix("http://")}
""")  # fmt: skip
        with running(["/usr/sbin/haproxy", "-f", config, "-db"], ports, stage.folder / "log"):
            yield site


PYTHON = """
import http.server, socket, ssl, sys, threading

root, certificate, key, plain, tls12, tls13 = sys.argv[1:]

class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def __init__(self, *rest):
        super().__init__(*rest, directory=root)
    def do_GET(self):
        if self.path != "/moved":
            return super().do_GET()
        self.send_response(302)
        self.send_header("Location", "/small.txt")
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *rest):
        pass

class V6(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6

def serve(server, version=None):
    if version:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = context.maximum_version = version
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()

serve(http.server.ThreadingHTTPServer(("127.0.0.1", int(plain)), Handler))
serve(V6(("::1", int(plain)), Handler))
serve(http.server.ThreadingHTTPServer(("127.0.0.1", int(tls12)), Handler), ssl.TLSVersion.TLSv1_2)
serve(http.server.ThreadingHTTPServer(("127.0.0.1", int(tls13)), Handler), ssl.TLSVersion.TLSv1_3)
threading.Event().wait()
"""


@contextlib.contextmanager
def python(stage: Stage):
    """http.server of Python's standard library."""
    ports, site = ports_of_site()
    script = stage.write("server.py", PYTHON)
    command = [sys.executable, script, stage.root, stage.certificate, stage.key, *ports]
    with running(command, ports, stage.folder / "log"):
        yield dataclasses.replace(site, ranges=False, gzip=False)


SERVERS = {"nginx": nginx, "apache": apache, "caddy": caddy, "haproxy": haproxy, "python": python}


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False
