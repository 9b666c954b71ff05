"""Mutated music in the library of a running server: `Fuzzing/files`, twenty seconds of a fixed seed."""

import subprocess
import sys

from conftest import ROOT, program


def test_mutated_files_neither_end_nor_hold_nor_swell_the_server(tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            ROOT / "Fuzzing/files",
            *("--seconds", "20", "--seed", "7", "--kinds", "10"),
            *("--dubplate", program(), "--keep", tmp_path / "kept"),
        ],
        text=True,
        capture_output=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "file 20" in done.stdout or "segment 200" in done.stdout, done.stdout
