"""Runs a program as a systemd unit says, without systemd: a root of its own that holds nothing but the program and its
libraries, a user of its own, and the unit's restrictions by the kernel's own means (man systemd.exec).

As a program: `contained.py JSON`, where JSON has `root`, `unit`, `argv`, `music` and `state`.
"""

import ctypes
import json
import os
import pathlib
import platform
import re
import resource
import shutil
import subprocess
import sys

# Of the range that systemd gives dynamic users.
USER = 64_999
LIBC = ctypes.CDLL(None, use_errno=True)
# Constants of <sched.h>, <sys/mount.h>, <sys/prctl.h>, <linux/seccomp.h>.
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x4000000, 0x8000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, PR_SET_MDWE = 24, 38, 22, 65

# What the kernel is asked for below, and what is left to systemd: a test of the program learns nothing from those.
DONE = {
    *("ExecStart", "EnvironmentFile", "DynamicUser", "StateDirectory", "UMask", "ProtectSystem", "ProtectHome", "PrivateTmp"),
    *("PrivateDevices", "ReadOnlyPaths", "InaccessiblePaths", "ProtectProc", "ProcSubset", "NoNewPrivileges"),
    *("CapabilityBoundingSet", "MemoryDenyWriteExecute", "SystemCallFilter", "SystemCallErrorNumber", "TasksMax"),
    *("LimitNOFILE", "LimitCORE", "ProtectHostname"),
}
LEFT = {
    *("Restart", "RestartSec", "TimeoutStopSec", "ExecReload", "RestrictSUIDSGID", "LockPersonality", "RestrictNamespaces"),
    *("RestrictRealtime", "ProtectClock", "ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables"),
    *("ProtectControlGroups", "RestrictAddressFamilies", "IPAddressDeny", "IPAddressAllow", "SystemCallArchitectures"),
    "MemoryMax",
}


def service(text):
    """The directives of [Service], each with its values."""
    section, found = None, {}
    for line in text.splitlines():
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            section = heading.group(1)
        elif section == "Service" and line and not line.startswith("#"):
            name, value = line.split("=", 1)
            found.setdefault(name, []).append(value)
    unknown = set(found) - DONE - LEFT
    assert not unknown, f"nobody here knows {unknown}"
    return found


def make_root(root, program):
    """A folder with the program and the libraries that it is linked to, and nothing else."""
    for name in ("etc", "tmp", "proc", "dev", "music", "var/lib", "usr/local/bin"):
        (root / name).mkdir(parents=True)
    shutil.copy(program, root / "usr/local/bin/dubplate")
    linked = subprocess.run(["ldd", program], check=True, text=True, capture_output=True).stdout
    assert "not found" not in linked, linked
    for library in re.findall(r"(/\S+) \(0x", linked):
        place = root / library.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(os.path.realpath(library), place)


def can_contain():
    """Whether this process may do what containing takes: root in a container without CAP_SYS_ADMIN may not, nor in a chroot,
    whose `/` is no mount that could be made private."""
    probe = (
        "import ctypes, sys; libc = ctypes.CDLL(None); "
        f"sys.exit(libc.unshare({CLONE_NEWNS}) or libc.mount(b'none', b'/', None, {MS_REC | MS_PRIVATE}, None))"
    )
    return os.geteuid() == 0 and subprocess.run([sys.executable, "-c", probe]).returncode == 0


def call(name, *arguments):
    if getattr(LIBC, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}{arguments}: {os.strerror(number)}")


def mount(source, target, kind=None, flags=0, data=None):
    call("mount", *(str(part).encode() if part is not None else None for part in (source, target, kind)), flags, data)


def lay_mounts(root, unit, music, state):
    call("unshare", CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC)
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    mount(root, root, None, MS_BIND)
    mount(music, root / "music", None, MS_BIND)
    mount("none", root / "music", None, MS_BIND | MS_REMOUNT | MS_RDONLY)
    folder = root / "var/lib" / unit["StateDirectory"][0]
    folder.mkdir(exist_ok=True)
    mount(state, folder, None, MS_BIND)
    mount("tmpfs", root / "tmp", "tmpfs", MS_NOSUID | MS_NODEV, b"mode=1777")
    mount("tmpfs", root / "dev", "tmpfs", MS_NOSUID | MS_NOEXEC, b"mode=755")
    for name in ("null", "zero", "full", "random", "urandom"):
        (root / "dev" / name).touch()
        mount(f"/dev/{name}", root / "dev" / name, None, MS_BIND)
    options = f"hidepid={unit['ProtectProc'][0]},subset={unit['ProcSubset'][0]}"
    mount("proc", root / "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, options.encode())
    mount("none", root, None, MS_BIND | MS_REMOUNT | MS_RDONLY)


def system_calls(names):
    """The calls of a list of names and of systemd's groups."""
    found = set()
    for name in names:
        if name.startswith("@"):
            lines = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True, text=True, capture_output=True)
            members = [line.strip() for line in lines.stdout.splitlines()[1:]]
            found |= system_calls([member for member in members if member and not member.startswith("#")])
        else:
            found.add(name)
    return found


def filter_program(unit):
    """`SystemCallFilter` as a program of classic BPF; None where systemd isn't there to say what its groups are."""
    if not shutil.which("systemd-analyze") or platform.machine() != "x86_64":
        return None
    allowed = set()
    for value in unit["SystemCallFilter"]:
        names = system_calls(value.lstrip("~").split())
        allowed = allowed - names if value.startswith("~") else allowed | names
    numbers = dict(re.findall(r"#define __NR_(\w+) (\d+)", pathlib.Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h").read_text()))
    code = [(0x20, 0, 0, 0)]  # load the call's number
    for name in sorted(allowed & numbers.keys()):
        code += [(0x15, 0, 1, int(numbers[name])), (0x06, 0, 0, 0x7FFF0000)]  # equal: allow
    code.append((0x06, 0, 0, 0x00050000 | 1))  # else EPERM
    return code


class Filter(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint)]


class FilterProgram(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.POINTER(Filter))]


def main():
    task = json.loads(sys.argv[1])
    root, unit = pathlib.Path(task["root"]), service(task["unit"])
    program = filter_program(unit)
    os.chown(task["state"], USER, USER)
    lay_mounts(root, unit, task["music"], task["state"])
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    for value in unit["EnvironmentFile"]:
        file = root / value.lstrip("-").lstrip("/")
        if file.exists():
            environment |= dict(line.split("=", 1) for line in file.read_text().splitlines())
    argv = task["argv"] or unit["ExecStart"][0].split()
    os.chroot(root)
    os.chdir("/")
    for name, limit in (("LimitNOFILE", resource.RLIMIT_NOFILE), ("LimitCORE", resource.RLIMIT_CORE)):
        most = int(unit[name][0])
        if 0 <= resource.getrlimit(limit)[1] < most:  # without the right to raise it
            most = resource.getrlimit(limit)[1]
        resource.setrlimit(limit, (min(1_024, most), most))
    resource.setrlimit(resource.RLIMIT_NPROC, (int(unit["TasksMax"][0]),) * 2)
    os.umask(int(unit["UMask"][0], 8))
    for capability in range(64):
        LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # those that this kernel doesn't have are refused
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    LIBC.prctl(PR_SET_MDWE, 1, 0, 0, 0)  # kernels before 6.3 don't know it
    if program:
        code = (Filter * len(program))(*program)
        call("prctl", PR_SET_SECCOMP, 2, ctypes.byref(FilterProgram(len(program), code)), 0, 0)
    os.execve(argv[0], argv, environment)


if __name__ == "__main__":
    main()
