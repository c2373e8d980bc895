"""Over TLS: HTTP/2 and kept HTTP/1.1 connections against h2load on the same nginx."""

import contextlib
import pathlib
import subprocess

CONFIG = """
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
        location ~ ^/f/\\d*(\\d\\d\\d)\\.bin$ {{ alias {folder}/www/f/$1.bin; }}
    }}
}}
"""


@contextlib.contextmanager
def tls_nginx(folder: pathlib.Path, core: int, port: int, wait_for_port):
    """Serves what the plain nginx of `folder` serves; its certificate is `folder`/tls.pem."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", "tls.key", "-out", "tls.pem", "-days", "2", "-subj", "/CN=origin",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    config = folder / "nginx-tls.conf"
    config.write_text(CONFIG.format(folder=folder, port=port))
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
