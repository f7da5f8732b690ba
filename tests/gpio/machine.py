"""GPIO lines on a real Linux kernel, in a virtual machine: outputs, exit buttons, contacts, and what goes wrong with them.

    machine.py --lockward target/debug/lockward --controller target/debug/lockward-controller --cache target/gpio

Boots Debian's kernel under QEMU, without hardware acceleration, from an initramfs with the two programs and `inside.py`.
"""
import argparse
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from pathlib import Path

import kernel

# Everything that is imported inside.
MODULES = "encodings.ascii,fcntl,os,pathlib,re,signal,struct,subprocess,sys,tarfile,termios,time,traceback,tty"
INIT = """#!/bin/sh
mkdir -p /proc /sys /dev /tmp /run
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp
mount -t tracefs trace /sys/kernel/tracing; mount -t debugfs debug /sys/kernel/debug
exec >/dev/ttyS0 2>&1
insmod /configfs.ko && mount -t configfs config /sys/kernel/config && insmod /gpio-sim.ko
ip link set lo up
PYTHON /inside.py
reboot -f
"""
CHANGE = """
[[zone]]
id = "hall"
title = "Hall"
[[controller]]
id = "gate"
title = "Gate"
"""
DOOR = """
[[door]]
id = "{id}"
title = "{id}"
kind = "room"
to = "hall"
controller = "gate"
release = "2s"
open_limit = "3s"
relock = "on-close"
exit = "released"
"""


def site(lockward, folder):
    """A founded site with its doors, and a code for its controller."""
    def run(*arguments):
        return kernel.run(lockward, *arguments, cwd=folder)
    run("init", "site", "--title", "Yard", "--zone", "UTC", "--operator", "owner", "--no-passphrase")
    change = folder / "change.toml"
    change.write_text(CHANGE + "".join(DOOR.format(id=d) for d in ("mag", "strike", "rear", "shed")))
    run("change", "apply", change.name, "--dir", "site", "--key", "operator.key", "--yes")
    told = run("enroll", "gate", "--dir", "site")
    code = re.search(r"<<END\n(.*?)\nEND", told, re.DOTALL)[1]
    (folder / "code").write_text(code.replace("\\\n", ""))


def libraries(*programs):
    """The shared libraries of programs."""
    found = set()
    for program in programs:
        told = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
        found.update(re.findall(r"(/\S+) \(0x", told))
    return found


def python():
    """This interpreter, and the modules that the driver imports."""
    tell = f"import {MODULES}\nfor m in list(sys.modules.values()): print(getattr(m, '__file__', None) or '')"
    real = os.path.realpath(sys.executable)
    files = kernel.run(real, "-IS", "-c", tell).split()
    return real, [real, *files]


class Archive:
    """An initramfs: a cpio archive (newc) of files that keep their places."""

    def __init__(self):
        self.bytes, self.there, self.count = bytearray(), set(), 0

    def put(self, name, mode, data, when=0):
        for folder in reversed(Path(name).parents):
            if str(folder) not in (".", "/") and str(folder) not in self.there:
                self.there.add(str(folder))
                self.entry(str(folder), stat.S_IFDIR | 0o755, b"", 0)
        self.entry(str(name), mode, data, when)

    def entry(self, name, mode, data, when):
        self.count += 1
        path = name.lstrip("/").encode() + b"\0"
        fields = (self.count, mode, 0, 0, 1, int(when), len(data), 0, 0, 0, 0, len(path), 0)
        self.bytes += b"070701" + b"".join(b"%08x" % f for f in fields) + path
        self.bytes += b"\0" * (-len(self.bytes) % 4) + data
        self.bytes += b"\0" * (-len(self.bytes) % 4)

    def file(self, path, name=None):
        path = Path(path)
        self.put(name or path, stat.S_IFREG | path.stat().st_mode & 0o777, path.read_bytes(), path.stat().st_mtime)

    def end(self):
        self.entry("TRAILER!!!", 0, b"", 0)
        return bytes(self.bytes)


def initramfs(arguments, files, work):
    """Everything that the machine needs."""
    archive, (interpreter, modules) = Archive(), python()
    programs = {"/bin/lockward": arguments.lockward, "/bin/lockward-controller": arguments.controller}
    for name, program in programs.items():
        kernel.run("strip", "--strip-debug", "-o", (slim := work / "slim"), program)
        archive.file(slim, name)
    for path in {*modules, *libraries(*programs.values(), shutil.which("busybox"),
                                          *(m for m in modules if ".so" in m or m == interpreter))}:
        archive.file(path)
    archive.file(shutil.which("busybox") or sys.exit("install Debian's package busybox-static"), "/bin/busybox")
    for name in ("sh", "mkdir", "mount", "insmod", "ip", "reboot"):
        archive.put(f"/bin/{name}", stat.S_IFLNK | 0o777, b"busybox")
    for name in ("configfs.ko", "gpio-sim.ko"):
        archive.file(files / name, f"/{name}")
    archive.put("/init", stat.S_IFREG | 0o755, INIT.replace("PYTHON", f"{interpreter} -ISu").encode())
    for name in ("inside.py", "world.py"):
        archive.file(Path(__file__).parent / name, f"/{name}")
    site(arguments.lockward.resolve(), work)
    for path in [*(work / "site").iterdir(), work / "code"]:
        archive.file(path, f"/site/{path.relative_to(work)}")
    return archive.end()


def boot(files, work, seconds):
    """What the machine says on its serial line, until it ends. What it hands out goes to `work`."""
    command = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1536",
               "-nodefaults", "-display", "none", "-no-reboot", "-serial", "stdio",
               "-serial", f"file:{work}/handed.tar", "-kernel", files / "vmlinuz", "-initrd", work / "initrd", "-append",
               "console=ttyS0 rdinit=/init quiet loglevel=4 panic=-1 mitigations=off nokaslr random.trust_cpu=on"]
    machine = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    watch = threading.Timer(seconds, machine.kill)
    watch.start()
    said = []
    for line in machine.stdout:
        line = line.decode(errors="replace").rstrip()
        said.append(line)
        print(line, flush=True)
    watch.cancel()
    return said


def record(lockward, work):
    """What the machine's controller has put on record, by door; the log is checked whole before."""
    with tarfile.open(work / "handed.tar") as archive:
        archive.extractall(work / "out", filter="data")

    def run(*arguments):
        return subprocess.run([lockward, *arguments], capture_output=True, text=True, cwd=work / "out")
    checked = run("log", "verify", "site")
    assert checked.returncode == 0 and "SOUND" in checked.stdout, checked.stdout + checked.stderr
    found = {}
    for index in range(10_000):
        told = run("why", str(index), "--dir", "site")
        if "has no entry" in told.stderr:
            break
        # Signatures over the chain stand between the events.
        if event := re.match(r"Event \d+: (.*)\.", told.stdout):
            where = re.search(r"at\s+door\s+`([^`]+)`", told.stdout)
            found.setdefault(where and where[1], []).append(event[1])
    for name, told in found.items():
        print(f"note on record, {name}: " + "; ".join(told))
    return found


def judge(found):
    """Whether each door's record is what was done at its wires, and nothing else. Says what is wrong."""
    locked, leaves, opened, shut = "door locked", "request to exit", "door opened", "door closed"
    told = {
        # What stands behind may be lost: the program was killed.
        "mag": [locked, leaves, leaves, leaves, opened, "door held open too long", shut, leaves],
        "strike": [locked, leaves, leaves, opened, shut],
        "shed": [locked, "the board of an input does not answer"],
        "rear": [locked, "door forced open", shut, "door forced open", shut],
    }
    wrong = [f"{door}: {found.get(door)}" for door, what in told.items() if found.get(door, [])[:len(what)] != what]
    wrong += [f"{door}: more than that" for door in ("strike", "shed") if len(found.get(door, [])) > len(told[door])]
    # It bounced and it fluttered: openings and closings take turns, and it is shut in the end.
    rear = found.get("rear", [])[1:]
    if rear[::2] != ["door forced open"] * (len(rear) // 2) or rear[1::2] != [shut] * (len(rear) // 2):
        wrong.append(f"rear: {rear}")
    if len(rear) > 100:
        wrong.append(f"rear: {len(rear)} records of a few seconds of fluttering")
    return wrong


parser = argparse.ArgumentParser()
parser.add_argument("--lockward", required=True, type=Path)
parser.add_argument("--controller", required=True, type=Path)
parser.add_argument("--cache", required=True, type=Path, help="a folder for the kernel")
parser.add_argument("--seconds", type=int, default=420, help="after this many the machine is switched off")
arguments = parser.parse_args()
began = time.monotonic()
files = kernel.get(arguments.cache.resolve())
with tempfile.TemporaryDirectory() as folder:
    work = Path(folder)
    (work / "initrd").write_bytes(initramfs(arguments, files, work))
    print(f"prepared in {time.monotonic() - began:.0f} s", flush=True)
    said = boot(files, work, arguments.seconds)
    ended = "end" in said
    wrong = judge(record(arguments.lockward.resolve(), work)) if ended else ["the machine did not come to its end"]
cases = re.findall(r'^@case\("(.*)"\)', (Path(__file__).parent / "inside.py").read_text(), re.MULTILINE)
wrong += [f"failed, or never ran: {name}" for name in cases if f"ok   {name}" not in said]
print(f"{len(cases)} cases and the record of what was done, in {time.monotonic() - began:.0f} s")
sys.exit("\n".join(wrong) if wrong else 0)
