"""The nginx of Docs/operations.md in front of the server: it checks each token and keeps one body for all."""

import os
import pathlib
import re
import shutil
import subprocess
import time

import pytest
import requests

from conftest import ROOT, free_port

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or str(ROOT / ".build-assets/nginx")


@pytest.fixture
def edge(server, tmp_path):
    """The document's own configuration, on loopback and without TLS."""
    if not pathlib.Path(NGINX).exists():
        pytest.skip("nginx is not installed")
    text = (ROOT / "Docs/operations.md").read_text()
    config = re.search(r"```nginx\n(.*?)```", text, re.S).group(1)
    port = free_port()
    for old, new in (
        ("/var/cache/nginx/dubplate", f"{tmp_path}/cache"),
        ("127.0.0.1:3001", f"127.0.0.1:{server.port}"),
        ("listen 443 ssl", f"listen 127.0.0.1:{port}"),
        ("proxy_cache dubplate;", "proxy_cache dubplate; add_header X-Cache $upstream_cache_status always;"),
    ):
        assert old in config, old
        config = config.replace(old, new)
    user = "user root;" if os.geteuid() == 0 else ""
    folders = " ".join(f"{name}_temp_path {tmp_path}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    file = tmp_path / "nginx.conf"
    file.write_text(
        f"{user} daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}\n"
        f"http {{ access_log off; {folders}\n{config}\n}}\n"
    )
    process = subprocess.Popen([NGINX, "-c", str(file), "-e", f"{tmp_path}/start.log"])
    url = f"http://127.0.0.1:{port}"
    for _ in range(200):
        assert process.poll() is None, (tmp_path / "start.log").read_text() + (tmp_path / "error.log").read_text()
        try:
            requests.get(f"{url}/healthz", timeout=5)
            break
        except requests.ConnectionError:
            time.sleep(0.02)
    yield url
    process.terminate()
    process.wait()


def test_an_edge_keeps_one_body_and_asks_for_every_token(server, tracks, edge):
    def urls(user=None):
        return server.post("/api/v1/stream/start", {"trackId": tracks["Odd FLAC"]["id"]}, user=user).json()["urls"]

    first, second = urls()["hls"], urls(server.lite)["hls"]
    playlist = requests.get(edge + first.replace("master.m3u8", "aac-192/index.m3u8"), timeout=20)
    name = next(line for line in playlist.text.splitlines() if line and not line.startswith("#"))
    base = edge + first.split("master.m3u8")[0] + "aac-192/"
    answer = requests.get(base + name, timeout=20)
    assert answer.status_code == 200 and answer.headers["x-cache"] == "MISS"
    # Somebody else's token, the same body out of the cache.
    other = name.split("&token=")[0] + "&token=" + second.split("token=")[1]
    kept = requests.get(base + other, timeout=20)
    assert kept.headers["x-cache"] == "HIT" and kept.content == answer.content
    # What is in the cache isn't for those without a good token.
    for bad in (name.split("&token=")[0], other[:-1], other + "x"):
        refused = requests.get(base + bad, timeout=20)
        assert refused.status_code == 403 and answer.content not in refused.content
    # Another version of the track is another body to the cache.
    renewed = re.sub(r"v=\w+", "v=0123456789ab", name)
    assert requests.get(base + renewed, timeout=20).headers["x-cache"] == "MISS"
    # The connections between the two are kept, and none of them is used beyond its end.
    for version in range(100):
        assert requests.get(base + re.sub(r"v=\w+", f"v={version:012x}", name), timeout=20).status_code == 200, version
    # Ranges of whole files go through.
    ranged = requests.get(edge + urls()["mp3-192"], headers={"Range": "bytes=1000-1999"}, timeout=20)
    assert ranged.status_code == 206 and len(ranged.content) == 1000
