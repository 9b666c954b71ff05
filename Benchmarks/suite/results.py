"""The table, the file, and the thresholds."""

import json
from pathlib import Path


def crossings(report: dict, thresholds: Path) -> list[str]:
    """A sentence for every figure beyond its threshold; a figure that is missing is beyond it."""
    sentences = []
    bounds = json.loads(thresholds.read_text())
    for case, measured in report["cases"].items():
        if case == "segments":
            for name, row in measured.items():
                bound = bounds["segments"]["firstByteP99Ms" if "byte" in name else "p99Ms"]
                if row["p99Ms"] > bound:
                    sentences.append(f"{name}: p99 is {row['p99Ms']:.4g} ms, more than {bound}")
            continue
        for name, bound in bounds.get(case, {}).items():
            if name.startswith("least"):
                value = measured.get(name[5:].lower())
                if value is not None and value < bound:
                    sentences.append(f"{case}: {name[5:].lower()} is {value:.4g}, less than {bound}")
                continue
            value = measured.get(name)
            if value is None:
                sentences.append(f"{case}: {name} could not be measured")
            elif value > bound:
                sentences.append(f"{case}: {name} is {value:.4g}, more than {bound}")
    return sentences


def write(report: dict, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report['at'].replace(':', '')}.json"
    path.write_text(json.dumps(report, indent=2) + "\n")
    return path


def _ratio(ours: float | None, peer: float | None) -> str:
    return f"{ours / peer:.2f} ×" if ours is not None and peer else "–"


def _row(*cells: str) -> str:
    return f"{cells[0]:<30}" + "".join(f"{cell:>14}" for cell in cells[1:])


def table(report: dict) -> str:
    machine = report["machine"]
    lines = ["", f"{machine['model']}, {machine['cores']} cores, load before {machine['loadBefore']}", ""]
    timed = [case for case in ("cold", "warm", "seek") if case in report["cases"]]
    if timed:
        lines.append(_row(f"{report['atOnce']} at once, {report['rounds']} rounds", "samples", "p50", "p99", "max", "errors"))
    names = {"cold": "cold: play → first chunk", "warm": "warm: play → first chunk", "seek": "cold seek → first chunk"}
    for case in timed:
        row = report["cases"][case]
        lines.append(_row(names[case], str(row["count"]), *(f"{row[key]:.1f} ms" for key in ("p50Ms", "p99Ms", "maxMs")),
                          str(row["errors"])))
        peer = row.get("peer")
        if peer:
            lines.append(_row(f"  {peer['name']}", str(peer["count"]),
                              *(f"{peer[key]:.1f} ms" for key in ("p50Ms", "p99Ms", "maxMs"))))
            lines.append(_row("  ratio", "", *(_ratio(row[key], peer[key]) for key in ("p50Ms", "p99Ms", "maxMs"))))
    many = report["cases"].get("listeners")
    if many:
        lines += ["", _row(f"{many['wanted']} listeners", "cores", "a listener", "gaps", "errors", "first p99", "MB/s")]
        for name, row in (("dubplate", many), ("  bare SwiftNIO", many.get("peer"))):
            if row:
                lines.append(_row(name, f"{row['cores']:.3f}", f"{row['bytesPerListener'] / 1_000:.1f} kB", str(row["gaps"]),
                                  str(row["errors"]), f"{row['firstChunkP99Ms'] or 0:.1f} ms",
                                  f"{row['bytesPerSecond'] / 1e6:.1f}"))
        if many.get("peer"):
            lines.append(_row("  ratio", _ratio(many["cores"], many["peer"]["cores"]),
                              _ratio(many["bytesPerListener"], many["peer"]["bytesPerListener"])))
        lines.append(_row("(the generator itself)", f"{many['generatorCores']:.3f}",
                          f"{many['generatorBytesPerListener'] / 1_000:.1f} kB"))
    told = report["cases"].get("propagation")
    if told:
        lines += ["", _row(f"{told['pairs']} pairs, {told['listeners']} listeners", "samples", "p50", "p99", "max", "errors")]
        for name, row in (("command → other device", told), (f"  {told['peer']['name']}", told["peer"])):
            lines.append(_row(name, str(row["count"]), *(f"{row[key]:.2f} ms" for key in ("p50Ms", "p99Ms", "maxMs")),
                              *([str(row["errors"])] if "errors" in row else [])))
        lines.append(_row("  ratio", "", *(_ratio(told[key], told["peer"][key]) for key in ("p50Ms", "p99Ms", "maxMs"))))
    quiet = report["cases"].get("idle")
    if quiet:
        lines += ["", _row(f"{quiet['connections']} idle connections", "each")]
        for name, row in (("Socket.IO server", quiet), ("  bare SwiftNIO", quiet.get("peer"))):
            if row:
                lines.append(_row(name, f"{row['bytesPerConnection'] / 1_000:.1f} kB"))
        if quiet.get("peer"):
            lines.append(_row("  ratio", _ratio(quiet["bytesPerConnection"], quiet["peer"]["bytesPerConnection"])))
    lines += _delivery(report["cases"])
    return "\n".join(lines) + "\n"


def _delivery(cases: dict) -> list[str]:
    lines = []
    if "segments" in cases:
        lines += ["", _row("cold, one at a time", "samples", "p50", "p99", "max")]
        for name, row in cases["segments"].items():
            for title, figures in ((name, row), (f"  {row.get('peer', {}).get('name')}", row.get("peer"))):
                if figures:
                    lines.append(_row(title, str(figures["count"]),
                                      *(f"{figures[key]:.1f} ms" for key in ("p50Ms", "p99Ms", "maxMs"))))
    if "http" in cases:
        row = cases["http"]
        lines += ["", f"warm segments of {row['bytes']} bytes on one core: {row['requestsPerSecond']:.0f} a second, "
                  f"{row['grownBytes'] / 1e6:+.1f} MB"]
        if "peer" in row:
            lines.append(f"  nginx {row['peer']['requestsPerSecond']:.0f}: {row['ratio']:.2f} ×")
    if "bulk" in cases:
        row = cases["bulk"]
        lines += ["", f"an album in five renditions: {row['seconds']:.1f} s"]
        if "peer" in row:
            lines.append(f"  one ffmpeg a rendition {row['peer']['seconds']:.1f} s: {row['speed']:.2f} × the speed")
    if "store" in cases:
        row = cases["store"]
        lines += ["", f"a store of {row['files']} segments: ready after {row['readySeconds']:.2f} s (empty: "
                  f"{row['emptyReadySeconds']:.2f} s), counted after {row['countedSeconds']:.1f} s, "
                  f"{row['bytesPerSegment']} bytes a segment"]
    return lines
