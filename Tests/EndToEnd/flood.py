"""One user's devices that command as fast as the server takes it, in a process of their own: who floods has no time to answer the
pings of others.

`python flood.py PORT TOKEN KIND SECONDS` prints `ready` when all devices are connected, floods, and prints what came of it as JSON.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import time

from crowd import PATIENCE, Device, open_all

SOCKETS = 64

# What a flood is made of: events that cost the server something, cheap to send.
KINDS = {
    "settings": lambda n: ("device_settings", {"name": f"name {n}"}),
    "volume": lambda n: ("volume_change", {"volume": n % 100 / 100}),
    "shuffle": lambda n: ("shuffle_change", {"shuffle": n % 2 == 0}),
    "nonsense": lambda n: ("no_such_event", {"n": n}),
    "lists": lambda n: ("device_list", {}),
    "plays": lambda n: ("play_track", {"trackId": f"nothing-{n}"}),
    "everything": lambda n: [
        ("device_settings", {"name": f"name {n}"}), ("queue_get", {"limit": 500}), ("group_join", {}),
        ("group_leave", {}), ("queue_add", {"tracks": [f"t{n}"] * 20}), ("clock_sync", {"t0": n}),
    ][n % 6],
}  # fmt: skip


class Flood:
    """A flood in a process of its own, begun when this is made: `result` is what came of it."""

    def __init__(self, server, token, kind, seconds):
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(server.port), token, kind, str(seconds)], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout.readline() == "ready\n", "the flood's devices were not let in"

    def over(self):
        return self.process.poll() is not None

    def result(self):
        """`seconds` it took; `sent` commands; `done` of them were carried out; `told`, a number a device, of device updates."""
        output, _ = self.process.communicate(timeout=PATIENCE * 2)
        assert self.process.returncode == 0, f"the flood ended with {self.process.returncode}"
        return json.loads(output)


async def pour(device, kind, until):
    """As fast as the server takes it: a few megabytes at most wait in this process and the kernel."""
    number = 0
    with contextlib.suppress(ConnectionError, TimeoutError):  # thrown off, or the server takes nothing any more
        while time.monotonic() < until and not device.ended:
            for _ in range(50):
                device.send(*KINDS[kind](number))
                number += 1
            await asyncio.wait_for(device.writer.drain(), max(0.05, until - time.monotonic()))
            await asyncio.sleep(0)
    return number


async def main(port, token, kind, seconds):
    devices = await open_all(Device(port, token, deviceId=f"g{n}") for n in range(SOCKETS))
    print("ready", flush=True)
    start = time.monotonic()
    before = [device.heard.get("device_update", 0) for device in devices]
    sent = await asyncio.gather(*(pour(device, kind, start + seconds) for device in devices))
    print(json.dumps({
        "seconds": time.monotonic() - start,
        "sent": sum(sent),
        "done": sum(1 for device in devices for answer in device.acks.values() if answer.get("ok")),
        "told": [device.heard.get("device_update", 0) - former for device, former in zip(devices, before)],
    }))  # fmt: skip


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4])))
