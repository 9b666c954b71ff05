"""Debian's Firefox without a window, driven by WebDriver BiDi; what it plays is recorded instead of heard."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import numpy
import websocket

PATIENCE_SECONDS = 120
PREFERENCES = {
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
}

# Pages may sound without a click, and do so through a pipe.
RECORDED = {"media.autoplay.default": 0, "media.autoplay.blocking_policy": 0, "media.cubeb.backend": "alsa"}

# In a process of its own sound wants real-time threads, by D-Bus.
PLAYED = {"media.cubeb.backend": "pulse-rust", "media.cubeb.sandbox": False}

# Sound cards are made by ALSA's configuration: this one is a pipe, at whatever pace the reader takes.
SOUND_CARD = """
pcm.!default {{ type file file "|exec {python} {script} %r %c %f {folder}/%r-%c-%f-$$" format raw slave.pcm null }}
ctl.!default {{ type null }}
"""
# Twice as fast as music is; silence that goes on isn't kept.
RECORDER = """
import sys, time
rate, channels, kind, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
second = rate * channels * (2 if "16" in kind else 4)
began, got, silent = time.monotonic(), 0, 0
with open(path, "wb", buffering=0) as file:
    while data := sys.stdin.buffer.read1(8192):
        got += len(data)
        silent = 0 if data.strip(b"\\0") else silent + len(data)
        if silent < 4 * second:
            file.write(data)
        time.sleep(max(0, got / second / 2 - (time.monotonic() - began)))
"""

# Where PulseAudio gets no real-time threads, Firefox may wait for ever in what asks how late its sound card is: it's a browser
# that doesn't know.
WITHOUT_LATENCY = """() => {
  delete AudioContext.prototype.getOutputTimestamp;
  Object.defineProperty(AudioContext.prototype, 'outputLatency', { get: () => 0 });
}"""
STATE = "() => [globalThis.__dubplate?.state(), globalThis.__dubplate?.stats(), document.body?.innerText.slice(0, 300)]"
PLAY = """async (url, seek, seconds) => {
  const audio = new Audio();
  const event = (name) => new Promise((done, failed) => {
    audio.addEventListener(name, done, { once: true });
    audio.addEventListener('error', () => failed(new Error(audio.error?.message)), { once: true });
  });
  const ready = event('canplaythrough');
  audio.src = url;
  await ready;
  const duration = audio.duration;
  if (seek > 0) {
    const sought = event('seeked');
    audio.currentTime = seek;
    await sought;
  }
  await audio.play();
  while (!audio.ended && audio.currentTime < Math.min(seek + seconds, duration)) await event('timeupdate');
  audio.pause();
  return duration;
}"""


class SoundServer:
    """PulseAudio with a sound card that nobody hears."""

    def __init__(self, folder):
        socket, self.log = folder / "pulse", folder / "pulse.log"
        self.address = {"PULSE_SERVER": f"unix:{socket}"}
        modules = ("module-null-sink", f"module-native-protocol-unix socket={socket} auth-anonymous=1")
        options = ("-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes")
        homes = dict.fromkeys(("HOME", "XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH"), str(folder))
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["pulseaudio", *options, *(f"--load={module}" for module in modules)],
                stdout=log,
                stderr=log,
                env=os.environ | homes,
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not socket.exists():
            assert self.process.poll() is None and time.monotonic() < deadline, self.log.read_text(errors="replace")[-2000:]
            time.sleep(0.05)

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=20)


class Firefox:
    """Records what it plays, twice as fast as music is; or, given a `SoundServer`, plays there as it does for people: at music's
    own pace, and where somebody has clicked."""

    def __init__(self, folder, server=None, **preferences):
        self.folder = pathlib.Path(folder)
        profile, self.recordings = self.folder / "profile", self.folder / "recordings"
        profile.mkdir(), self.recordings.mkdir()
        script = self.folder / "recorder.py"
        script.write_text(RECORDER)
        (self.folder / ".asoundrc").write_text(
            SOUND_CARD.format(python=sys.executable, script=script, folder=self.recordings)
        )
        preferences = PREFERENCES | (PLAYED if server else RECORDED) | preferences
        (profile / "user.js").write_text(
            "".join(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items())
        )
        self.log = self.folder / "log"
        command = [shutil.which("firefox-esr") or "firefox", "--headless", "--no-remote", "--profile", str(profile)]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [*command, "--remote-debugging-port", "0"],
                stdout=log,
                stderr=log,
                env=os.environ | {"HOME": str(self.folder)} | (server.address if server else {}),
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (address := re.search(r"BiDi listening on (ws://\S+)", self.log.read_text(errors="replace"))):
            assert self.process.poll() is None and time.monotonic() < deadline, self.log.read_text(errors="replace")[-2000:]
            time.sleep(0.1)
        self.socket = websocket.create_connection(
            address[1] + "/session", timeout=PATIENCE_SECONDS, suppress_origin=True
        )
        self.number = 0
        self.call("session.new", {"capabilities": {}})
        self.context = self.call("browsingContext.getTree", {})["contexts"][0]["context"]
        if server:
            self.call("script.addPreloadScript", {"functionDeclaration": WITHOUT_LATENCY})

    def call(self, method, parameters):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.number:
                assert answer["type"] == "success", answer
                return answer["result"]

    def open(self, url):
        self.call("browsingContext.navigate", {"context": self.context, "url": url, "wait": "complete"})

    def run(self, function, *arguments):
        """Calls a function of the page's with what JSON can say; gives what it returns."""
        # JSON both ways: a value of the protocol's own is a list of pairs for each object.
        result = self.call(
            "script.callFunction",
            {
                "functionDeclaration": f"async (text) => JSON.stringify(await ({function})(...JSON.parse(text)))",
                "awaitPromise": True,
                "target": {"context": self.context},
                "arguments": [{"type": "string", "value": json.dumps(arguments)}],
            },
        )
        assert result["type"] == "success", result
        return json.loads(result["result"].get("value") or "null")

    def click(self, selector):
        """Clicks as a person does, which lets the page sound."""
        nodes = self.call(
            "browsingContext.locateNodes",
            {"context": self.context, "locator": {"type": "css", "value": selector}, "maxNodeCount": 1},
        )["nodes"]
        assert nodes, f"there is no {selector}"
        origin = {"type": "element", "element": {"sharedId": nodes[0]["sharedId"]}}
        actions = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self.call(
            "input.performActions",
            {"context": self.context, "actions": [{"type": "pointer", "id": "mouse", "actions": actions}]},
        )

    def until(self, what, function, *arguments):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := self.run(function, *arguments)):
            assert time.monotonic() < deadline, f"waited {PATIENCE_SECONDS} s until {what}: {self.run(STATE)}"
            time.sleep(0.03)
        return found

    def play(self, url, seek, seconds):
        """Plays from `seek` on; returns the length that it shows and what came out, as mono and with its rate."""
        # A page of the same origin, so that nothing is forbidden.
        page = "/".join(url.split("/")[:3]) + "/healthz"
        self.open(page)
        known = set(self.recordings.iterdir())
        duration = self.run(PLAY, url, seek, seconds)
        sounds = [self.sound(path) for path in set(self.recordings.iterdir()) - known]
        rate, samples = max(sounds, key=lambda sound: numpy.abs(sound[1]).sum())
        return duration, rate, samples

    @staticmethod
    def sound(path):
        rate, channels, kind, _ = path.name.split("-")
        raw = path.read_bytes()
        size = int(channels) * (2 if "16" in kind else 4)
        samples = numpy.frombuffer(raw[: len(raw) // size * size], "<f4" if "FLOAT" in kind else "<i2")
        scale = 32767 if "FLOAT" in kind else 1
        return int(rate), samples.reshape(-1, int(channels))[:, 0].astype(float) * scale

    def close(self):
        self.socket.close()
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
