"""Devices of a group as they are heard: the measuring tool against the server, and the tool's own ear."""

import json
import os
import subprocess
import sys
import wave

import numpy
import pytest

from conftest import ROOT

TOOL = [sys.executable, str(ROOT / "Tests/Sync/measure")]


def measured(*arguments):
    done = subprocess.run([*TOOL, *map(str, arguments)], capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


BUNDLE = os.environ.get("DUBPLATE_SOCKETIO_CLIENT") or str(ROOT / ".build-assets/socket.io.min.js")


@pytest.mark.parametrize("scenario", ["clean", "seek"])
def test_reference_clients_are_heard_together(server, tracks, tmp_path, scenario):
    out = tmp_path / "figures.json"
    # The figures that count come from `Tests/Sync/measure run`; here a busy machine may be a little out, and now and then
    # stands still for a moment: one of three must be right.
    for _ in range(3):
        measured("run", "--server", server.url, "--token", server.token(), "--scenario", scenario, "--seconds", 18,
                 "--bundle", BUNDLE, "--json", out)
        [result] = json.loads(out.read_text())
        if result["p99"] < 5:
            break
    assert result["p99"] < 5, result
    assert result["instants"] > 50
    assert all(client["report"]["lost"] == 0 and client["report"]["isGrouped"] for client in result["clients"]), result


def test_the_music_goes_from_one_device_to_the_other_and_back(server, tracks, tmp_path):
    out = tmp_path / "figures.json"
    measured("handover", "--server", server.url, "--token", server.token(), "--rounds", 4, "--bundle", BUNDLE, "--json", out)
    result = json.loads(out.read_text())
    assert result["rounds"] == 4
    # The figure that counts (200 ms) comes from `Tests/Sync/measure handover`; here a busy machine may take longer.
    assert result["gap"]["max"] < 1000 and abs(result["jump"]["max"]) < 1000, result


def written(path, *channels, rate=48_000):
    samples = numpy.stack(channels, axis=1)
    with wave.open(str(path), "wb") as file:
        file.setparams((len(channels), 2, rate, 0, "NONE", ""))
        file.writeframes(numpy.round(samples * 20_000).astype("<i2").tobytes())
    return path


@pytest.mark.parametrize("late", [0, 37, -480])
def test_recordings_are_compared_to_a_fraction_of_a_sample(tmp_path, late):
    noise = numpy.random.default_rng(4)
    sound = numpy.convolve(noise.standard_normal(48_000 * 7), numpy.hanning(9) / 20, "same")
    one, other = sound[5000 : 5000 + 48_000 * 6], 0.3 * sound[5000 - late : 5000 - late + 48_000 * 6]
    hum = 0.02 * noise.standard_normal((2, len(one)))
    text = measured("wav", written(tmp_path / "both.wav", one + hum[0], other + hum[1]))
    median = float(text.split("median ")[1].split(" ms")[0])
    assert abs(median - late / 48) < 0.01, text
