"""What one client may cost: encoders that are all taken, and somebody who asks for very much and reads slowly."""

import concurrent.futures
import socket

import requests

from test_faults import resident_bytes


def links(server, title):
    track = server.wait_tracks(title)[title]
    return server.post("/api/v1/stream/start", {"trackId": track["id"]}).json()["urls"]


def test_whole_files_are_refused_with_a_hint_while_a_listeners_encoders_are_taken(fresh_server):
    server = fresh_server(arguments=("--encoders", "1")).start()
    url = server.url + links(server, "Long")["mp3-320"]
    length = int(requests.head(url, timeout=30).headers["content-length"])

    def ask(place):
        start = length * place // 48
        return requests.get(url, headers={"Range": f"bytes={start}-{start + 999}"}, timeout=60)

    # 48 places of one file that nobody has heard, at once; a listener may have 16 in the making.
    with concurrent.futures.ThreadPoolExecutor(48) as pool:
        answers = list(pool.map(ask, range(48)))
    statuses = {answer.status_code for answer in answers}
    assert statuses == {206, 503}, statuses
    for answer in answers:
        if answer.status_code == 206:
            assert len(answer.content) == 1_000
        else:
            assert int(answer.headers["retry-after"]) >= 1
            assert answer.json()["error"]["code"] == "busy"
    # Afterwards there is room again.
    assert ask(40).status_code == 206


def test_a_client_that_asks_on_and_on_and_reads_slowly_costs_little(fresh_server):
    server = fresh_server().start()
    urls = links(server, "Long")
    path, query = urls["mp3-320"].split("?", 1)
    segment = f"{path.removesuffix('.mp3')}/3.mp3?{query}"
    body = requests.get(server.url + segment, timeout=60).content
    assert requests.get(server.url + urls["mp3-320"], timeout=120).status_code == 200
    before = resident_bytes(server)
    for path, size in ((segment, len(body)), (urls["mp3-320"], 6_000_000)):
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            slow.settimeout(3)
            slow.connect(("127.0.0.1", server.port))
            request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
            asked = 0
            try:
                while asked < 5_000:  # far more than sockets hold: it stops when the server reads no more
                    slow.sendall(request)
                    asked += 1
            except TimeoutError:
                pass
            assert requests.get(server.url + segment, timeout=60).content == body, "others are served meanwhile"
            grown = resident_bytes(server) - before
            assert grown < 48 << 20, f"{grown} bytes for {asked} requests of {size} bytes each"
            # What was asked first comes, however late it is read.
            slow.settimeout(30)
            received = b""
            while len(received) < 2 * len(body):
                piece = slow.recv(65_536)
                assert piece, "the server has gone"
                received += piece
            assert received.startswith(b"HTTP/1.1 200")


def test_playlists_and_files_are_paid_for_by_who_was_given_the_url(fresh_server):
    server = fresh_server().start()
    urls = links(server, "Long")
    master = server.url + urls["hls"]

    def ask(_):
        return requests.get(master, headers={"Accept-Encoding": "gzip"}, timeout=60)

    answers = []
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        while len(answers) < 20_000 and all(answer.status_code == 200 for answer in answers):
            answers += pool.map(ask, range(400))
    refused = [answer for answer in answers if answer.status_code != 200]
    assert refused and all(answer.status_code == 429 for answer in refused), {answer.status_code for answer in answers}
    assert all(int(answer.headers["retry-after"]) >= 1 and answer.json()["error"]["code"] == "rate_limited" for answer in refused)
    # The sound itself goes on, and so does everybody else.
    assert requests.get(server.url + urls["mp3-320"], headers={"Range": "bytes=0-99"}, timeout=60).status_code in (206, 429)
    assert requests.get(server.url + "/healthz", timeout=60).status_code == 200
