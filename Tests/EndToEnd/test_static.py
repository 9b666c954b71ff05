"""The player's files as HTTP has them: conditions, ranges, methods and paths, through the whole server; and what the page says
when the Socket.IO client is missing."""

import gzip
import http.client
import json
import os
import random
import re
import runpy
import shutil
import socket
import struct
import subprocess
import zlib

import brotli
import pytest
import requests

from conftest import ROOT, Server, program

PLAYER = ROOT / "Sources/WebAPI/Resources/player"
ICON = (PLAYER / "favicon.svg").read_bytes()


def ask(server, path, method="GET", connection=None, **fields):
    connection = connection or http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in fields.items()})
    answer = connection.getresponse()
    return answer, answer.read()


def test_every_file_of_the_player_is_served_as_it_is_and_packed(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    files = [path for path in PLAYER.rglob("*") if path.is_file() and path.name not in ("index.html", "sw.js")]
    assert len(files) > 50
    for file in files:
        path, content = "/" + str(file.relative_to(PLAYER)), file.read_bytes()
        plain, body = ask(server, path, connection=connection)
        assert plain.status == 200 and body == content, path
        assert "text/html" not in plain.headers["content-type"] or path.endswith(".html")
        forms = {"identity": plain.headers["etag"]}
        for coding, unpacked in (("gzip", gzip.decompress), ("br", brotli.decompress)):
            packed, body = ask(server, path, connection=connection, Accept_Encoding=f"{coding}, deflate")
            assert packed.headers["content-encoding"] in (coding, None) and len(body) <= len(content), path
            assert (unpacked(body) if packed.headers["content-encoding"] else body) == content, path
            forms[coding] = packed.headers["etag"]
        for encoding, tag in forms.items():
            assert tag.startswith('"')
            same, body = ask(server, path, connection=connection, If_None_Match=tag, Accept_Encoding=encoding)
            assert same.status == 304 and body == b"" and same.headers["etag"] == tag, path


def test_what_the_page_asks_for_is_kept_for_ever_and_changes_with_its_address(server):
    page, body = ask(server, "/")
    assert page.headers["cache-control"] == "no-cache" and body == ask(server, "/index.html")[1]
    links = re.findall(r'(?:href|src)="((?:[^"#/][^"]*)?/[^"]+)"', body.decode())
    assets = [link for link in links if link.startswith("/assets/")]
    assert len({link.split("/")[2] for link in assets}) == 1
    # Few are asked for: what belongs together is joined.
    assert sorted(link.split("/", 3)[3] for link in assets) == [
        "css/tokens.css", "images/touch-icon.png", "js/boot.js", "js/load-guard.js", "js/main.js",
    ]  # fmt: skip
    version = assets[0].split("/")[2]
    for path in [link.split("/", 3)[3] for link in assets] + ["js/audio/worklet.js", "css/deck.css"]:
        asset, content = ask(server, f"/assets/{version}/{path}")
        assert asset.status == 200 and "immutable" in asset.headers["cache-control"] and "max-age=31536000" in asset.headers["cache-control"]
        is_joined = path in ("css/tokens.css", "js/main.js", "js/audio/worklet.js")
        # (Icons are drawn, and lie in no folder.)
        assert path.startswith("images/") or (content == (PLAYER / path).read_bytes()) != is_joined
        # A page of another version still gets its files, which nobody keeps under that name.
        former, other = ask(server, f"/assets/{version[::-1]}/{path}")
        assert former.status == 200 and former.headers["cache-control"] == "no-cache" and other == content
        for other in (f"/assets/{version[1:]}/{path}", f"/assets/{version}0/{path}", f"/assets/{version}//{path}", f"/assets/{version}/x/{path}",
                      f"/assets/{'z' * 16}/{path}", f"/assets/{path}", f"/assets/{version}/index.html"):  # fmt: skip
            assert ask(server, other)[0].status == 404, other
    styles = ask(server, f"/assets/{version}/css/tokens.css")[1].decode()
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)">', (PLAYER / "index.html").read_text())
    assert len(sheets) > 5 and styles == "\n".join((PLAYER / sheet).read_text() for sheet in sheets)


@pytest.mark.parametrize("module", ["js/main.js", "js/audio/worklet.js"])
def test_a_joined_module_imports_nothing_and_is_one(server, module, tmp_path):
    version = re.search(r'"/assets/(\w+)/', ask(server, "/")[1].decode())[1]
    joined = tmp_path / "joined.mjs"
    joined.write_bytes(ask(server, f"/assets/{version}/{module}")[1])
    assert not re.search(r"^\s*(import|export)\s", joined.read_text(), re.MULTILINE)
    checked = subprocess.run(["node", "--check", joined], capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stderr


def test_a_page_asks_for_little_and_again_for_nothing(server, chromium):
    context = chromium.new_context()
    try:
        page = context.new_page()
        answers = []
        page.on("response", lambda answer: answers.append(answer))
        page.goto(server.url)
        page.wait_for_selector("#login[open]")
        first = [answer for answer in answers if "/api/" not in answer.url]
        assert len(answers) <= 12, [answer.url for answer in answers]
        assert sum(answer.request.sizes()["responseBodySize"] for answer in answers) <= 150_000
        assert all(answer.ok for answer in first)
        page.evaluate("async () => { await navigator.serviceWorker.ready; }")
        for _ in range(2):
            answers.clear()
            page.reload()
            page.wait_for_selector("#login[open]")
        asked = [answer.url for answer in answers if not answer.from_service_worker and "/api/" not in answer.url]
        # The browser looks after the worker itself; what it renews behind the page is the worker's.
        assert [url for url in asked if not url.endswith(("/sw.js", "/favicon.svg", "/manifest.webmanifest"))] == []
    finally:
        context.close()


def test_the_icons_are_those_that_are_drawn(server):
    drawing = runpy.run_path(str(ROOT / "scripts/icons"))
    page, manifest = ask(server, "/")[1].decode(), json.loads(ask(server, "/manifest.webmanifest")[1])
    assert re.search(r'<link rel="apple-touch-icon" href="[^"]*images/touch-icon.png">', page)
    assert "images/icon-512.png" in [icon["src"] for icon in manifest["icons"]]
    for path, width in drawing["ICONS"].items():
        answer, image = ask(server, f"/{path}")
        assert answer.status == 200 and answer.headers["content-type"] == "image/png"
        assert image[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">IIBB", image[16:26]) == (width, width, 8, 3)
        chunks, at = {}, 8
        while at < len(image):
            size, kind = struct.unpack(">I4s", image[at : at + 8])
            chunks[kind], at = image[at + 8 : at + 8 + size], at + 12 + size
        rows, palette = zlib.decompress(chunks[b"IDAT"]), chunks[b"PLTE"]
        assert len(rows) == width * (width + 1)
        for number in range(0, width, 20):
            row = rows[number * (width + 1) + 1 : (number + 1) * (width + 1)]
            assert [tuple(palette[3 * index : 3 * index + 3]) for index in row] == drawing["row"](number, width)


def test_an_address_that_nothing_answers_is_the_page_to_a_browser_alone(server):
    page = ask(server, "/")[1]
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    for path in ("/queue", "/search?q=a%20b", "/no/such/place", "/js/nothing.js", "/index.html/"):
        answer, body = ask(server, path, **browser)
        assert answer.status == 200 and body == page and "text/html" in answer.headers["content-type"], path
        assert "content-security-policy" in answer.headers and "Accept" in re.split(", *", answer.headers["vary"])
        assert ask(server, path, "HEAD", **browser)[1] == b""
        for fields in ({}, {"Accept": "*/*"}, {"Accept": "application/json"}):
            answer, body = ask(server, path, **fields)
            assert answer.status == 404 and json.loads(body)["error"]["code"] == "not_found", path
        assert ask(server, path, "POST", **browser)[0].status == 404
    for path in ("/api/v1/nothing", "/api/v1/tracks/none", "/audio/none/mp3-128.mp3", "/assets/0000000000000000/js/nothing.js"):
        answer, body = ask(server, path, **browser)
        assert answer.status in (401, 403, 404) and json.loads(body)["error"]["code"], path
    assert ask(server, "/healthz", **browser)[1] == b"ok\n"


def ranges(rng):
    """Range headers of every form, right and wrong."""
    ends = ["", "0", "1", str(len(ICON) - 1), str(len(ICON)), str(len(ICON) + 1), "9223372036854775807", "9" * 30, "x", "-1", " "]
    yield from (f"bytes={first}-{last}" for first in ends for last in ends)
    for _ in range(300):
        yield "bytes=" + "".join(rng.choice(["-", ",", " ", "=", "0", "7", "99999", "bytes", "9" * 20]) for _ in range(rng.randint(0, 7)))


def test_every_answer_to_a_range_is_as_long_as_it_says(server):
    """All over one connection: a byte too many or too few, and the next answer is broken."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    counts = {}
    for header in ranges(random.Random(14)):
        for method in ("GET", "HEAD"):
            answer, body = ask(server, "/favicon.svg", method, connection, Range=header)
            counts[answer.status] = counts.get(answer.status, 0) + 1
            length = int(answer.headers["content-length"])
            assert 0 <= length <= len(ICON), header
            if method == "HEAD":
                assert answer.status == 200 and length == len(ICON) and body == b"", header
            elif answer.status == 206:
                first, last = map(int, answer.headers["content-range"].removeprefix("bytes ").split("/")[0].split("-"))
                assert body == ICON[first : last + 1] and length == len(body), header
                assert answer.headers["content-range"].endswith(f"/{len(ICON)}")
            elif answer.status == 416:
                assert body == b"" and answer.headers["content-range"] == f"bytes */{len(ICON)}", header
            else:
                assert answer.status == 200 and body == ICON, header
    assert min(counts[200], counts[206], counts[416]) > 10, counts


def test_other_methods_and_other_spellings_are_refused(server):
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        for path in ("/index.html", "/socket.io/socket.io.js"):
            answer, _ = ask(server, path, method)
            is_preflight = path.startswith("/socket.io/") and method == "OPTIONS"
            assert is_preflight or (answer.status == 405 and answer.headers["allow"] == "GET, HEAD"), (method, path)
    for path in ("//", "//index.html", "/js//main.js", "/js/", "/js", "/index.html%00", "/%00", "/js/..%2findex.html", "/js/%2e%2e/index.html",
                 "/INDEX.HTML", "/index.html/", "/%69ndex.html", "/js/../index.html", "/./index.html", "/js\\main.js"):  # fmt: skip
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as raw:
            raw.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            head = raw.recv(1 << 16)
        assert head.split()[1] in (b"400", b"404"), (path, head)


def test_a_players_folder_is_read_at_each_request(tmp_path, fresh_server, monkeypatch):
    folder = tmp_path / "player"
    shutil.copytree(ROOT / "Sources/WebAPI/Resources/player", folder)
    monkeypatch.setenv("DUBPLATE_PLAYER", str(folder))
    server = fresh_server().start()
    # The page has many addresses, and one place for its files.
    page = requests.get(server.url + "/queue", headers={"Accept": "text/html"}, timeout=60).text
    assert 'src="/js/main.js"' in page and 'href="/css/base.css"' in page
    for text in ("// first", "// second"):
        (folder / "js/main.js").write_text(text)
        answer = requests.get(server.url + "/js/main.js", timeout=60)
        assert answer.text == text and answer.headers["Cache-Control"] == "no-cache"
    (tmp_path / "secret").write_text("no business of anybody's")
    for path in ("/../secret", "/js/../../secret", "/js"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as raw:
            raw.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            assert raw.recv(1 << 16).split()[1] in (b"400", b"404"), path


@pytest.fixture
def unnamed(monkeypatch):
    """Servers of this test are told by nobody where the Socket.IO client is."""
    named = Server.environment

    def environment(server):
        return {key: value for key, value in named.fget(server).items() if key != "DUBPLATE_SOCKETIO_CLIENT"}

    monkeypatch.setattr(Server, "environment", property(environment))


def test_the_client_is_found_in_the_checkout_of_the_program(fresh_server, unnamed):
    if ROOT not in program().resolve().parents:
        pytest.skip("the program isn't one that was built here")
    server = fresh_server().start()
    answer = requests.get(server.url + "/socket.io/socket.io.js", timeout=60)
    assert answer.status_code == 200 and b"Socket.IO" in answer.content[:200]


@pytest.mark.parametrize("place", ["bin", "share/dubplate"])
def test_the_client_is_found_where_an_installation_has_it(tmp_path, fresh_server, unnamed, monkeypatch, place):
    client = os.environ.get("DUBPLATE_SOCKETIO_CLIENT") or ROOT / ".build-assets/socket.io.min.js"
    for folder in {"bin", place}:
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(program(), tmp_path / "bin/dubplate")
    shutil.copy(client, tmp_path / place / "socket.io.min.js")
    monkeypatch.setenv("DUBPLATE_BIN", str(tmp_path / "bin/dubplate"))
    server = fresh_server().start()
    assert requests.get(server.url + "/socket.io/socket.io.js", timeout=60).status_code == 200
    assert "browser client" not in server.log() and server.stop() == 0


@pytest.mark.parametrize("network", ["there", "away"])
def test_a_page_without_its_client_says_what_is_missing(tmp_path, fresh_server, unnamed, chromium, network, monkeypatch):
    bare = tmp_path / "bin/dubplate"
    bare.parent.mkdir()
    shutil.copy(program(), bare)
    monkeypatch.setenv("DUBPLATE_BIN", str(bare))
    server = fresh_server().start()
    assert "browser client" in server.log() and "socket.io.min.js" in server.log()
    page = chromium.new_page()
    loads = []
    page.on("request", lambda request: loads.append(request.url) if request.is_navigation_request() else None)
    if network == "away":
        page.route("**/socket.io/**", lambda route: route.abort())
    page.goto(server.url)
    blank = page.locator("#library-blank")
    if network == "there":
        blank.get_by_text("/socket.io/socket.io.js").wait_for(state="visible", timeout=60_000)
        assert "network" not in blank.inner_text().lower() and len(loads) == 1
    else:
        blank.get_by_text("network changed").wait_for(state="visible", timeout=60_000)
    page.close()
