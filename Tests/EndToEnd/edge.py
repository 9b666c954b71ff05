"""The nginx of Docs/operations.md, on loopback and without TLS, in front of a server."""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import time

import requests

from conftest import ROOT, free_port

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or str(ROOT / ".build-assets/nginx")
IS_INSTALLED = pathlib.Path(NGINX).exists()


class Edge:
    """The document's own configuration, with nothing changed but places, and what a test wants to see in a header."""

    def __init__(self, server, folder):
        self.folder, self.port = pathlib.Path(folder), free_port()
        self.cache = self.folder / "cache"
        config = re.search(r"```nginx\n(.*?)```", (ROOT / "Docs/operations.md").read_text(), re.S).group(1)
        for old, new in (
            ("/var/cache/nginx/dubplate", str(self.cache)),
            ("127.0.0.1:3001", f"127.0.0.1:{server.port}"),
            ("listen 443 ssl", f"listen 127.0.0.1:{self.port}"),
            ("proxy_cache dubplate;", "proxy_cache dubplate; add_header X-Cache $upstream_cache_status always;"),
        ):
            assert old in config, old
            config = config.replace(old, new)
        user = "user root;" if os.geteuid() == 0 else ""
        folders = " ".join(
            f"{name}_temp_path {self.folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        file = self.folder / "nginx.conf"
        file.write_text(
            f"{user} daemon off; pid {self.folder}/pid; error_log {self.folder}/error.log; events {{}}\n"
            f"http {{ access_log off; {folders}\n{config}\n}}\n"
        )
        self.process = subprocess.Popen([NGINX, "-c", str(file), "-e", f"{self.folder}/start.log"])

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"http://{self.host}"

    def wait(self):
        deadline = time.monotonic() + 60
        while True:
            logs = "".join(log.read_text() for log in self.folder.glob("*.log"))
            assert self.process.poll() is None and time.monotonic() < deadline, logs
            try:
                requests.get(f"{self.url}/healthz", timeout=5)
                return self
            except requests.ConnectionError:
                time.sleep(0.02)

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def ask(self, target, *fields, method="GET"):
        """Sends a request whose target is taken as it stands, and returns the status, the head and the body."""
        lines = [f"{method} ".encode() + target + b" HTTP/1.1", f"Host: {self.host}".encode(), b"Connection: close", *fields]
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as raw:
            raw.sendall(b"\r\n".join(lines) + b"\r\n\r\n")
            received = b""
            while not self._is_whole(received) and (piece := raw.recv(1 << 18)):
                received += piece
        head, _, body = received.partition(b"\r\n\r\n")
        return int(head.split()[1]), head.lower(), body

    @staticmethod
    def _is_whole(received):
        head, end, body = received.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: *(\d+)", head.lower())
        return end and (head.split()[1] == b"204" or (length and len(body) >= int(length.group(1))))

    def kept(self):
        """What is in the cache: a body for each key."""
        bodies = {}
        for file in self.cache.rglob("*"):
            if file.is_file():
                entry = file.read_bytes()
                key = re.search(rb"\nKEY: (.*?)\n", entry).group(1)
                # A file is written beside its place and renamed into it: it's here twice for nobody.
                assert key not in bodies, key
                bodies[key.decode(errors="replace")] = entry.partition(b"\r\n\r\n")[2]
        return bodies
