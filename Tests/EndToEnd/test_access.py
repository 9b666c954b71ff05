"""Who may come in: logging in, tokens over every way, the refusals' codes; and the little that HTTP does besides."""

import base64
import hashlib
import hmac
import json
import pathlib
import time

import pytest
import requests

from listener import Listener, Refused, listening

WEBSOCKET, POLLING = ["websocket"], ["polling"]


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def forged(server, token, secret=None, header=None, **claims):
    """The token with other claims, signed anew: with the server's own secret if none is given."""
    head, payload, _ = token.split(".")
    head = b64(json.dumps(header).encode()) if header else head
    payload = b64(json.dumps(json.loads(unb64(payload)) | claims).encode())
    key = (secret or server.jwt_secret).encode()
    return f"{head}.{payload}.{b64(hmac.new(key, f'{head}.{payload}'.encode(), hashlib.sha256).digest())}"


def refusal(server, token, transports, **options):
    with pytest.raises(Refused) as caught:
        with listening(server, token=token, transports=transports, **options):
            pass
    assert caught.value.message
    return caught.value.code


@pytest.mark.parametrize("transports", [WEBSOCKET, POLLING], ids=["websocket", "polling"])
def test_a_connection_without_a_good_token_is_refused(server, transports):
    good = server.token()
    bad = {
        "garbage": "token_invalid",
        "a.b.c": "token_invalid",
        good[:-2]: "token_invalid",
        good + "x": "token_invalid",
        "x" * 12_000: "token_invalid",
        forged(server, good, secret="another secret of a decent length, really"): "token_invalid",
        forged(server, good, header={"alg": "none", "typ": "JWT"}): "token_invalid",
        forged(server, good, exp=int(time.time()) - 5): "token_expired",
    }
    for token, code in bad.items():
        assert refusal(server, token, transports) == code, token[:80]


@pytest.mark.parametrize("auth", [{}, {"token": None}, {"token": ""}], ids=repr)
def test_no_token_at_all_is_unauthorized(server, auth):
    with pytest.raises(Refused) as caught:
        Listener(server.url, transports=WEBSOCKET, **auth).close()
    assert caught.value.code == "unauthorized"


@pytest.mark.parametrize(
    "auth",
    [
        {"bufferSeconds": 0},
        {"bufferSeconds": 121},
        {"bufferSeconds": "3"},
        {"format": "wav"},
        {"format": 1},
        {"deviceId": ""},
        {"deviceId": "a b"},
        {"deviceId": "x" * 65},
    ],
    ids=repr,
)
def test_a_wrong_wish_in_connect_is_a_bad_request(server, auth):
    assert refusal(server, server.token(), WEBSOCKET, **auth) == "bad_request"


def test_a_token_of_wrong_type_is_refused(server):
    with pytest.raises(Refused) as caught:
        with listening(server, token=12345, transports=WEBSOCKET):
            pass
    assert caught.value.code in ("bad_request", "token_invalid", "unauthorized")


@pytest.mark.parametrize("transports", [WEBSOCKET, POLLING, None], ids=["websocket", "polling", "upgrade"])
def test_the_cookie_of_a_login_is_as_good_as_a_token(server, transports):
    answer = server.login()
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    listener = Listener(
        server.url, transports=transports, headers={"Cookie": f"dubplate_token={answer.cookies['dubplate_token']}"}
    )
    assert listener.ok("clock_sync", {"t0": 0})
    listener.close()


def test_login_answers_the_token_and_who_it_is_for(server):
    answer = server.login(server.lite)
    body = answer.json()
    assert answer.status_code == 200 and body["user"]["username"] == server.lite and body["user"]["plan"] == "free"
    assert 0 < body["expiresAt"] - time.time() <= 15 * 60 + 1
    assert server.get("/api/v1/me", user=server.lite).json() == body["user"]


def test_a_login_is_renewed_while_its_token_is_good(server, tracks):
    first = server.login()
    session = requests.Session()
    session.cookies.update(first.cookies)
    answer = session.post(server.url + "/api/v1/auth/refresh", timeout=20)
    assert answer.status_code == 200 and answer.json()["user"] == first.json()["user"]
    assert answer.json()["token"] != first.json()["token"] and answer.headers["cache-control"] == "no-store"
    assert answer.cookies["dubplate_token"] == answer.json()["token"]
    assert "HttpOnly" in answer.headers["Set-Cookie"] and "SameSite=Lax" in answer.headers["Set-Cookie"]
    assert session.get(server.url + "/api/v1/me", timeout=20).json() == first.json()["user"]
    # It is for who has a good token, and whose password was given within 30 days.
    assert requests.post(server.url + "/api/v1/auth/refresh", timeout=20).status_code == 401
    def refused(token):
        headers = {"Authorization": f"Bearer {token}"}
        answer = requests.post(server.url + "/api/v1/auth/refresh", headers=headers, timeout=20)
        return answer.status_code == 401 and answer.json()["error"]["code"] == "unauthorized"

    day = 86_400
    renewed = answer.json()["token"]
    assert not refused(forged(server, renewed, auth_time=int(time.time()) - 29 * day))
    assert refused(forged(server, renewed, auth_time=int(time.time()) - 31 * day))
    assert refused(forged(server, renewed, sub="nobody"))
    prepared = server.post("/api/v1/stream/start", {"trackId": next(iter(tracks.values()))["id"]}).json()
    assert refused(prepared["authToken"])


@pytest.mark.parametrize(
    "user, password", [("demo", "wrong"), ("nobody", "correct horse battery"), ("demo", ""), ("", "")]
)
def test_wrong_credentials_are_one_answer_whoever_is_meant(server, user, password):
    answer = requests.post(server.url + "/api/v1/auth/login", json={"username": user, "password": password}, timeout=20)
    assert (answer.status_code, answer.json()["error"]["code"]) in ((401, "wrong_credentials"), (400, "bad_request"))
    if user and password:
        assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"username": 5, "password": []}', b"\xff\xfe", b'{"username": "demo"}'], ids=repr
)
def test_a_login_that_is_no_login_is_a_bad_request(server, body):
    answer = requests.post(
        server.url + "/api/v1/auth/login", data=body, headers={"Content-Type": "application/json"}, timeout=20
    )
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "bad_request"


@pytest.mark.parametrize(
    "path", ["/api/v1/me", "/api/v1/tracks", "/api/v1/tracks/x", "/api/v1/tracks/x/cover", "/api/v1/stream/status/x"]
)
def test_the_api_wants_a_token(server, path):
    assert requests.get(server.url + path, timeout=20).json()["error"]["code"] == "unauthorized"
    answer = requests.get(server.url + path, headers={"Authorization": "Bearer nonsense"}, timeout=20)
    assert answer.status_code == 401 and answer.json()["error"]["code"] == "token_invalid"


def test_the_library_is_listed_paged_and_searched(server, tracks):
    everything = server.get("/api/v1/tracks?limit=500").json()
    assert everything["total"] == len(everything["tracks"]) == len(tracks)
    first = server.get("/api/v1/tracks?limit=2").json()["tracks"]
    second = server.get("/api/v1/tracks?limit=2&offset=2").json()["tracks"]
    assert [t["id"] for t in first + second] == [t["id"] for t in everything["tracks"][:4]]
    found = server.get("/api/v1/tracks?q=sodium").json()["tracks"]
    assert [t["title"] for t in found] == ["Sodium Glow"]
    track = found[0]
    assert (track["artist"], track["album"], track["trackNumber"], track["year"]) == (
        "Mira Halden",
        "Night River EP",
        3,
        2025,
    )
    assert server.get(f"/api/v1/tracks/{track['id']}").json() == track
    assert server.get("/api/v1/tracks?q=" + "%25_%27%22%3B--").status_code == 200
    for bad in ("limit=0", "limit=501", "limit=x", "offset=-1"):
        assert server.get("/api/v1/tracks?" + bad).status_code in (200, 400), bad
    assert server.get("/api/v1/tracks/nothing").json()["error"]["code"] == "unknown_track"


@pytest.mark.parametrize("title", ["First Cut", "Swarf", "Ferry Lights", "Sodium Glow"])
def test_covers_come_out_of_every_container(server, tracks, title):
    assert tracks[title]["hasCover"] is True
    path = f"/api/v1/tracks/{tracks[title]['id']}/cover"
    answer = server.get(path)
    assert (
        answer.status_code == 200
        and answer.headers["Content-Type"] == "image/jpeg"
        and answer.content[:2] == b"\xff\xd8"
    )
    again = requests.get(
        server.url + path,
        headers={"Authorization": f"Bearer {server.token()}", "If-None-Match": answer.headers["ETag"]},
        timeout=20,
    )
    assert again.status_code == 304 and not again.content


def test_a_track_without_a_cover_says_so(server, tracks):
    answer = server.get(f"/api/v1/tracks/{tracks['Odd FLAC']['id']}/cover")
    assert answer.status_code == 404 and answer.json()["error"]["code"] == "no_cover"


def test_the_official_client_is_served_unchanged(server):
    bundle = pathlib.Path(server.environment["DUBPLATE_SOCKETIO_CLIENT"])
    answer = requests.get(server.url + "/socket.io/socket.io.js", timeout=20)
    assert answer.status_code == 200 and answer.content == bundle.read_bytes()
    assert "javascript" in answer.headers["Content-Type"]


@pytest.mark.parametrize(
    "path, status",
    [
        ("/healthz", 200),
        ("/readyz", 200),
        ("/", 200),
        ("/no/such/page", 404),
        ("/..%2f..%2fetc/passwd", 404),
        ("/api/v1/nothing", 404),
        ("/socket.io/?EIO=4&transport=carrier-pigeon", 400),
        ("/socket.io/?EIO=3&transport=polling", 400),
        ("/socket.io/?EIO=4&transport=polling&sid=nobody", 400),
    ],
)
def test_plain_requests_have_plain_answers(server, path, status):
    assert requests.get(server.url + path, timeout=20).status_code == status


def test_accounts_are_made_once_and_tokens_by_command(server):
    again = server.run(
        "user",
        "add",
        server.username,
        "--plan",
        "free",
        "--password-stdin",
        "--data",
        server.data,
        stdin="another one 1\n",
    )
    assert again.returncode == 1 and "username_taken" in again.stderr
    assert server.login().status_code == 200, "the password is still the first one"
    made = server.run("token", server.username, "--data", server.data)
    assert made.returncode == 0
    with listening(server, token=made.stdout.strip(), transports=WEBSOCKET) as listener:
        assert listener.ok("clock_sync", {"t0": 0})
    assert server.run("token", "nobody", "--data", server.data).returncode != 0


def test_secrets_stay_out_of_the_log(server):
    token = server.token()
    log = server.log()
    assert server.password not in log and server.jwt_secret not in log and token.split(".")[2] not in log
