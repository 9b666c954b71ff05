"""The example server `scenarios`, a child process on a free loopback port."""

import os
import pathlib
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUNDLE = os.environ.get("DUBPLATE_SOCKETIO_CLIENT") or str(ROOT / ".build-assets/socket.io.min.js")
START_SECONDS = 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, *arguments):
        self.arguments, self.port, self.process = arguments, free_port(), None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        program = os.environ.get("DUBPLATE_SCENARIOS") or ROOT / ".build/debug/scenarios"
        command = [program, "--port", self.port, "--client-bundle", BUNDLE, *self.arguments]
        self.process = subprocess.Popen(list(map(str, command)))
        deadline = time.monotonic() + START_SECONDS
        while True:
            assert self.process.poll() is None, f"ended with {self.process.returncode}"
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except ConnectionRefusedError:
                assert time.monotonic() < deadline, "doesn't listen"
                time.sleep(0.02)

    def kill(self):
        """As a power cut would: nothing is said to anybody."""
        self.process.kill()
        self.process.wait()

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
