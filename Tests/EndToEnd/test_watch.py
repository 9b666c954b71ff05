"""What changes in the library's folders is noticed, though nobody asks and no scan is due."""

import shutil

import requests

from conftest import eventually


def test_what_comes_into_the_library_and_leaves_it_is_found_by_itself(fresh_server, music, tmp_path):
    library = tmp_path / "music"
    (library / "there").mkdir(parents=True)
    shutil.copy(music.files["Blip"], library)
    server = fresh_server(library=library, arguments=("--scan-interval", "0", "--analysis", "off")).start()
    server.wait_tracks("Blip")
    shutil.copy(music.files["Swarf"], library / "there")
    server.wait_tracks("Swarf")
    # Folders that are new, with what is in them already and what comes later.
    album = library / "new" / "album"
    album.mkdir(parents=True)
    shutil.copy(music.files["Odd FLAC"], album)
    server.wait_tracks("Odd FLAC")
    shutil.copy(music.files["Odd 48k"], album)
    server.wait_tracks("Odd 48k")
    # What is moved in is there at once, what is removed is gone.
    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.copy(music.files["First Cut"], outside)
    outside.rename(library / "inside")
    server.wait_tracks("First Cut")
    shutil.rmtree(library / "new")
    eventually(lambda: not {"Odd FLAC", "Odd 48k"} & set(server.tracks()), "what was removed is gone", patience=120)
    assert {"Blip", "Swarf", "First Cut"} <= set(server.tracks())
    # The library itself, as a disk that is unmounted and comes back.
    ready = lambda: requests.get(server.url + "/readyz", timeout=60).status_code  # noqa: E731
    library.rename(tmp_path / "elsewhere")
    eventually(lambda: ready() == 503, "that there is no library is noticed", patience=120)
    (tmp_path / "elsewhere").rename(library)
    eventually(lambda: ready() == 200, "and that it's back", patience=240)
    shutil.copy(music.files["Odd FLAC"], library)
    server.wait_tracks("Odd FLAC", "Blip", "Swarf", "First Cut")
