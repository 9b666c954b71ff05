"""What was acknowledged is kept: through a locked database, a full disk, a kill; and a data folder that lost its database says so."""

import contextlib
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys

import pytest

from conftest import eventually
from listener import listening
from test_faults import can_mount

WEBSOCKET = {"transports": ["websocket"]}


READ = """import sqlite3, sys
database = sqlite3.connect(f"file:{sys.argv[1]}/dubplate.db?mode=ro", uri=True, timeout=10)
print((database.execute("SELECT length(body) FROM playback_sessions").fetchone() or (0,))[0])"""
# What an item takes at least in a stored queue: its track's id, in quotes.
ITEM_BYTES = 17


def stored_bytes(server):
    """Of the session that the database has of the listener, seen from where the server is; 0 for none."""
    command = [*server.wrap, sys.executable, "-c", READ, str(server.data)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@contextlib.contextmanager
def locked(data):
    """Holds the database's write lock, as a backup or an administrator's program may."""
    with contextlib.closing(sqlite3.connect(f"{data}/dubplate.db", timeout=30, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            database.execute("ROLLBACK")


def queue_of(server, since=None):
    """The queue that a new device is told."""
    with listening(server, deviceId="eyes", **WEBSOCKET) as eyes:
        return eyes.wait_for("queue_update", where=lambda update: update["reason"] == "hello")["total"]


@pytest.fixture
def wanted(music):
    return ["Odd FLAC", "Odd 48k", "Blip"]


def test_what_a_locked_database_refused_is_written_once_it_is_free(fresh_server, wanted):
    server = fresh_server().start()
    tracks = server.wait_tracks(*wanted)
    with listening(server, deviceId="desk", **WEBSOCKET) as desk:
        with locked(server.data):
            desk.ok("queue_set", {"tracks": [tracks[title]["id"] for title in wanted], "play": False})
            eventually(lambda: "sessions can't be kept" in server.log(), "the refusal is reported")
        # Nobody does anything more: it is written again by itself.
        eventually(lambda: stored_bytes(server), "the queue is written")
        server.stop(signal.SIGKILL)
    server.start()
    assert queue_of(server) == len(wanted)
    assert server.stop() == 0


def test_the_end_of_the_server_waits_for_a_lock_that_is_given_back(fresh_server, wanted):
    server = fresh_server().start()
    tracks = server.wait_tracks(*wanted)
    with listening(server, deviceId="desk", **WEBSOCKET) as desk:
        with locked(server.data):
            desk.ok("queue_set", {"tracks": [tracks[title]["id"] for title in wanted], "play": False})
            server.process.send_signal(signal.SIGTERM)
            eventually(lambda: "going down" in server.log(), "it goes down")
        assert server.stop() == 0
    server.start()
    assert queue_of(server) == len(wanted)
    assert server.stop() == 0


class SmallDisk:
    """A file system of some megabytes in a mount namespace of its own, with a server's data on it."""

    def __init__(self, data, megabytes):
        self.mount = data.parent / "disk"
        self.mount.mkdir()
        flags = [] if os.geteuid() == 0 else ["-r"]
        script = 'mount -t tmpfs -o "size=$2m,mode=700" tmpfs "$0" && cp -a "$1/." "$0" && echo ready && exec cat'
        self.holder = subprocess.Popen(
            ["unshare", *flags, "-m", "sh", "-c", script, str(self.mount), str(data), str(megabytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.holder.stdout.readline() == "ready\n"
        enter = ["-U", "--preserve-credentials"] if flags else []
        self.wrap = ("nsenter", "-t", str(self.holder.pid), *enter, "-m", "--")
        # The same folder, seen from here.
        self.inside = f"/proc/{self.holder.pid}/root{self.mount}"

    def fill(self):
        """Takes every byte that is left."""
        with open(f"{self.inside}/filler", "ab", buffering=0) as filler:
            for size in (1 << 16, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while True:
                        filler.write(bytes(size))

    def free(self):
        os.unlink(f"{self.inside}/filler")

    def segments(self):
        return sum(name.endswith(".seg") for _, _, names in os.walk(f"{self.inside}/segments") for name in names)

    def close(self):
        self.holder.stdin.close()
        self.holder.wait()


@pytest.fixture
def small_disk(fresh_server):
    """Makes servers whose data lies on a small disk."""
    disks = []

    def make(megabytes, **options):
        if not can_mount() or shutil.which("nsenter") is None:
            pytest.skip("a small file system can't be mounted here, not even in a namespace of its own")
        server = fresh_server(**options)
        disks.append(SmallDisk(server.data, megabytes))
        server.data, server.wrap = disks[-1].mount, disks[-1].wrap
        return server, disks[-1]

    yield make
    for disk in disks:
        disk.close()


def test_segments_give_way_before_the_database_does_and_a_full_disk_is_no_obstacle_to_a_start(small_disk, wanted):
    server, disk = small_disk(24)
    server.start()
    tracks = server.wait_tracks("Long", *wanted)
    with listening(server, deviceId="desk", bufferSeconds=60, **WEBSOCKET) as desk:
        desk.ok("play_track", {"trackId": tracks["Long"]["id"], "quality": "lossless"})
        eventually(lambda: disk.segments() > 12, "segments are kept")
        desk.ok("stop_track")
        disk.fill()
        kept = disk.segments()
        many = [tracks[title]["id"] for title in wanted] * 500
        desk.ok("queue_set", {"tracks": many, "play": False})
        eventually(lambda: stored_bytes(server) > ITEM_BYTES * len(many), "the queue is written")
        disk.fill()
        server.stop(signal.SIGKILL)
    disk.fill()
    server.start()
    assert queue_of(server) == len(many)
    assert disk.segments() < kept
    assert server.stop() == 0


def test_a_queue_set_on_a_full_disk_is_written_once_there_is_room(small_disk, wanted):
    server, disk = small_disk(8)
    server.start()
    tracks = server.wait_tracks(*wanted)
    with listening(server, deviceId="desk", **WEBSOCKET) as desk:
        disk.fill()
        # Of many sizes, so that what the log of the database has room for is passed.
        for length in range(1, 9_000, 1_000):
            many = [tracks[title]["id"] for title in wanted] * (length // 3 + 1)
            desk.ok("queue_set", {"tracks": many, "play": False})
        eventually(lambda: "can't be kept" in server.log(), "the refusal is reported", patience=30)
        disk.free()
        eventually(lambda: stored_bytes(server) > ITEM_BYTES * len(many), "the queue is written")
        server.stop(signal.SIGKILL)
    server.start()
    assert queue_of(server) == len(many)
    assert server.stop() == 0


def lose(path, how):
    if how == "missing":
        path.unlink()
    else:
        os.truncate(path, 0 if how == "empty" else path.stat().st_size // 2 // 4096 * 4096)


@pytest.mark.parametrize("how", ["missing", "empty", "cut"])
def test_a_lost_database_is_an_error_that_says_what_to_do(fresh_server, how):
    server = fresh_server().start()
    assert server.stop() == 0
    lose(server.data / "dubplate.db", how)
    left = sorted(server.data.iterdir())
    server.spawn()
    assert server.process.wait(timeout=60) == 1
    server.process = None
    line = next(line for line in server.log().splitlines() if "dubplate.db" in line)
    assert "--init" in line and "backup" in line
    # Nothing is made in its place, by no command.
    for arguments in (("user", "list"), ("analyse",)):
        done = server.run(*arguments, "--data", server.data)
        assert done.returncode == 1 and "--init" in done.stderr, done
    assert [path for path in sorted(server.data.iterdir()) if path not in left] == []
    if how == "cut":
        return
    server.arguments = ("--init",)
    server.start()
    assert server.stop() == 0
    server.arguments = ()
    server.start()
    assert server.stop() == 0


def test_everything_in_the_data_folder_is_its_owners_alone_whatever_the_umask(fresh_server, wanted):
    server = fresh_server()
    server.wrap = ("sh", "-c", 'umask 000; chmod 755 "$0"; chmod 644 "$0/dubplate.db"; exec "$@"', str(server.data))
    server.start()
    tracks = server.wait_tracks(*wanted)
    with listening(server, bufferSeconds=60, **WEBSOCKET) as listener:
        listener.wait_ended(listener.ok("play_track", {"trackId": tracks["Odd FLAC"]["id"]})["streamId"])
        eventually(lambda: list(server.data.glob("segments/**/*.seg")), "a segment is kept")
        for folder, _, names in os.walk(server.data):
            assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700, folder
            for name in names:
                with contextlib.suppress(FileNotFoundError):  # a file under a passing name
                    assert stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) == 0o600, name
    assert server.stop() == 0
