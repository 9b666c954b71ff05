"""What goes wrong around a server: it says so with a stable code, and nobody else is the worse for it."""

import os
import shutil
import signal
import socket
import subprocess
import base64
import struct

import numpy
import pytest
import requests

import sound
from listener import listening

WEBSOCKET = {"transports": ["websocket"]}


def resident_bytes(server):
    with open(f"/proc/{server.pid}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


class DeafClient:
    """A WebSocket client that asks for much and never reads: it speaks just enough of RFC 6455 to ask."""

    def __init__(self, server, user, track, quality):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(20)
        self.socket.connect(("127.0.0.1", server.port))
        request = (
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
            "Host: 127.0.0.1",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        )
        self.socket.sendall(("\r\n".join(request) + "\r\n\r\n").encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.socket.recv(256)
        assert answer.startswith(b"HTTP/1.1 101"), answer
        self.say('40{"token":"%s","bufferSeconds":120}' % server.token(user))
        self.say('42["play_track",{"trackId":"%s","quality":"%s"}]' % (track["id"], quality))

    def say(self, text):
        data, mask = text.encode(), os.urandom(4)
        length = struct.pack("!B", 0x80 | len(data)) if len(data) < 126 else struct.pack("!BH", 0x80 | 126, len(data))
        self.socket.sendall(b"\x81" + length + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data)))

    def close(self):
        self.socket.close()


def test_clients_that_never_read_cost_little_and_disturb_nobody(server, tracks):
    with listening(
        server, bufferSeconds=120, **WEBSOCKET
    ) as listener:  # everything is encoded once, before memory is looked at
        stream = listener.ok("play_track", {"trackId": tracks["Long"]["id"], "quality": "lossless"})["streamId"]
        listener.wait_for("audio_chunk", where=lambda chunk: chunk["position"] > 115, timeout=120)
        listener.ok("stop_track")
        sent = sum(len(chunk["data"]) for chunk in listener.chunks if chunk["streamId"] == stream)
    # Each its own account: of one account's devices only the last one plays, and which that is nobody can know.
    users = [f"deaf-{number}" for number in range(20)]
    for user in users:
        server.add_user(user, "premium")
        server.token(user)
    before = resident_bytes(server)
    deaf = [DeafClient(server, user, tracks["Long"], "lossless") for user in users]
    try:
        with listening(server, bufferSeconds=1, **WEBSOCKET) as listener:
            listener.ok("play_track", {"trackId": tracks["Long"]["id"], "quality": "lossless"})
            listener.wait_for("audio_chunk", where=lambda chunk: chunk["position"] > 4)
            for chunk in listener.chunks:
                late = chunk["timestamp"] / 1000 - chunk["position"]
                assert late < 0.5, f"chunk {chunk['seq']} came {late:.2f} s after its time"
            grown = resident_bytes(server) - before
            assert grown < 20 * sent / 4, f"{grown} bytes for 20 deaf clients that asked for {sent} each"
    finally:
        for client in deaf:
            client.close()
    with listening(server, bufferSeconds=120, **WEBSOCKET) as listener:
        listener.wait_ended(listener.ok("play_track", {"trackId": tracks["Blip"]["id"]})["streamId"])


def test_readers_of_a_file_that_never_read_share_its_bytes(server, tracks):
    path = server.post("/api/v1/stream/start", {"trackId": tracks["Long"]["id"]}).json()["urls"]["aac-192"]
    # Everything is encoded once, before memory is looked at.
    length = len(requests.get(server.url + path, timeout=120).content)
    before, readers = resident_bytes(server), []
    try:
        for _ in range(60):
            readers.append(socket.socket())
            readers[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            readers[-1].settimeout(60)
            readers[-1].connect(("127.0.0.1", server.port))
            readers[-1].sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        for reader in readers:
            assert reader.recv(12) == b"HTTP/1.1 200"
        # Another is sent all of it meanwhile.
        assert len(requests.get(server.url + path, timeout=60).content) == length
        grown = resident_bytes(server) - before
        assert grown < 60 * 500_000, f"{grown} bytes for 60 readers of {length}"
    finally:
        for reader in readers:
            reader.close()


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "9",
        "42",
        "42{",
        '42["a"',
        "4",
        "45-",
        "4599999999999-[]",
        '451-["x",{"_placeholder":true,"num":7}]',
        "40/other,",
        "41/none,",
        "43999[]",
        "44",
        "nonsense",
        '42["play_track",{"position":NaN,"trackId":"x"}]',
        "42[" + "[" * 5000,
        '42["e","' + "x" * 100_000 + '"]',
    ],
    ids=lambda text: text[:24] or "empty",
)
def test_malformed_packets_end_at_most_their_own_session(server, tracks, garbage):
    with listening(server, bufferSeconds=1, **WEBSOCKET) as neighbour:
        neighbour.ok("play_track", {"trackId": tracks["Long"]["id"], "quality": "low"})
        neighbour.wait_for("audio_chunk")
        with listening(server, **WEBSOCKET) as sinner:
            sinner.client.eio.ws.send(garbage)
            try:
                sinner.client.call("clock_sync", {"t0": 0}, timeout=5)
            except Exception as refused:
                # The session may be closed; which of its own ways python-socketio notices first is its affair.
                assert type(refused).__module__.startswith(("socketio", "engineio")), refused
        mark = neighbour.mark()
        assert neighbour.wait_for("audio_chunk", since=mark)
        assert neighbour.ok("clock_sync", {"t0": 0}) and neighbour.client.connected


def test_an_oversized_message_ends_its_own_session_only(server):
    with listening(server, **WEBSOCKET) as neighbour:
        with listening(server, **WEBSOCKET) as sinner:
            sinner.client.emit("volume_change", {"volume": "x" * 3_000_000})
            sinner.wait_for("disconnect")
        assert neighbour.ok("clock_sync", {"t0": 0})
    answer = requests.post(server.url + "/socket.io/?EIO=4&transport=polling&sid=x", data=b"4" * 3_000_000, timeout=20)
    assert answer.status_code in (400, 413)


def test_a_library_that_vanishes_is_reported_and_comes_back(fresh_server, music, tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    for title in ("Long", "Odd FLAC", "Odd 48k"):
        shutil.copy(music.files[title], library)
    server = fresh_server(library=library).start()
    tracks = server.wait_tracks("Long", "Odd FLAC", "Odd 48k")
    with listening(server, bufferSeconds=120, **WEBSOCKET) as cached, listening(
        server, bufferSeconds=1, **WEBSOCKET
    ) as cold:
        play = {"trackId": tracks["Odd FLAC"]["id"], "quality": "mp3-192"}
        whole = sum(chunk["samples"] for chunk in cached.wait_ended(cached.ok("play_track", play)["streamId"]))
        stream = cold.ok("play_track", {"trackId": tracks["Long"]["id"], "quality": "mp3-192"})["streamId"]
        cold.wait_for("audio_chunk")
        library.rename(tmp_path / "away")
        cold.call("seek_position", {"position": 140})
        error = cold.wait_for("stream_error")
        assert error["code"] == "track_unavailable" and error["streamId"] == stream and error["message"]
        assert str(tmp_path) not in error["message"]
        # A refusal may come with the answer or as an event; either names the code.
        answer = cold.call("play_track", {"trackId": tracks["Odd 48k"]["id"]})
        if answer["ok"]:
            cold.wait_for(
                "stream_error",
                where=lambda e: e.get("streamId") == answer["streamId"] and e["code"] == "track_unavailable",
            )
            # The other device hears that nothing plays: an error is no state to be stuck in.
            cached.wait_for(
                "sync_state",
                where=lambda event: event["state"]["status"] == "stopped"
                and event["state"].get("trackId") == tracks["Odd 48k"]["id"],
            )
        else:
            assert answer["error"]["code"] == "track_unavailable"
        # What is encoded already plays on for others.
        again = cached.call("play_track", play)
        if again["ok"]:
            assert sum(c["samples"] for c in cached.wait_ended(again["streamId"])) == whole
        assert requests.get(server.url + "/readyz", timeout=20).status_code == 200
        (tmp_path / "away").rename(library)
        cold.ok("play_track", {"trackId": tracks["Long"]["id"], "quality": "mp3-192", "position": 140})
        mark = cold.mark()
        cold.wait_for("audio_chunk", since=mark)
    assert server.stop() == 0


def test_a_second_server_on_the_same_data_is_turned_away(server, fresh_server, music, tracks):
    second = fresh_server(users=())
    second.data = server.data
    second.spawn()
    assert second.process.wait(timeout=30) != 0
    second.process = None
    lines = [line for line in second.log().splitlines() if line.strip()]
    assert any("use" in line for line in lines) and len(lines) <= 5, second.log()
    with listening(server, bufferSeconds=120, **WEBSOCKET) as listener:
        listener.wait_ended(listener.ok("play_track", {"trackId": tracks["Blip"]["id"]})["streamId"])


def can_mount():
    flags = [] if os.geteuid() == 0 else ["-r"]
    probe = ["unshare", *flags, "-m", "sh", "-c", "mount -t tmpfs -o size=512k tmpfs /mnt"]
    return shutil.which("unshare") is not None and subprocess.run(probe, capture_output=True).returncode == 0


def test_a_full_disk_means_uncached_not_silent(fresh_server, music, tmp_path):
    if not can_mount():
        pytest.skip("a small file system can't be mounted here, not even in a namespace of its own")
    script = 'mkdir -p "$0/segments" && mount -t tmpfs -o size=512k tmpfs "$0/segments" && exec "$@"'
    flags = [] if os.geteuid() == 0 else ["-r"]
    server = fresh_server(arguments=("--memory-budget", "1M"))
    server.wrap = ("unshare", *flags, "-m", "sh", "-c", script, str(server.data))
    server.start()
    tracks = server.wait_tracks("Odd FLAC", "Odd 48k")
    with listening(server, bufferSeconds=120, **WEBSOCKET) as listener:
        for title in ("Odd FLAC", "Odd 48k", "Odd FLAC"):
            stream = listener.ok("play_track", {"trackId": tracks[title]["id"], "quality": "lossless"})["streamId"]
            chunks = listener.wait_ended(stream)
            started = listener.wait_for("stream_started", where=lambda s: s["streamId"] == stream)
            ear = sound.heard(chunks, "flac", base64.b64decode(started["description"])).samples
            assert numpy.array_equal(ear, sound.source_samples(music.files[title], started["sampleRate"]))
        assert not listener.of("stream_error")
    assert len(server.log()) < 100_000, "a full disk is reported, not recited"
    assert server.stop() == 0


@pytest.mark.parametrize("number, status", [(signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGKILL, -signal.SIGKILL)])
def test_a_restart_remembers_everything(fresh_server, music, tmp_path, number, status):
    library = tmp_path / "library"
    library.mkdir()
    for title in ("Odd FLAC", "Sodium Glow"):
        shutil.copy(music.files[title], library)
    server = fresh_server(library=library).start()
    before = server.wait_tracks("Odd FLAC", "Sodium Glow")
    with listening(server, bufferSeconds=120, **WEBSOCKET) as listener:
        # Without loss: of a lossy rendition the first listener hears frames that are made again for those who come later.
        play = {"trackId": before["Odd FLAC"]["id"], "quality": "lossless"}
        first = b"".join(chunk["data"] for chunk in listener.wait_ended(listener.ok("play_track", play)["streamId"]))
        token = server.token()
        assert server.stop(number) == status
        listener.wait_for("disconnect")
        if number != signal.SIGKILL:
            assert listener.of("server_draining") and listener.of("server_draining")[0]["reconnectAfterMs"] >= 0
    server.start()
    assert server.wait_tracks("Odd FLAC", "Sodium Glow") == before
    with listening(server, token=token, bufferSeconds=120, **WEBSOCKET) as listener:
        again = b"".join(chunk["data"] for chunk in listener.wait_ended(listener.ok("play_track", play)["streamId"]))
    assert again == first
    assert server.stop() == 0


@pytest.mark.parametrize(
    "arguments, key",
    [
        (("--port", "x"), "--port"),
        (("--port", "70000"), "--port"),
        (("--segment-budget", "lots"), "--segment-budget"),
        (("--memory-budget", "-1"), "--memory-budget"),
        (("--encoders", "many"), "--encoders"),
        (("--log-level", "chatty"), "--log-level"),
        (("--socketio-client", "/no/such/file"), "--socketio-client"),
    ],
)
def test_a_bad_setting_stops_the_start_and_names_its_key(fresh_server, arguments, key):
    server = fresh_server(users=(), arguments=arguments)
    server.spawn()
    assert server.process.wait(timeout=30) not in (0, None)
    server.process = None
    assert key in server.log()


def test_an_address_in_use_is_a_line_not_a_crash(server, fresh_server):
    second = fresh_server(users=())
    second.port = server.port
    second.spawn()
    status = second.process.wait(timeout=30)
    second.process = None
    assert 0 < status < 128, second.log()
    assert str(server.port) in second.log() or "in use" in second.log()


def test_files_that_lie_are_skipped_and_the_rest_is_served(fresh_server, music, tmp_path):
    library = tmp_path / "library"
    (library / "deep" / "er").mkdir(parents=True)
    shutil.copy(music.files["Odd FLAC"], library / "deep" / "er")
    (library / "text.mp3").write_text("this is no music\n" * 500)
    (library / "empty.flac").touch()
    (library / "random.ogg").write_bytes(numpy.random.default_rng(1).bytes(100_000))
    (library / "folder.mp3").mkdir()
    (library / "dangling.flac").symlink_to("nowhere")
    server = fresh_server(library=library).start()
    assert set(server.wait_tracks("Odd FLAC")) == {"Odd FLAC"}
    server_log = server.log()
    assert "text.mp3" in server_log and "random.ogg" in server_log, "what was skipped is reported"
    assert server.stop() == 0


def test_a_start_that_fails_says_what_is_in_the_way_in_plain_words(fresh_server, tmp_path):
    """One line with the path or the address and the system's reason, and nothing of a program's insides."""
    server = fresh_server(library=tmp_path)
    file, store, shelf, data = tmp_path / "file", tmp_path / "store", tmp_path / "shelf", tmp_path / "whole"
    file.write_bytes(b"\xff\xfe")
    for folder, name in ((store, "segments"), (shelf, "covers")):
        folder.mkdir()
        (folder / name).write_text("")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for arguments, words in (
            (("--data", file), f"{file}: Not a directory"),
            (("--data", file / "below"), f"{file / 'below'}: Not a directory"),
            (("--data", store), f"{store / 'segments'}: File exists"),
            (("--data", shelf), f"{shelf / 'covers'}: Not a directory"),
            (("--data", data, "--config", tmp_path / "none"), f"{tmp_path / 'none'}: No such file or directory"),
            (("--data", data, "--config", tmp_path), f"{tmp_path}: Is a directory"),
            (("--data", data, "--config", file), f"{file} is no text in UTF-8"),
            (("--data", data, "--library", file), f"'--library / DUBPLATE_LIBRARY' is no folder: {file}"),
            (("--data", tmp_path), "'--data / DUBPLATE_DATA' must be another folder than the library"),
            (("--data", data, "--port", port), f"can't listen on 127.0.0.1:{port}: Address already in use"),
        ):
            done = server.run("serve", "--library", tmp_path, "--host", "127.0.0.1", "--port", 0, *arguments)
            *_, last = done.stderr.strip().splitlines()
            assert done.returncode == 1 and last.startswith("Error: ") and words in last, done.stderr
            assert not any(part in last for part in ("Domain", "errno", "Optional", "descriptor")), last
