"""What somebody meets who runs the program for the first time: errors that say what to do, a library that isn't there, a scan
when one is asked for, accounts, help that can be copied."""

import json
import re
import shutil
import socket
import subprocess

import pytest
import requests

from browser import Player
from conftest import eventually, program


def command(folder, *arguments, stdin="", **environment):
    """Runs the program to its end in a folder, with nothing else in its environment."""
    return subprocess.run(
        [program().resolve(), *map(str, arguments)], cwd=folder, input=stdin, text=True, capture_output=True, timeout=120,
        env={"PATH": "/usr/bin:/bin"} | environment,
    )  # fmt: skip


def test_errors_are_a_line_that_names_what_is_wrong_and_what_to_do(tmp_path):
    (tmp_path / "music").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "wrong.conf").write_text("HOST=127.0.0.1\nDUBPLATE_LIBARY=/music\n")
    (tmp_path / "value.conf").write_text("# port\n\nPORT=many\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        serve = ("serve", "--library", "music", "--data", "data", "--port", 0)
        mistyped = "there is no data folder mistyped ('--data / DUBPLATE_DATA'): `dubplate serve` and `dubplate user add` make one"
        table = [
            ((*serve, "--port", 70_000), {}, "'--port / PORT' must be a whole number from 0 to 65535, not '70000' (from the command line)"),
            (serve[:-2], {"PORT": "x"}, "'--port / PORT' must be a whole number from 0 to 65535, not 'x' (from the environment)"),
            ((*serve[:-2], "--config", "value.conf"), {}, "not 'many' (from value.conf, line 3)"),
            ((*serve, "--config", "wrong.conf"), {}, "wrong.conf, line 2: there is no setting 'DUBPLATE_LIBARY'; did you mean DUBPLATE_LIBRARY?"),
            ((*serve, "--config", "none.conf"), {}, f"--config can't be read: {tmp_path / 'none.conf'}: No such file or directory"),
            ((*serve, "--port", port), {}, f"can't listen on 127.0.0.1:{port}: Address already in use; another program has that port"),
            ((*serve, "--host", "203.0.113.5"), {}, "'--host / HOST', as 127.0.0.1, or 0.0.0.0"),
            ((*serve, "--host", "no.such.host.invalid"), {}, "'--host / HOST' wants an address of this machine"),
            ((*serve, "--data", "file/below"), {}, "'--data / DUBPLATE_DATA' can't be used: file/below: Not a directory; name a folder"),
            (("user", "list", "--data", "mistyped"), {}, mistyped),
            (("user", "plan", "anna", "free", "--data", "mistyped"), {}, mistyped),
            (("cache", "stats"), {"DUBPLATE_DATA": "mistyped"}, mistyped),
            (("token", "anna", "--data", "mistyped"), {}, mistyped),
            (("scan", "--data", "mistyped"), {}, mistyped),
            (("serv",), {}, "'dubplate' has no command 'serv'; did you mean `dubplate serve`?"),
            (("help", "usr"), {}, "did you mean `dubplate user`?"),
            (("user", "lst", "--data", "data"), {}, "'dubplate user' has no command 'lst'; did you mean `dubplate user list`?"),
            (("cache", "frobnicate"), {}, "'dubplate cache' has no command 'frobnicate'; there are stats, verify, clear"),
        ]  # fmt: skip
        for arguments, environment, words in table:
            done = command(tmp_path, *arguments, **environment)
            assert done.returncode not in (0, None) and words in done.stderr, (arguments, done.stderr)
            assert done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1 and not done.stdout, (arguments, done)
    assert not (tmp_path / "mistyped").exists() and not (tmp_path / "data").exists(), "a start that fails leaves nothing"
    option = command(tmp_path, "serve", "--libary", "music").stderr
    assert "Did you mean '--library'?" in option


def test_accounts_are_listed_for_people_and_for_programs_and_change_their_plan(tmp_path):
    def user(*arguments, **options):
        done = command(tmp_path, "user", *arguments, "--data", "data", **options)
        assert done.returncode == 0, done.stderr
        return done.stdout

    for name in ("anna", "bartholomew"):
        user("add", name, "--plan", "premium", "--password-stdin", "--password-cost", 10, stdin="correct horse battery\n")
    user("plan", "anna", "free")
    head, anna, bartholomew = user("list").splitlines()
    assert head.split() == ["name", "plan", "since"]
    assert anna.split()[:2] == ["anna", "free"] and bartholomew.split()[:2] == ["bartholomew", "premium"]
    assert head.index("plan") == anna.index("free") == bartholomew.index("premium")
    listed = json.loads(user("list", "--json"))
    assert [(account["username"], account["plan"]) for account in listed] == [("anna", "free"), ("bartholomew", "premium")]
    assert "there is no account 'bob'" in command(tmp_path, "user", "plan", "bob", "free", "--data", "data").stderr
    assert "'gold'" in command(tmp_path, "user", "plan", "anna", "gold", "--data", "data").stderr


@pytest.mark.parametrize("path", ["", "serve", "scan", "user add", "user plan", "token", "transcode", "analyse"])
def test_the_examples_of_the_help_can_be_copied(tmp_path, path):
    text = command(tmp_path, "help", *path.split(), COLUMNS="80").stdout
    lines = text[: text.index("USAGE:")].splitlines()
    examples = [number for number, line in enumerate(lines) if re.match(r"  (dubplate|echo)", line)]
    assert examples, text
    for number in examples:
        following = lines[number + 1] if number + 1 < len(lines) else ""
        assert not following.strip() or number + 1 in examples, f"it goes on in the next line: {lines[number]}"


def test_a_missing_library_is_said_and_is_found_when_somebody_looks_again(fresh_server, chromium, music, tmp_path):
    library = tmp_path / "music"
    server = fresh_server(library=library, arguments=("--scan-interval", "0", "--watch", "off", "--analysis", "off"), users=(("demo", "premium"), ("lite", "free")))
    server.spawn()

    def ready():
        try:
            answer = requests.get(server.url + "/readyz", timeout=60)
            return answer.status_code, answer.text
        except requests.ConnectionError:
            return None

    answer = eventually(ready, "it answers", patience=60)
    assert answer == (503, "the music folder can't be read: No such file or directory\n")
    state = server.get("/api/v1/library").json()
    assert state["problem"]["code"] == "library_unavailable" and str(tmp_path) not in json.dumps(state)
    assert server.log().count("there is no library") == 1 and f"library={library}" in server.log()
    player = Player(chromium, server, "")
    try:
        player.context.add_cookies([{"name": "dubplate_token", "value": server.token(), "url": server.url, "httpOnly": True}])
        player.open()
        blank = player.page.locator("#library-blank")
        blank.get_by_text("The music folder is not there").wait_for(state="visible", timeout=60_000)
        assert "No such file or directory" in player.page.inner_text("#library-state")
        library.mkdir()
        shutil.copy(music.files["Blip"], library)
        blank.get_by_role("button", name="Look again").click()
        player.ready()
        assert not blank.is_visible() and eventually(lambda: ready() == (200, "ready\n"), "it is ready")
        # Once a minute: a second one waits, and is told for how long.
        again = player.page.locator("#library-again")
        player.until("the scan is over", lambda: again.is_enabled())
        shutil.copy(music.files["Swarf"], library)
        again.click()
        player.page.get_by_text("looked through a moment ago").wait_for(state="visible", timeout=60_000)
    finally:
        player.close()
    refused = server.post("/api/v1/library/scan", None)
    assert refused.status_code == 429 and 0 < int(refused.headers["Retry-After"]) <= 70
    assert refused.json()["error"]["code"] == "rate_limited"
    # Another listener has a minute of his own.
    begun = server.post("/api/v1/library/scan", None, user="lite")
    assert begun.status_code == 202 and begun.json()["isScanning"]
    server.wait_tracks("Blip", "Swarf")
    over = eventually(lambda: not (state := server.get("/api/v1/library").json())["isScanning"] and state, "it is over", patience=60)
    assert over["added"] == 1 and over["found"] == 2 and "problem" not in over and over["scannedAt"] > 1_700_000_000
    assert requests.post(server.url + "/api/v1/library/scan", timeout=60).status_code == 401
    assert server.stop() == 0


def test_a_scan_is_made_by_a_command_beside_the_server_and_without_one(fresh_server, music, tmp_path):
    library = tmp_path / "music"
    library.mkdir()
    shutil.copy(music.files["Blip"], library)
    server = fresh_server(library=library, arguments=("--scan-interval", "0", "--watch", "off", "--analysis", "off"))

    def scan(folder=library):
        return server.run("scan", "--data", server.data, "--library", folder)

    alone = scan()
    assert alone.returncode == 0 and "1 file: 1 new, 0 changed, 0 gone, 0 skipped" in alone.stdout, alone
    missing = scan(tmp_path / "none")
    assert missing.returncode == 1 and f"'--library / DUBPLATE_LIBRARY' can't be read: {tmp_path / 'none'}: No such" in missing.stderr

    server.start()
    server.wait_tracks("Blip")
    shutil.copy(music.files["Swarf"], library)
    (library / "text.mp3").write_text("this is no music\n" * 500)
    # It's the server that looks, through its own library: two at a time would each take the other's tracks for gone.
    beside = scan(tmp_path / "none")
    assert beside.returncode == 0 and f"the server (pid {server.pid}) looks" in beside.stderr, beside
    assert "3 files: 1 new, 0 changed, 0 gone, 1 skipped" in beside.stdout and "skipped: text.mp3: " in beside.stdout
    assert set(server.tracks()) == {"Blip", "Swarf"}
    for _ in range(2):
        assert scan().returncode == 0
    assert server.log().count("text.mp3") == 1, "a file that is skipped again is no news"

    library.rename(tmp_path / "away")
    away = scan()
    assert away.returncode == 1 and "No such file or directory" in away.stderr, away
    assert set(server.tracks()) == {"Blip", "Swarf"} and requests.get(server.url + "/readyz", timeout=60).status_code == 503
    (tmp_path / "away").rename(library)
    assert scan().returncode == 0 and requests.get(server.url + "/readyz", timeout=60).status_code == 200
    assert server.stop() == 0
