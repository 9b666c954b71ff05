"""Release builds of what is measured and of what measures."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


class Failure(Exception):
    """A program could not be built or is not there."""


@dataclass(frozen=True)
class Programs:
    dubplate: Path
    load: Path
    scenarios: Path
    bare: Path | None


def _swift_build(package: Path, product: str, scratch: Path | None = None) -> Path:
    command = ["swift", "build", "-c", "release", "--package-path", str(package)]
    if scratch:
        command += ["--scratch-path", str(scratch)]
    print(f"building {product} …", flush=True)
    if subprocess.run([*command, "--product", product], stdout=sys.stderr).returncode != 0:
        raise Failure(f"{product} does not build")
    folder = subprocess.run([*command, "--show-bin-path"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    return Path(folder) / product


def programs(root: Path, cache: Path, given: Path | None, peers: bool) -> Programs:
    """The programs: from the folder `given`, or built."""
    if given:
        bare = given / "bare-websocket" if peers else None
        found = Programs(given / "dubplate", given / "dubplate-load", given / "scenarios", bare)
        for path in (found.dubplate, found.load, found.scenarios, found.bare):
            if path and not path.is_file():
                raise Failure(f"{path} is not there")
        return found
    return Programs(
        dubplate=_swift_build(root, "dubplate"),
        load=_swift_build(root, "dubplate-load"),
        scenarios=_swift_build(root, "scenarios"),
        bare=_swift_build(root / "Benchmarks", "bare-websocket", cache / "swift") if peers else None)
