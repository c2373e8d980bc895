"""squid as the operator's proxy: on a port of its own, without a cache, with a log to look at."""

import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile

import client


class Squid:
    def __init__(self, hosts: str = ""):
        # Started by root it becomes the user proxy, who may not go where a test's files usually are.
        self._folder = tempfile.TemporaryDirectory(prefix="fanfetch-squid-")
        folder = pathlib.Path(self._folder.name)
        folder.chmod(0o777)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = folder / "access.log"
        (folder / "hosts").write_text(hosts)
        (folder / "squid.conf").write_text(f"""
http_port 127.0.0.1:{self.port}
http_access allow all
cache deny all
cache_mem 8 MB
hosts_file {folder}/hosts
access_log stdio:{self.log}
cache_log {folder}/cache.log
pid_filename none
coredump_dir {folder}
visible_hostname proxy.test
dns_nameservers 127.0.0.1
dns_timeout 2 seconds
connect_timeout 3 seconds
shutdown_lifetime 1 seconds
logfile_rotate 0
strip_query_terms off
""")
        program = shutil.which("squid") or "/usr/sbin/squid"
        self.process = subprocess.Popen(
            [program, "-N", "-f", folder / "squid.conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        client.eventually(self._answers, "squid")

    def _answers(self) -> bool:
        assert self.process.poll() is None, "squid did not start"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def requests(self) -> list[str]:
        """What it was asked for: "CONNECT 127.0.0.1:443"."""
        if not self.log.exists():
            return []
        lines = [line.split() for line in self.log.read_text().splitlines()]
        return [f"{fields[5]} {fields[6]}" for fields in lines if len(fields) > 6]

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=client.LIMIT_S)
        self._folder.cleanup()
