"""The server under test: the built program a child process on a free loopback port, with its own data."""

import contextlib
import http.server
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import threading
import time

import pytest
import requests
from playwright.sync_api import sync_playwright

import browser as browsers
import library as libraries

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
START_SECONDS = 60
STOP_SECONDS = 20
ANSWER_SECONDS = 60  # a busy machine


def program():
    """The `dubplate` to test: DUBPLATE_BIN, or the debug build."""
    path = pathlib.Path(os.environ.get("DUBPLATE_BIN") or ROOT / ".build/debug/dubplate")
    assert path.is_file(), f"{path} isn't built; run `make build`"
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def pages_of_another_origin(pages):
    """The origin of a server on this host that has these pages: by path, the media type and the bytes of each."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path not in pages:
                return self.send_error(404)
            kind, body = pages[self.path]
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def eventually(found, what, patience=600):
    """The first true answer; asked again and again, where no event tells of it. Patient by default: a debug build
    analyses at a few times real time, on a busy machine and behind all others."""
    deadline = time.monotonic() + patience
    while not (answer := found()):
        assert time.monotonic() < deadline, f"{what} hasn't come about"
        time.sleep(0.2)
    return answer


class Server:
    """A running `dubplate serve`. `username` is on the premium plan, `lite` on the free one; all have `password`."""

    username, lite = "demo", "lite"
    scheme = "http"

    def __init__(self, data, library, log_path, secret=None, wrap=(), arguments=(), users=(("demo", "premium"),)):
        self.data, self.library, self.log_path = pathlib.Path(data), pathlib.Path(library), pathlib.Path(log_path)
        self.password, self.jwt_secret = "correct horse battery", secret or secrets.token_hex(32)
        self.wrap, self.arguments = tuple(map(str, wrap)), tuple(map(str, arguments))
        self.process, self.port, self._tokens = None, free_port(), {}
        self.data.mkdir(parents=True, exist_ok=True)
        for name, plan in users:
            self.add_user(name, plan)

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def pid(self):
        return self.process.pid

    @property
    def environment(self):
        own = ("PORT", "HOST", "LOG_LEVEL", "ALLOWED_ORIGINS")
        # Of its settings only a folder with the player's files, for who works on them.
        foreign = {k for k in os.environ if k.startswith("DUBPLATE_") and k != "DUBPLATE_PLAYER"}
        kept = {k: v for k, v in os.environ.items() if k not in foreign and k not in own}
        client = os.environ.get("DUBPLATE_SOCKETIO_CLIENT") or str(ROOT / ".build-assets/socket.io.min.js")
        return kept | {"JWT_SECRET": self.jwt_secret, "DUBPLATE_SOCKETIO_CLIENT": client}

    def run(self, *arguments, stdin=None):
        """Runs a short subcommand to its end."""
        return subprocess.run(
            [program(), *map(str, arguments)],
            input=stdin,
            text=True,
            capture_output=True,
            timeout=ANSWER_SECONDS,
            env=self.environment,
        )

    def add_user(self, name, plan):
        cheap = ("--password-cost", 10)  # a login at the usual cost takes seconds in a debug build
        done = self.run(
            "user", "add", name, "--plan", plan, *cheap, "--password-stdin", "--data", self.data,
            stdin=self.password + "\n",
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def spawn(self):
        command = [
            *self.wrap,
            program(),
            "serve",
            "--data",
            self.data,
            "--library",
            self.library,
            "--host",
            "127.0.0.1",
            "--port",
            self.port,
            *self.arguments,
        ]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                list(map(str, command)),
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=self.environment,
            )

    def start(self):
        """Returns when the server says that it serves."""
        self._tokens = {}
        self.spawn()
        deadline = time.monotonic() + START_SECONDS
        while True:
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.log()[-3000:]}"
            try:
                if requests.get(self.url + "/readyz", timeout=2).status_code == 200:
                    return self
            except requests.RequestException:
                pass
            assert time.monotonic() < deadline, f"not ready within {START_SECONDS} s:\n{self.log()[-3000:]}"
            try:
                self.process.wait(timeout=0.05)
            except subprocess.TimeoutExpired:
                pass

    def stop(self, number=signal.SIGTERM):
        """Asks the server to end, and returns its exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            status = self.process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(
                f"didn't end within {STOP_SECONDS} s of signal {number}:\n{self.log()[-3000:]}"
            ) from None
        self.process = None
        return status

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def login(self, user=None, password=None):
        credentials = {"username": user or self.username, "password": password or self.password}
        return requests.post(self.url + "/api/v1/auth/login", json=credentials, timeout=ANSWER_SECONDS)

    def token(self, user=None):
        """An access token got over REST; kept for a few minutes, as a client would."""
        user = user or self.username
        if user not in self._tokens or self._tokens[user][1] < time.monotonic():
            answer = self.login(user)
            assert answer.status_code == 200, answer.text
            self._tokens[user] = (answer.json()["token"], time.monotonic() + 300)
        return self._tokens[user][0]

    def get(self, path, user=None, **options):
        return requests.get(
            self.url + path, headers={"Authorization": f"Bearer {self.token(user)}"}, timeout=ANSWER_SECONDS, **options
        )

    def post(self, path, body, user=None):
        return requests.post(
            self.url + path, json=body, headers={"Authorization": f"Bearer {self.token(user)}"}, timeout=ANSWER_SECONDS
        )

    def tracks(self):
        """The library by title, read again until the scan has found all of it."""
        answer = self.get("/api/v1/tracks?limit=500")
        assert answer.status_code == 200, answer.text
        return {track["title"]: track for track in answer.json()["tracks"]}

    def wait_tracks(self, *titles):
        """Waits until the library scan has found the titles."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            found = self.tracks()
            missing = [title for title in titles if title not in found]
            if not missing:
                return found
            assert time.monotonic() < deadline, f"the scan hasn't found {missing}: {sorted(found)}"
            try:
                self.process.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"ended with {self.process.returncode}")


@pytest.fixture(scope="session")
def attack_seconds():
    """How long an attack goes on: see scripts/attack."""
    return int(os.environ.get("DUBPLATE_ATTACK_SECONDS") or 3)


@pytest.fixture(scope="session")
def music(tmp_path_factory):
    """A small library: `Library` says which file is which."""
    return libraries.make(tmp_path_factory.mktemp("library"), os.environ.get("DUBPLATE_TEST_MUSIC"))


@pytest.fixture(scope="session")
def server(music, tmp_path_factory):
    """One server for every test that does it no harm."""
    folder = tmp_path_factory.mktemp("server")
    users = ((Server.username, "premium"), (Server.lite, "free"))
    running = Server(folder / "data", music.folder, folder / "server.log", users=users)
    try:
        running.start()
        running.wait_tracks(*music.files)
        yield running
        status = running.stop()
        assert status == 0, f"the server ended with {status}:\n{running.log()[-3000:]}"
    finally:
        if running.process is not None:
            running.process.kill()
            running.process.wait()


@pytest.fixture
def fresh_server(music, tmp_path):
    """Makes servers that a test may harm, started by the test, ended here: `fresh_server(library=…, arguments=…)`."""
    made = []

    def make(library=None, name="own", **options):
        made.append(Server(tmp_path / name / "data", library or music.folder, tmp_path / f"{name}.log", **options))
        return made[-1]

    yield make
    for running in made:
        if running.process is not None:
            running.process.kill()
            running.process.wait()


@pytest.fixture(scope="session")
def tracks(server, music):
    """Tracks of the shared server by title."""
    return server.wait_tracks(*music.files)


@pytest.fixture
def listener(server):
    """A listener on the premium plan whose session nobody has used yet."""
    name = f"listener-{secrets.token_hex(4)}"
    server.add_user(name, "premium")
    return name


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = browsers.launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def open_player(chromium, server, listener):
    """Makes players: `open_player(query=…, user=…, **context options)`. Each has to be clean at the end."""
    made = []

    def make(query="", user=listener, **options):
        """Logged in as `user`, or in front of the log-in for None."""
        options = {"viewport": {"width": 1280, "height": 800}} | options
        made.append(browsers.Player(chromium, server, query, **options))
        return made[-1].enter(user) if user else made[-1].open()

    yield make
    for player in made:
        try:
            player.assert_clean()
        finally:
            player.close()


@pytest.fixture
def open_device(open_player):
    """As `open_player`; each is a device that knows the session."""

    def make(**options):
        player = open_player(**options)
        player.until("the session is known", lambda: player.session()["isSettled"])
        return player

    return make


@pytest.fixture
def two(open_device):
    """One that plays, and a remote."""
    active, remote = open_device(), open_device()
    active.play("Long")
    remote.until("it is a remote", lambda: remote.session()["role"] == "remote" and remote.state()["title"] == "Long")
    return active, remote
