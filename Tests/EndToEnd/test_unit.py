"""The systemd unit of Docs/operations.md: started as it stands there, in a root that holds nothing but the program."""

import json
import re
import secrets
import shutil
import subprocess
import sys
import time

import pytest
import requests

import contained
from conftest import ROOT, free_port, program

UNIT = re.search(r"```ini\n(\[Unit\].*?)```", (ROOT / "Docs/operations.md").read_text(), re.S).group(1)

pytestmark = pytest.mark.skipif(not contained.can_contain(), reason="this user may not make a root of his own")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Runs the unit's command, or another, in its root: `run()`, `run("user", "add", …)`."""
    folder = tmp_path_factory.mktemp("unit")
    root, state, music = folder / "root", folder / "state", folder / "music"
    contained.make_root(root, program())
    state.mkdir(mode=0o700)
    music.mkdir()
    music.chmod(0o755)
    subprocess.run(
        [*"ffmpeg -loglevel error -f lavfi -i sine=440:duration=5 -metadata title=Tone".split(), music / "tone.flac"], check=True
    )
    port = free_port()
    (root / "etc/dubplate.env").write_text(f"PORT={port}\nJWT_SECRET={secrets.token_hex(32)}\n")
    started = []

    def start(*arguments, **options):
        argv = ["/usr/local/bin/dubplate", *arguments] if arguments else None
        task = {"root": str(root), "unit": UNIT, "argv": argv, "music": str(music), "state": str(state)}
        process = subprocess.Popen([sys.executable, contained.__file__, json.dumps(task)], **options)
        process.url, process.state, process.root = f"http://127.0.0.1:{port}", state, root
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


def test_the_documented_unit_serves_from_a_bare_root(run, tmp_path):
    add = run("user", "add", "anna", "--password-stdin", "--password-cost", "10", "--data", "/var/lib/dubplate",
              stdin=subprocess.PIPE, text=True)  # fmt: skip
    add.communicate("correct horse battery\n", timeout=60)
    assert add.returncode == 0
    log = tmp_path / "log"
    with open(log, "wb") as output:
        server = run(stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 60
    while True:
        assert server.poll() is None and time.monotonic() < deadline, log.read_text()[-3000:]
        try:
            if requests.get(server.url + "/readyz", timeout=5).status_code == 200:
                break
        except requests.RequestException:
            time.sleep(0.05)
    page = requests.get(server.url + "/", timeout=60)
    assert page.status_code == 200 and (script := re.search(r'src="(/assets/[^"]+/js/main\.js)"', page.text))
    joined = requests.get(server.url + script[1], timeout=60).text
    last = (ROOT / "Sources/WebAPI/Resources/player/js/main.js").read_text().splitlines()[-3:]
    assert "\n".join(last) in joined and len(joined) > 100_000
    # Decoders and encoders run where no memory can be made executable, and no call is left but the unit's.
    token = requests.post(
        server.url + "/api/v1/auth/login", json={"username": "anna", "password": "correct horse battery"}, timeout=60
    ).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    while not (tracks := requests.get(server.url + "/api/v1/tracks", headers=bearer, timeout=60).json()["tracks"]):
        assert time.monotonic() < deadline + 60, log.read_text()[-3000:]
        time.sleep(0.1)
    urls = requests.post(
        server.url + "/api/v1/stream/start", json={"trackId": tracks[0]["id"]}, headers=bearer, timeout=60
    ).json()["urls"]
    sound = requests.get(server.url + urls["mp3-128"], timeout=60)
    assert sound.status_code == 200 and len(sound.content) > 50_000
    # All that it wrote is its own, and nobody else's to read.
    for file in server.state.rglob("*"):
        assert file.stat().st_uid == contained.USER and file.stat().st_mode & 0o077 == 0, file
    server.terminate()
    assert server.wait(timeout=60) == 0, log.read_text()[-3000:]
    assert "fatal" not in log.read_text().lower()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_finds_no_fault_in_the_unit(tmp_path):
    file = tmp_path / "dubplate.service"
    file.write_text(UNIT.replace("/usr/local/bin/dubplate", str(program().resolve())))
    verified = subprocess.run(["systemd-analyze", "verify", "--man=no", file], text=True, capture_output=True)
    about = [line for line in verified.stderr.splitlines() if "dubplate.service" in line]
    assert not about, about
