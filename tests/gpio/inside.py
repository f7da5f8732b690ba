"""Runs inside the virtual machine: plays the world at the simulated lines, beside a real hub and a real controller.

Standard output: `ok NAME`, `FAIL NAME` with its reason, `note ...` for what was seen or measured, and `end` at the end.
What the kernel did to an output is read from its own trace; what a wire carries, from the simulator.
"""
import os
import signal
import subprocess
import sys
import tarfile
import termios
import time
import tty
from pathlib import Path

sys.path.insert(0, "/")
from world import TRACE, Chip, case, mark, note, until

SITE = Path("/site")
HUB = ["/bin/lockward", "serve", "--dir", "site", "--listen", "127.0.0.1:8443"]
CONTROLLER = ["/bin/lockward-controller", "--config", "door.toml"]


def controller(*more, **how):
    return subprocess.Popen(CONTROLLER + list(more), cwd=SITE, stderr=open("/controller.log", "ab"), **how)


def refused(file, *says):
    """The controller does not start with this file, and says why in one clear message."""
    (SITE / "bad.toml").write_text(file.replace(":8443", ":9"))
    done = subprocess.run([CONTROLLER[0], "--config", "bad.toml"], cwd=SITE, capture_output=True, text=True, timeout=20)
    told = "\n".join(line for line in done.stderr.splitlines() if " WARN " not in line)
    note("refused: " + told.replace("\n", " / "))
    assert done.returncode == 1, f"exit code {done.returncode}: {told}"
    assert told.count("lockward-controller:") == 1 and "panic" not in told, told
    for words in says:
        assert words in told, f"`{words}` is missing: {told}"


def door(name, fails, **wires):
    wires = {"lock": '"simulated"', "contact": '"none"', "exit": '"none"', **wires}
    return f'[[door]]\nid = "{name}"\nfails = "{fails}"\n' + "".join(f"{k} = {v}\n" for k, v in wires.items())


def gpio(chip, line, low=False, active=None, bias=None):
    more = f', bias = "{bias}"' if bias else ""
    wire = f'gpio = {{ chip = "{chip.path}", line = {line}, active_low = {str(low).lower()}{more} }}'
    return f'{{ {wire}, active = "{active}" }}' if active else f"{{ {wire} }}"


def file(*doors, folder="store"):
    """A controller's file."""
    building = '[building]\npower = "none"\nbattery = "none"\nfire = "none"\ntamper = "none"\n'
    return f'controller = "gate"\nbus = []\nfolder = "{folder}"\nhub = "127.0.0.1:8443"\n{building}' + "".join(doors)


# The lines of the cabinet. Levels are those of the wire; each input rests as it does at a shut door.
MAG, MAG_EXIT, MAG_CONTACT, STRIKE, STRIKE_EXIT, STRIKE_CONTACT, REAR, REAR_EXIT, HOGGED, FREE = range(10)
box = Chip("box", 12, hogs=[(HOGGED, "fan")])
far = Chip("far", 2)
mag = door("mag", "safe", lock=gpio(box, MAG), exit=gpio(box, MAG_EXIT, True, "closed"),
           contact=gpio(box, MAG_CONTACT, True, "open"))
strike = door("strike", "secure", lock=gpio(box, STRIKE, True), exit=gpio(box, STRIKE_EXIT, False, "closed"),
              contact=gpio(box, STRIKE_CONTACT, False, "open"))
rear = door("rear", "secure", contact=gpio(box, REAR, True, "open"),
            exit=gpio(box, REAR_EXIT, True, "closed", bias="pull-up"))
shed = door("shed", "secure", lock=gpio(far, 0), contact=gpio(far, 1, True, "open"))
(SITE / "door.toml").write_text(file(mag, strike, rear, shed))
for line, level in ((MAG_EXIT, 1), (MAG_CONTACT, 0), (STRIKE_EXIT, 0), (STRIKE_CONTACT, 1), (REAR, 0), (REAR_EXIT, 0)):
    box.drive(line, level)
far.drive(1, 0)
(TRACE / "events/gpio/enable").write_text("1")
hub = subprocess.Popen(HUB, cwd=SITE, stdout=open("/hub.log", "wb"), stderr=subprocess.STDOUT)
until("the hub listens", lambda: b"listens on" in Path("/hub.log").read_bytes(), 60)
note(f"the hub listens at {time.monotonic():.1f} s")
start = mark("start")
running = controller("--enroll", (SITE / "code").read_text().strip())


@case("at its start every output goes where its door is locked, and is nowhere else before")
def _():
    until("outputs are taken", lambda: running.poll() is not None or box.sets(MAG, start) and far.sets(0, start), 90)
    assert running.poll() is None, Path("/controller.log").read_text()
    note(f"outputs are set at {time.monotonic():.1f} s")
    time.sleep(1)
    for what, sets, locked in (("a magnet locks by being on", box.sets(MAG, start), 1),
                               ("a strike behind an active-low relay", box.sets(STRIKE, start), 1),
                               ("a strike", far.sets(0, start), 0)):
        assert {level for _, level in sets} == {locked}, f"{what}: {sets}"
    assert (box.level(MAG), box.level(STRIKE), far.level(0)) == (1, 1, 0)


@case("lines are held by `lockward`, with the polarity, the edges and the bias of the file")
def _():
    until("inputs are taken", lambda: box.info(REAR_EXIT)[0])
    edges = {"used", "input", "rising", "falling"}
    for line, flags in ((MAG, {"used", "output"}), (STRIKE, {"used", "output", "active low"}),
                        (MAG_EXIT, edges | {"active low"}), (STRIKE_EXIT, edges),
                        (REAR_EXIT, edges | {"active low", "up"})):
        assert box.info(line) == ("lockward", flags), f"{line}: {box.info(line)}"


def leaves(name, lock, exit, pressed, released):
    """Somebody presses the exit button for a moment; gives the delays from press to release, and to locked again."""
    since = f"{box.base + exit} driven {pressed}"
    (TRACE / "trace").write_text("")
    box.drive(exit, pressed)
    until("released", lambda: box.level(lock) == released)
    time.sleep(0.2)
    box.drive(exit, 1 - pressed)
    until("locked again", lambda: box.level(lock) != released)
    sets = box.sets(lock, since)
    assert [v for _, v in sets] == [released, 1 - released], sets
    (out, _), (back, _) = sets
    note(f"{name}: released {out * 1000:.1f} ms after the press (20 of them settling), locked again after {back:.2f} s")
    # Generous: all of this is emulated, on a machine that may have other work.
    assert 0.020 <= out < 5 and 2 <= back < 10, sets


@case("a magnet without current lets somebody out within moments of the press, and holds again after its time")
def _():
    leaves("magnet", MAG, MAG_EXIT, pressed=0, released=0)


@case("a strike behind an active-low relay does, too, for a button that pulls its line up")
def _():
    leaves("strike", STRIKE, STRIKE_EXIT, pressed=1, released=0)


@case("a button stays pressed: the lock is out for as long")
def _():
    box.drive(MAG_EXIT, 0)
    until("released", lambda: box.level(MAG) == 0)
    time.sleep(3)
    assert box.level(MAG) == 0
    box.drive(MAG_EXIT, 1)
    until("locked again", lambda: box.level(MAG) == 1)


@case("a door that opens after the press is locked again when it shuts")
def _():
    box.drive(STRIKE_EXIT, 1)
    until("released", lambda: box.level(STRIKE) == 0)
    box.drive(STRIKE_CONTACT, 0)
    box.drive(STRIKE_EXIT, 0)
    time.sleep(2)
    box.drive(STRIKE_CONTACT, 1)
    until("locked again", lambda: box.level(STRIKE) == 1)


@case("a door is forced, a door is held: told by their contacts (judged at the end)")
def _():
    # Forced; then a leaf that bounces as it shuts, and once more as it opens.
    box.drive(REAR, 1)
    time.sleep(2)
    for level in (0, 1, 0, 1, 0):
        box.drive(REAR, level)
    # Held: opened by right, and left open for longer than its limit of three seconds.
    box.drive(MAG_EXIT, 0)
    until("released", lambda: box.level(MAG) == 0)
    box.drive(MAG_CONTACT, 1)
    box.drive(MAG_EXIT, 1)
    time.sleep(6)
    box.drive(MAG_CONTACT, 0)
    until("locked again", lambda: box.level(MAG) == 1)


@case("a wire that flutters by the thousand ends in the state in which it came to rest (judged at the end)")
def _():
    pull = box.lines / f"sim_gpio{REAR}" / "pull"
    world, began = os.open(pull, os.O_WRONLY), time.monotonic()
    for count in range(4_001):
        os.pwrite(world, b"pull-down" if count % 2 else b"pull-up", 0)
    os.close(world)
    note(f"4,001 changes in {time.monotonic() - began:.2f} s")
    assert box.level(REAR) == 1
    time.sleep(3)
    box.drive(REAR, 0)
    time.sleep(2)


@case("a chip that goes away is told, and the other doors go on")
def _():
    far.plug(False)
    time.sleep(1)
    assert running.poll() is None, f"the controller ended: {running.returncode}"
    leaves("magnet, other chip gone", MAG, MAG_EXIT, pressed=0, released=0)


@case("another controller does not start on lines that are held, and touches nothing")
def _():
    since = mark("second")
    lone = door("mag", "secure", lock=gpio(box, MAG))
    (SITE / "other").mkdir(exist_ok=True)
    for name in (SITE / "store").iterdir():
        if name.is_file():
            (SITE / "other" / name.name).write_bytes(name.read_bytes())
    refused(file(lone, folder="other"), "door `mag`", "lock", "lockward")
    assert (box.sets(MAG, since), box.level(MAG)) == ([], 1)


def rest(how):
    """The program ends while the magnet is released; gives what the kernel then does with both outputs."""
    global running
    box.drive(MAG_EXIT, 0)
    until("released", lambda: box.level(MAG) == 0)
    since = mark(f"end by {how}")
    running.send_signal(how)
    running.wait(20)
    until("the lines are free", lambda: "used" not in box.info(MAG)[1])
    box.drive(MAG_EXIT, 1)
    both = (("magnet", MAG), ("strike", STRIKE))
    return {name: ([level for _, level in box.sets(line, since)], box.info(line)[1]) for name, line in both}


@case("killed: nobody sets an output, and the next start locks what was left released")
def _():
    global running
    for name, (sets, flags) in rest(signal.SIGKILL).items():
        note(f"killed: {name}: levels set: {sets}, line: {sorted(flags)}")
        assert sets == [] and "output" in flags
    (SITE / "door.toml").write_text(file(mag, strike, rear))
    start = mark("again")
    running = controller()
    until("locked", lambda: box.sets(MAG, start), 60)
    assert {level for _, level in box.sets(MAG, start)} == {1}


@case("told to stop: every output goes to where its door is without current")
def _():
    global running
    until("inputs are taken", lambda: box.info(REAR_EXIT)[0])
    for how in (signal.SIGTERM, signal.SIGINT):
        seen = rest(how)
        note(f"{how.name}: {seen}")
        # Where the installer declared: without current.
        assert (seen["magnet"][0][-1:], seen["strike"][0][-1:]) == ([0], [1]), seen
        assert running.returncode == 0, running.returncode
        start = mark("once more")
        running = controller()
        until("locked", lambda: box.sets(MAG, start), 60)
    running.kill()
    running.wait()


@case("a chip that is not there is one clear message")
def _():
    refused(file(door("mag", "safe", lock='{ gpio = { chip = "/dev/gpiochip9", line = 0, active_low = false } }')),
            "door `mag`", "its lock", "/dev/gpiochip9", "No such file")


@case("a file that is no chip, and a line that no chip has")
def _():
    null = '{ gpio = { chip = "/dev/null", line = 0, active_low = false } }'
    refused(file(door("mag", "safe", lock=null)), "`/dev/null`")
    refused(file(door("mag", "safe", lock=gpio(box, 99))), "its lock", "99", box.path)
    refused(file(door("mag", "safe", exit=gpio(box, 99, True, "closed"))), "exit button", "99", box.path)


@case("a line that the kernel or another program holds is one clear message that names the holder")
def _():
    refused(file(door("mag", "safe", lock=gpio(box, HOGGED))), "its lock", f"line {HOGGED}", box.path, "`fan`")
    holder = box.take(FREE, b"blinker")
    refused(file(door("mag", "safe", contact=gpio(box, FREE, True, "open"))), "contact", f"line {FREE}", "`blinker`")
    os.close(holder)


@case("a start that fails at one door moves no bolt of another")
def _():
    since = mark("half")
    refused(file(mag, door("rear", "secure", contact=gpio(box, HOGGED, True, "open"))), "`rear`")
    assert box.sets(MAG, since) == []


@case("what was recorded reaches the hub, and is handed out to be judged")
def _():
    running = controller()
    time.sleep(6)
    for program in (running, hub):
        program.send_signal(signal.SIGTERM)
        assert program.wait(30) == 0
    with open("/dev/ttyS1", "wb") as wire:
        tty.setraw(wire)
        with tarfile.open(fileobj=wire, mode="w|") as archive:
            archive.add(SITE / "site", "site")
        wire.flush()
        termios.tcdrain(wire)


print(Path("/controller.log").read_text()[-4000:])
print("end", flush=True)
