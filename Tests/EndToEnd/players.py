"""Players that are judges of files: each gives the samples that it would play of a URL, from a moment on."""

import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

import numpy
import requests

PATIENCE_SECONDS = 120


def run(*command, **options):
    return subprocess.run(
        list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_SECONDS, **options
    )


def mono(raw):
    """The left channel of 16-bit stereo, which all sounds here have."""
    return numpy.frombuffer(raw[: len(raw) // 4 * 4], "<i2").reshape(-1, 2)[:, 0].astype(float)


def data_of_wav(raw):
    """What lies behind the head of a WAV file, whatever length that claims."""
    return raw[raw.index(b"data") + 8 :]


def ffmpeg(url, seek, rate, folder):
    start = ("-ss", seek) if seek else ()
    done = run("ffmpeg", "-loglevel", "error", *start, "-i", url, "-map", "0:a", "-f", "s16le", "-ac", 2, "-ar", rate, "-")
    assert done.returncode == 0, done.stderr
    return mono(done.stdout)


def mpv(url, seek, rate, folder):
    path = folder / "mpv.raw"
    options = ("--no-config", "--no-terminal", "--no-video", "--ao=pcm", f"--ao-pcm-file={path}", "--ao-pcm-waveheader=no")
    sound = ("--audio-format=s16", "--audio-channels=stereo", f"--audio-samplerate={rate}")
    start = (f"--start={seek}",) if seek else ()
    done = run("mpv", *options, *sound, *start, url)
    assert done.returncode == 0, done.stdout + done.stderr
    return mono(path.read_bytes())


def vlc(url, seek, rate, folder):
    # It refuses to be run by root, and nobody may write into root's folders.
    with tempfile.TemporaryDirectory(prefix="dubplate-vlc-") as name:
        home = pathlib.Path(name)
        home.chmod(0o777)
        path = home / "vlc.wav"
        chain = f"#transcode{{acodec=s16l,channels=2,samplerate={rate}}}:std{{access=file,mux=wav,dst={path}}}"
        command = ("vlc", "-I", "dummy", "--no-sout-video", "--sout", chain)
        start = (f"--start-time={seek}",) if seek else ()
        who = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
        done = run(*command, *start, url, "vlc://quit", cwd="/", env=os.environ | {"HOME": name}, **who)
        assert path.exists(), done.stderr[-1000:]
        return mono(data_of_wav(path.read_bytes()))


def gstreamer(url, seek, rate, folder):
    path = folder / "gst.raw"
    path.unlink(missing_ok=True)
    shape = f"audio/x-raw,format=S16LE,channels=2,rate={rate}"
    sink = f"--audiosink=audioresample ! audioconvert ! {shape} ! filesink location={path}"
    start = ()
    if seek:
        # Before anything is played it seeks in files only.
        (folder / "file").write_bytes(requests.get(url, timeout=PATIENCE_SECONDS).content)
        url, start = folder / "file", (f"--start-position={seek}",)
    done = run("gst-play-1.0", "-q", "--no-interactive", sink, *start, url, env=os.environ | {"HOME": str(folder)})
    assert path.exists(), done.stderr
    return mono(path.read_bytes())


def mpg123(url, seek, rate, folder):
    path = folder / "mpg123.wav"
    done = run("mpg123", "-q", "-w", path, "-k", int(seek * rate // 1152), url)
    assert done.returncode == 0, done.stderr
    return mono(data_of_wav(path.read_bytes()))


def mpd(url, seek, rate, folder):
    """Music Player Daemon, by its protocol; its output is a command that writes down what it is given."""
    place = folder / "mpd.socket"
    path = folder / "mpd.raw"
    path.unlink(missing_ok=True)
    (folder / "mpd.conf").write_text(
        f'bind_to_address "{place}"\npid_file "{folder}/mpd.pid"\nlog_file "{folder}/mpd.log"\n'
        f'audio_output {{\ntype "pipe"\nname "file"\ncommand "cat >> {path}"\nformat "{rate}:16:2"\n}}\n'
        f'input {{\nplugin "curl"\n}}\n'
    )
    process = subprocess.Popen(["mpd", "--no-daemon", str(folder / "mpd.conf")], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not place.exists():
            assert process.poll() is None and time.monotonic() < deadline, (folder / "mpd.log").read_text()
            time.sleep(0.05)
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE_SECONDS)
            client.connect(str(place))
            lines = client.makefile("rw", encoding="utf8", newline="\n")
            lines.readline()

            def ask(command):
                lines.write(command + "\n")
                lines.flush()
                answer = {}
                while (line := lines.readline().strip()) != "OK":
                    assert line and not line.startswith("ACK"), line
                    key, _, value = line.partition(": ")
                    answer[key] = value
                return answer

            ask(f'add "{url}"')
            ask(f"seek 0 {seek}")
            ask("pause 0")
            while (state := ask("status")).get("state") == "play":
                assert time.monotonic() < deadline, state
                time.sleep(0.1)
            assert "error" not in state, state
    finally:
        process.terminate()
        process.wait(timeout=20)
    return mono(path.read_bytes())


PLAYERS = {"ffmpeg": ffmpeg, "mpv": mpv, "vlc": vlc, "gstreamer": gstreamer, "mpg123": mpg123, "mpd": mpd}
PROGRAMS = {"gstreamer": "gst-play-1.0"}


def is_there(name):
    return shutil.which(PROGRAMS.get(name, name)) is not None


def find(source, sound, length=8192):
    """Where in the source a piece of sound lies, and how much alike they are (1: the same but for loudness)."""
    piece = sound[:length]
    size = 1 << (len(source) + length - 1).bit_length()
    peaks = numpy.fft.irfft(numpy.fft.rfft(source, size) * numpy.conj(numpy.fft.rfft(piece, size)), size)
    place = int(numpy.argmax(peaks[: len(source)]))
    there = source[place : place + len(piece)]
    piece = piece[: len(there)]
    likeness = (there * piece).sum() / max(numpy.sqrt((there**2).sum() * (piece**2).sum()), 1e-9)
    return place, float(likeness)
