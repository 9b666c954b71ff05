"""The web player in a real browser: the system's Chromium, driven by Playwright."""

import base64
import os
import pathlib
import time

import numpy
from playwright.sync_api import Error as PlaywrightError

CHROMIUM = os.environ.get("DUBPLATE_CHROMIUM", "/usr/bin/chromium")
# Without a sound card Chromium plays into a null sink at the right pace; without a click it would not play at all.
ARGUMENTS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio"]
PATIENCE_SECONDS = 40
# What Chromium gives every request up with when the machine's addresses change.
NETWORK_CHANGED = "net::ERR_NETWORK_CHANGED"
# Below this nobody hears anything: -80 dB.
SILENCE = 1e-4

# Everything that Chromium reports against the page's policy ends up here, also before the page's own scripts.
WATCH_POLICY = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (e) => window.violations.push(`${e.violatedDirective} ${e.blockedURI}`));
"""


def launch(playwright):
    return playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)


def apart(one, other):
    """Seconds between what two players show; asking takes a while, so the second is asked between two looks at the first."""
    before, there, after = one.position(), other.position(), one.position()
    return max(before - there, there - after, 0)


class Player:
    """One tab with the player. Keeps what the console says and where requests go."""

    def __init__(self, browser, server, query="", **options):
        self.server, self.query, self.username = server, query, server.username
        self.context = browser.new_context(**options)
        self.context.add_init_script(WATCH_POLICY)
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_SECONDS * 1000)
        self.errors, self.requests = [], []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def _heard(self, message):
        # That nobody is logged in yet is an answer, which Chromium notes like a fault. A network that changes (the machine
        # got another address) is nobody's fault, and the player has to cope with it.
        is_answer = message.location.get("url", "").endswith(("/api/v1/me", "/api/v1/auth/login")) and "401" in message.text
        expected = is_answer or NETWORK_CHANGED in message.text
        if message.type == "error" and not expected:
            self.errors.append(f"{message.text} ({message.location.get('url')})")

    def close(self):
        self.context.close()

    def open(self):
        url = f"{self.server.url}/{self.query}"
        try:
            self.page.goto(url)
        except PlaywrightError as error:
            if NETWORK_CHANGED not in str(error):
                raise
            self.page.goto(url)
        try:
            self.page.wait_for_selector("body:not([data-session=unknown])")
        except PlaywrightError as error:
            raise AssertionError(f"the player doesn't start: {self.errors} {self.requests}") from error
        return self

    def enter(self, username=None):
        """Opens the player with a session that is there already: a log-in costs the server its slow hash."""
        self.username = username or self.server.username
        token = self.server.token(self.username)
        self.context.add_cookies([{"name": "dubplate_token", "value": token, "url": self.server.url, "httpOnly": True}])
        return self.open().ready()

    def log_in(self, username=None, password=None):
        self.page.fill("#login-username", username or self.username)
        self.page.fill("#login-password", password or self.server.password)
        self.page.click("#login-submit")
        self.page.wait_for_selector("#login", state="hidden")
        return self.ready()

    def ready(self):
        self.page.wait_for_selector(".row[data-id]")
        self.until("the socket is connected", lambda: self.state()["connection"] == "online")
        return self

    def search(self, text):
        """Searches, and waits for the answer."""
        self.page.fill("#search", text)
        self.until(f"the list is about {text!r}", lambda: f"“{text}”" in self.page.inner_text("#library-count"))

    def row(self, title):
        return self.page.locator(".row[data-id]", has=self.page.get_by_text(title, exact=True)).first

    def play(self, title):
        """Searches a track, clicks it and waits until it sounds."""
        self.search(title)
        self.row(title).click()
        self.until(f"{title} sounds", lambda: self.state()["title"] == title and self.is_audible())

    def choose_quality(self, quality):
        self.page.click("#quality-button")
        self.page.click(f"[data-quality={quality}]")

    def record(self):
        """From now on keeps every sample that the player decodes, in the order in which it is to be heard."""
        self.page.evaluate("() => { window.recorded = []; __dubplate.onBlock((block) => recorded.push(block)); }")

    def recorded(self):
        """What was recorded: samples × channels."""
        text = self.page.evaluate("""() => {
          const channels = recorded[0]?.length ?? 0;
          const length = recorded.reduce((sum, block) => sum + block[0].length, 0);
          const all = new Float32Array(length * channels);
          let at = 0;
          for (const block of recorded)
            for (let i = 0; i < block[0].length; i += 1)
              for (const channel of block) all[at++] = channel[i];
          const bytes = new Uint8Array(all.buffer);
          let text = '';
          for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
          return [channels, btoa(text)];
        }""")
        return numpy.frombuffer(base64.b64decode(text[1]), "<f4").reshape(-1, text[0] or 1)

    def state(self):
        return self.page.evaluate("__dubplate.state()")

    def stats(self):
        return self.page.evaluate("__dubplate.stats()")

    def rms(self):
        """Root mean square of the samples that have just left the AudioContext, 0…1."""
        return self.page.evaluate("__dubplate.rms()")

    def position(self):
        return self.state()["position"]

    def clocks(self):
        """The position and the page's own clock at one moment, seconds."""
        return self.page.evaluate("[__dubplate.state().position, performance.now() / 1000]")

    def is_audible(self):
        return self.rms() > 100 * SILENCE

    def is_silent(self):
        return self.rms() < SILENCE

    def session(self):
        """What the player knows of the listener's session, see `js/diagnostics.js`."""
        return self.page.evaluate("__dubplate.session()")

    def until(self, what, condition):
        """Waits for a condition. (Playwright's own `wait_for_function` needs `eval`, which the page's policy forbids.)"""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {PATIENCE_SECONDS} s until {what}; {self.state()} {self.stats()} {self.errors}")
            self.page.wait_for_timeout(30)

    def watch_sound(self, seconds):
        """The level every 50 ms or so over a time."""
        levels, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            levels.append(self.rms())
            self.page.wait_for_timeout(50)
        return levels

    def screenshot(self, name):
        """Into the folder that DUBPLATE_SCREENSHOTS names, if it names one."""
        folder = os.environ.get("DUBPLATE_SCREENSHOTS")
        if folder:
            pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=pathlib.Path(folder) / f"{name}.png")

    def assert_clean(self):
        """No error in the console, nothing against the page's policy, no request to anybody else."""
        assert self.errors == [], self.errors
        assert self.page.evaluate("window.violations") == []
        own = (self.server.url, self.server.url.replace("http", "ws", 1))
        assert [url for url in self.requests if not url.startswith(own)] == []
