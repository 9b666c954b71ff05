"""SIGHUP: what may change in a running server changes, what may not is named, and what is wrong changes nothing."""

import os
import pty
import secrets
import shutil
import signal
import subprocess

import requests
import socketio

from conftest import eventually, program


def audio(server, url):
    return requests.get(server.url + url, timeout=60).status_code


def test_a_reload_changes_what_can_be_changed_while_everybody_listens_on(fresh_server, music, tmp_path):
    config, library = tmp_path / "dubplate.conf", tmp_path / "library"
    library.mkdir()
    shutil.copy(music.files["First Cut"], library)
    old, new = (f"{name}:{secrets.token_hex(32)}" for name in ("k1", "k2"))

    def write(**settings):
        config.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))

    def reload(line):
        seen = server.log().count(line)
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: server.log().count(line) > seen, line, patience=120)

    def allowed(origin):
        return requests.get(server.url + "/api/v1/me", headers={"Origin": origin, "Authorization": f"Bearer {server.token()}"}, timeout=60).ok

    def start():
        return server.post("/api/v1/stream/start", {"trackId": track["id"]}).json()["urls"]["mp3-128"]

    write(DUBPLATE_AUDIO_KEYS=old, DUBPLATE_SCAN_INTERVAL=0, LOG_LEVEL="info")
    server = fresh_server(library=library, arguments=["--config", config]).start()
    track = server.wait_tracks("First Cut")["First Cut"]
    listener = socketio.Client()
    listener.connect(server.url, auth={"token": server.token()}, transports=["websocket"])
    first = start()
    assert audio(server, first) == 200 and not allowed("https://music.example")

    # Another key in front, an origin, a chattier log; and a file that came meanwhile, though scans have been off.
    shutil.copy(music.files["Swarf"], library)
    write(DUBPLATE_AUDIO_KEYS=f"{new},{old}", ALLOWED_ORIGINS="https://music.example", DUBPLATE_SCAN_INTERVAL=0, LOG_LEVEL="debug", PORT=1)
    reload("read again")
    second = start()
    assert "token=k2." in second and audio(server, first) == audio(server, second) == 200
    assert allowed("https://music.example") and not allowed("https://evil.example")
    server.wait_tracks("Swarf")
    # A flag goes before the file, so the port of the file is nothing new.
    assert "at the next start" not in server.log()

    # The old key goes: what it signed is worth nothing any more, though it was believed a moment ago.
    write(DUBPLATE_AUDIO_KEYS=new, DUBPLATE_SCAN_INTERVAL=0, LOG_LEVEL="info", DUBPLATE_ENCODERS=1)
    reload("at the next start")
    assert "DUBPLATE_ENCODERS" in server.log()
    assert audio(server, first) == 403 and audio(server, second) == 200
    assert not allowed("https://music.example")

    # What can't be used changes nothing.
    for text in ("DUBPLATE_AUDIO_KEYS=short\n", "NO_SUCH_KEY=1\n", "ALLOWED_ORIGINS=null\n", None):
        config.unlink() if text is None else config.write_text(text)
        reload("what was set stays")
        assert audio(server, second) == 200 and not allowed("null")
    for secret in (old, new):
        assert secret.split(":")[-1] not in server.log()

    assert listener.connected
    listener.disconnect()
    assert server.stop() == 0


def test_a_terminal_that_goes_away_ends_the_server_in_good_order(fresh_server, tmp_path):
    server = fresh_server()
    outer, inner = pty.openpty()
    with open(server.log_path, "ab") as log:
        server.process = subprocess.Popen(
            [program(), "serve", "--data", server.data, "--library", tmp_path, "--port", str(server.port)],
            stdin=inner, stdout=log, stderr=log, env=server.environment, start_new_session=True,
            preexec_fn=lambda: __import__("fcntl").ioctl(0, __import__("termios").TIOCSCTTY, 0),
        )  # fmt: skip
    os.close(inner)
    eventually(lambda: "serving" in server.log() or server.process.poll() is not None, "it serves", patience=120)
    os.close(outer)
    assert server.process.wait(timeout=60) == 0, server.log()
    assert "the terminal is gone" in server.log()
