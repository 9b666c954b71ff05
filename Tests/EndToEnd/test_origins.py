"""Which pages' scripts may use the server: its own, and those that ALLOWED_ORIGINS names; held by a real browser."""

import pytest
import requests
import websocket

from conftest import pages_of_another_origin
from edge import IS_INSTALLED, Edge

SOCKET = "/socket.io/?EIO=4&transport=websocket"
POLLING = "/socket.io/?EIO=4&transport=polling"


@pytest.fixture(scope="module")
def elsewhere():
    """The origin of a page that isn't the server's: the same host, another port."""
    with pages_of_another_origin({"/": ("text/html", b"<!doctype html><title>elsewhere</title>")}) as origin:
        yield origin


# What a page can try with the cookies that its browser has for the host; each says how far it came.
TRIES = """async (server) => {
  const socket = await new Promise((resolve) => {
    const socket = new WebSocket(server.replace('http', 'ws') + '/socket.io/?EIO=4&transport=websocket');
    socket.onmessage = ({ data }) => {
      if (data.startsWith('0')) return socket.send('40');
      resolve(data.slice(0, 2) === '40' ? 'in' : data);
      socket.close();
    };
    socket.onerror = () => resolve('refused');
  });
  const ask = async (path, options) => {
    try {
      const answer = await fetch(server + path, { credentials: 'include', ...options });
      return answer.type === 'opaque' ? 'opaque' : answer.status;
    } catch {
      return 'unreadable';
    }
  };
  const simple = { method: 'POST', mode: 'no-cors', body: '{}' };
  return {
    socket,
    polling: await ask('/socket.io/?EIO=4&transport=polling'),
    me: await ask('/api/v1/me'),
    json: await ask('/api/v1/stream/start', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }),
    blind: [await ask('/api/v1/auth/refresh', simple), await ask('/api/v1/stream/start', simple), await ask('/api/v1/auth/logout', simple)],
  };
}"""


@pytest.fixture
def attempt(chromium):
    """What a page comes to that is at `origin`, in a browser that is logged in at the server; and what it was answered."""

    def run(server, origin, framed=False):
        context = chromium.new_context()
        try:
            context.add_cookies([{"name": "dubplate_token", "value": server.token(), "domain": "127.0.0.1", "path": "/"}])
            page = context.new_page()
            answers = []
            page.on("response", lambda answer: answers.append((answer.url.removeprefix(server.url), answer.status)))
            page.goto(origin)
            frame = page
            if framed:
                page.set_content('<iframe sandbox="allow-scripts" src="/"></iframe>')
                page.wait_for_load_state("load")
                frame = next(frame for frame in page.frames if frame.parent_frame)
            found = frame.evaluate(TRIES, server.url)
            statuses = [status for url, status in answers if url.startswith(("/api/", "/socket.io/"))]
            found["cookies"] = len(context.cookies())
            return found, statuses
        finally:
            context.close()

    return run


def test_by_default_only_the_servers_own_pages_may(server, attempt, elsewhere):
    own, _ = attempt(server, server.url + "/healthz")
    assert own["cookies"] == 0  # it has logged itself out
    assert (own["socket"], own["polling"], own["me"], own["json"]) == ("in", 200, 200, 400)
    for framed in (False, True):  # a page on another port, and one whose origin is `null`
        found, statuses = attempt(server, elsewhere, framed)
        assert found["socket"] == "refused"
        assert (found["polling"], found["me"], found["json"]) == ("unreadable",) * 3
        # What a script can't read isn't done either: nobody is logged out.
        assert set(statuses) == {403} and found["cookies"] == 1, (statuses, found)


def test_allowed_origins_may_and_no_others(fresh_server, attempt, elsewhere):
    server = fresh_server(arguments=["--allowed-origins", f"https://music.example,{elsewhere}"]).start()
    found, _ = attempt(server, elsewhere)
    assert (found["socket"], found["polling"], found["me"], found["json"]) == ("in", 200, 200, 400)
    other = elsewhere.replace("127.0.0.1", "localhost")
    found, statuses = attempt(server, other)
    assert (found["socket"], found["polling"], found["me"]) == ("refused", "unreadable", "unreadable")


def test_with_any_origin_allowed_a_cookie_is_not_believed(fresh_server, attempt, elsewhere):
    server = fresh_server(arguments=["--allowed-origins", "*"]).start()
    found, statuses = attempt(server, elsewhere)
    # A socket opens, and the user that the browser's cookie names isn't let in by it.
    assert found["socket"].startswith("44") and "unauthorized" in found["socket"], found
    assert statuses.count(401) >= 1
    # Whoever brings a token himself may.
    answer = requests.get(
        server.url + "/api/v1/me", headers={"Origin": elsewhere, "Authorization": f"Bearer {server.token()}"}, timeout=60
    )
    assert answer.status_code == 200 and answer.headers["access-control-allow-origin"] == "*"


def opens(url, origin, **fields):
    try:
        websocket.create_connection(
            url.replace("http", "ws", 1) + SOCKET, timeout=60, origin=origin, suppress_origin=origin is None,
            header=[f"{name.replace('_', '-')}: {value}" for name, value in fields.items()],
        ).close()  # fmt: skip
        return True
    except websocket.WebSocketBadStatusException as refusal:
        assert refusal.status_code == 403
        return False


def test_the_servers_own_origin_is_scheme_host_and_port_as_the_client_has_them(server):
    own = server.url
    secure = {"X_Forwarded_Proto": "HTTPS, http", "X_Forwarded_Host": "music.example:8443, inner"}
    standard = {"Forwarded": 'for=192.0.2.1;host="music.example:8443";proto=https, for=10.0.0.1;proto=http'}
    for origin, fields, right in (
        (None, {}, True),
        (own, {}, True),
        (own.upper(), {}, True),
        ("null", {}, False),
        (own.replace("http", "https"), {}, False),
        (own.rsplit(":", 1)[0], {}, False),
        (own[:-1] + str((int(own[-1]) + 1) % 10), {}, False),
        (own.replace("127.0.0.1", "localhost"), {}, False),
        (own + ".evil.example", {}, False),
        (own + "/", {}, False),
        ("https://music.example:8443", secure, True),
        ("http://music.example:8443", secure, False),
        ("https://music.example", secure, False),
        ("https://inner", secure, False),
        ("https://music.example:8443", standard, True),
        (own, standard, False),
        (own.replace("http", "https"), {"X_Forwarded_Proto": "https"}, True),
    ):
        assert opens(server.url, origin, **fields) == right, (origin, fields)
        names = {name.replace("_", "-"): value for name, value in fields.items()} | ({"Origin": origin} if origin else {})
        polling = requests.get(server.url + POLLING, headers=names, timeout=60)
        assert polling.status_code == (200 if right else 403), (origin, fields)
        for path in ("/api/v1/me", "//api/v1/me", "/api//v1/me/"):
            me = requests.get(server.url + path, headers=names, cookies={"dubplate_token": server.token()}, timeout=60)
            assert me.status_code == 403 if not right else me.status_code in (200, 404), (path, origin, fields)


def test_a_stream_says_where_its_socket_is(server, tracks):
    for fields, start in (
        ({}, f"ws://127.0.0.1:{server.port}/"),
        ({"Host": "music.example:8080"}, "ws://music.example:8080/"),
        ({"Host": "music.example", "X-Forwarded-Proto": "HTTPS"}, "wss://music.example/"),
        ({"X-Forwarded-Proto": "https,http", "X-Forwarded-Host": "music.example:8443,x"}, "wss://music.example:8443/"),
        ({"Forwarded": 'proto=https;host="music.example:8443"'}, "wss://music.example:8443/"),
    ):
        answer = requests.post(
            server.url + "/api/v1/stream/start",
            json={"trackId": tracks["Odd FLAC"]["id"], "cookies": True},
            headers={"Authorization": f"Bearer {server.token()}"} | fields,
            timeout=60,
        )
        assert answer.json()["websocketUrl"].startswith(start), fields
        assert ("secure" in answer.headers["set-cookie"].lower()) == start.startswith("wss"), fields


@pytest.mark.skipif(not IS_INSTALLED, reason="nginx is not installed")
def test_behind_the_documented_edge_its_own_pages_are_the_edges(server, tracks, tmp_path):
    edge = Edge(server, tmp_path)
    try:
        edge.wait()
        start = requests.post(
            edge.url + "/api/v1/stream/start",
            json={"trackId": tracks["Odd FLAC"]["id"]},
            headers={"Authorization": f"Bearer {server.token()}"},
            timeout=60,
        ).json()
        assert start["websocketUrl"] == edge.url.replace("http", "ws") + "/socket.io/"
        assert opens(edge.url, edge.url) and not opens(edge.url, server.url)
        # What the client says of itself isn't believed behind a proxy.
        assert not opens(edge.url, "https://evil.example", X_Forwarded_Host="evil.example", X_Forwarded_Proto="https")
        assert not opens(edge.url, "https://evil.example", Forwarded="host=evil.example;proto=https")
    finally:
        edge.stop()


@pytest.mark.skipif(not IS_INSTALLED, reason="nginx is not installed")
@pytest.mark.parametrize("allowed", ["*", "one", "two"])
def test_other_origins_pages_play_through_the_documented_cache(fresh_server, tmp_path, chromium, elsewhere, allowed):
    """As a player in script does: playlists, header and segments by fetch, with a range and CMCD headers; after somebody
    who sent no Origin has filled the cache, and from two origins by turns."""
    other = elsewhere.replace("127.0.0.1", "localhost")
    origins = {"*": "*", "one": elsewhere, "two": f"{elsewhere},{other}"}[allowed]
    server = fresh_server(arguments=["--allowed-origins", origins]).start()
    track = server.wait_tracks("Odd FLAC")["Odd FLAC"]
    urls = server.post("/api/v1/stream/start", {"trackId": track["id"]}).json()["urls"]
    edge = Edge(server, tmp_path)
    play = """async (url) => {
      const load = async (url, headers) => {
        const answer = await fetch(url, { headers: { 'CMCD-Request': 'bl=21300', 'CMCD-Session': 'v=1', ...headers } });
        return [answer, new Uint8Array(await answer.arrayBuffer())];
      };
      const lines = async (url) => new TextDecoder().decode((await load(url))[1]).split('\\n');
      const plain = (line) => line && !line.startsWith('#');
      const media = new URL((await lines(url)).find(plain), url);
      const text = await lines(media);
      const names = [/URI="(.*?)"/.exec(text.find((line) => line.startsWith('#EXT-X-MAP')))[1], ...text.filter(plain)];
      let bytes = 0;
      for (const name of names) {
        const [answer, body] = await load(new URL(name, media));
        if (answer.status !== 200) return answer.status;
        bytes += body.length;
      }
      const [part, body] = await load(new URL(names[1], media), { range: 'bytes=10-19' });
      const refused = await fetch(String(new URL(names[1], media)).replace('token=', 'token=x'));
      return { bytes, part: part.status, range: part.headers.get('content-range'), length: body.length,
        code: (await refused.json()).error.code };
    }"""
    try:
        edge.wait()
        # Somebody whose program sends no Origin.
        media = urls["hls"].replace("master.m3u8", "aac-192/index.m3u8")
        text = requests.get(edge.url + media, timeout=60).text
        names = [line for line in text.splitlines() if line and not line.startswith("#")]
        for name in names:
            assert requests.get(edge.url + media.rsplit("/", 1)[0] + "/" + name, timeout=60).status_code == 200
        kept = len(edge.kept())
        for origin, may in ((elsewhere, True), (other, allowed != "one"), (elsewhere, True)):
            page = chromium.new_page()
            page.goto(origin)
            url = edge.url + urls["hls"].replace("master.m3u8?", "master.m3u8?codecs=aac&")
            if may:
                found = page.evaluate(play, url)
                assert found["bytes"] > 10_000 and found["code"] == "url_invalid", found
                assert (found["part"], found["length"]) == (206, 10) and found["range"].startswith("bytes 10-19/")
            else:
                with pytest.raises(Exception, match="Failed to fetch"):
                    page.evaluate(play, url)
            page.close()
        # One body for all of them.
        bodies = list(edge.kept().values())
        assert len(set(bodies)) == len(bodies) >= kept
    finally:
        edge.stop()


def test_a_preflight_is_answered_the_same_for_everybody(fresh_server, elsewhere):
    server = fresh_server(arguments=["--allowed-origins", f"{elsewhere},https://b.example"]).start()
    asked = "range,authorization,cmcd-object,cmcd-request,cmcd-session,cmcd-status"
    for path in ("/audio/x/master.m3u8", "/audio/x/aac-192/0.m4s?token=1", "/audio/x"):
        heads = []
        for origin in (elsewhere, "https://b.example", "https://evil.example", "null", None):
            fields = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": asked}
            answer = requests.options(server.url + path, headers=fields | ({"Origin": origin} if origin else {}), timeout=60)
            assert answer.status_code == 204
            allowed = answer.headers.get("access-control-allow-origin")
            assert allowed == (origin if origin in (elsewhere, "https://b.example") else None)
            named = {name.strip() for name in answer.headers["access-control-allow-headers"].lower().split(",")}
            assert set(asked.split(",")) <= named
            heads.append({k: v for k, v in answer.headers.items() if k.lower() not in ("date", "access-control-allow-origin")})
        assert all(head == heads[0] for head in heads) and heads[0]["Vary"] == "Origin"
