"""HTTPS by the server itself: everything goes over it, and a renewed certificate is taken into use while it runs."""

import os
import signal
import socket
import ssl
import subprocess

import pytest
import requests

from conftest import eventually, program
from listener import Listener


def make_pair(folder, name):
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj".split()
    names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, f"/CN={name}", *names], check=True, capture_output=True)
    return certificate, key


@pytest.fixture
def pairs(tmp_path, monkeypatch):
    """Two pairs of certificate and key; all clients of this process trust both."""
    found = [make_pair(tmp_path, name) for name in ("first", "second")]
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(b"".join(certificate.read_bytes() for certificate, _ in found))
    for name in ("REQUESTS_CA_BUNDLE", "WEBSOCKET_CLIENT_CA_BUNDLE"):
        monkeypatch.setenv(name, str(trusted))
    return found


@pytest.fixture
def secure(fresh_server, pairs, tmp_path):
    """A server with a copy of the first pair, and a way to put another in its place as those that renew do: a whole file
    under another name, and then renamed."""
    folder = tmp_path / "live"
    folder.mkdir()

    def put(certificate=None, key=None):
        for source, name in ((certificate, "server.crt"), (key, "server.key")):
            if source:
                (folder / "new").write_bytes(source.read_bytes())
                os.replace(folder / "new", folder / name)

    put(*pairs[0])
    server = fresh_server(arguments=["--tls-cert", folder / "server.crt", "--tls-key", folder / "server.key"])
    server.scheme, server.put = "https", put
    return server.start()


def served(server):
    return ssl.get_server_certificate(("127.0.0.1", server.port))


def same(pem, path):
    return pem.split() == path.read_text().split()


def test_everything_goes_over_tls(secure, music):
    tracks = secure.wait_tracks("Odd 48k")
    assert f"https://127.0.0.1:{secure.port}/" in secure.log()
    page = requests.get(secure.url + "/", timeout=60)
    assert page.ok and "text/html" in page.headers["content-type"]
    assert "Secure" in secure.login().headers["set-cookie"]
    for transport in ("polling", "websocket"):
        listener = Listener(secure.url, secure.token(), transports=[transport], standalone=True, bufferSeconds=120)
        try:
            listener.ok("play_track", {"trackId": tracks["Odd 48k"]["id"], "quality": "lossless"})
            listener.wait_for("stream_ended", where=lambda ended: ended["reason"] == "finished")
        finally:
            listener.close()
    start = secure.post("/api/v1/stream/start", {"trackId": tracks["Odd 48k"]["id"]}).json()
    whole = requests.get(secure.url + start["urls"]["mp3-128"], timeout=60)
    assert whole.ok and len(whole.content) == int(whole.headers["content-length"])


def test_the_servers_own_pages_are_those_over_https(secure):
    def allowed(origin):
        headers = {"Origin": origin, "Authorization": f"Bearer {secure.token()}"}
        return requests.get(secure.url + "/api/v1/me", headers=headers, timeout=60).ok

    assert allowed(f"https://127.0.0.1:{secure.port}")
    assert not allowed(f"http://127.0.0.1:{secure.port}")
    Listener(secure.url, secure.token(), transports=["websocket"], headers={"Origin": secure.url}).close()


def test_plain_http_and_noise_on_its_port_end_and_harm_nobody(secure):
    for said in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\xff\xff" + bytes(70_000), b"\0", b""):
        with socket.create_connection(("127.0.0.1", secure.port), timeout=60) as plain:
            try:
                plain.sendall(said)
                plain.shutdown(socket.SHUT_WR)
                while answer := plain.recv(65_536):
                    assert not answer.startswith(b"HTTP/1.1 200")
            except ConnectionError:
                pass  # as good an end as any
    assert requests.get(secure.url + "/healthz", timeout=60).ok


def test_a_renewed_certificate_is_taken_into_use_and_connections_go_on(secure, pairs):
    (first, first_key), (second, second_key) = pairs
    assert same(served(secure), first)
    listener = Listener(secure.url, secure.token(), transports=["websocket"], standalone=True)
    try:
        # Its certificate came, its key not yet: what there is stays, and it's said.
        secure.put(certificate=second)
        eventually(lambda: "the one before stays" in secure.log(), "a word of the key that doesn't fit", patience=120)
        assert "isn't the key of the certificate" in secure.log() and same(served(secure), first)
        secure.put(key=second_key)
        eventually(lambda: same(served(secure), second), "the renewed certificate", patience=120)
        assert secure.login().status_code == 200
        listener.ok("clock_sync", {"t0": 1})
        # SIGHUP reads them at once.
        secure.put(first, first_key)
        secure.process.send_signal(signal.SIGHUP)
        eventually(lambda: same(served(secure), first), "the certificate of the reload", patience=120)
        listener.ok("clock_sync", {"t0": 2})
    finally:
        listener.close()


@pytest.mark.parametrize("certificate, key, said", [
    ("first.crt", None, "'--tls-key / DUBPLATE_TLS_KEY' is missing"),
    (None, "first.key", "'--tls-cert / DUBPLATE_TLS_CERT' is missing"),
    ("nowhere.crt", "first.key", "'--tls-cert / DUBPLATE_TLS_CERT' can't be read: {}/nowhere.crt"),
    ("first.crt", "nowhere.key", "'--tls-key / DUBPLATE_TLS_KEY' can't be read: {}/nowhere.key"),
    ("first.crt", ".", "'--tls-key / DUBPLATE_TLS_KEY' can't be read: {}"),
    ("first.key", "first.key", "'--tls-cert / DUBPLATE_TLS_CERT' must name a file of certificates in PEM"),
    ("first.crt", "first.crt", "'--tls-key / DUBPLATE_TLS_KEY' must name a file of a private key in PEM"),
    ("first.crt", "locked.key", "'--tls-key / DUBPLATE_TLS_KEY' must name a file of a private key in PEM without a"),
    ("first.crt", "second.key", "isn't the key of the certificate: {}/second.key"),
])
def test_a_pair_that_can_not_be_used_stops_the_start_with_a_line_that_names_the_file(
    tmp_path, pairs, certificate, key, said
):
    if key == "locked.key":
        lock = ["openssl", "ec", "-aes256", "-passout", "pass:word", "-in", "first.key", "-out", key]
        subprocess.run(lock, check=True, capture_output=True, cwd=tmp_path)
    (tmp_path / "music").mkdir()
    flags = [(flag, tmp_path / name) for flag, name in (("--tls-cert", certificate), ("--tls-key", key)) if name]
    command = [program(), "serve", "--data", tmp_path / "data", "--library", tmp_path / "music", "--port", "0"]
    done = subprocess.run(
        [*command, *(part for pair in flags for part in pair)], capture_output=True, text=True, timeout=120,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if line]
    assert len(lines) == 1 and said.format(tmp_path) in lines[0], done.stderr
    assert not (tmp_path / "data").exists()
