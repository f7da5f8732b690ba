"""What the virtual machine's world is made of: simulated GPIO chips, and the kernel's own trace of what was set on them."""
import re
import struct
import time
import traceback
from fcntl import ioctl
from pathlib import Path

TRACE, CONFIGFS = Path("/sys/kernel/tracing"), Path("/sys/kernel/config/gpio-sim")


def case(name):
    """Runs a function at once, as a named test."""
    def run(function):
        try:
            function()
            print(f"ok   {name}", flush=True)
        except Exception as error:  # the name and the reason are the report
            where = traceback.extract_tb(error.__traceback__)[-1]
            print(f"FAIL {name}\n     {type(error).__name__}: {error}\n     {where.lineno}: {where.line}", flush=True)
    return run


def note(text):
    print(f"note {text}", flush=True)


def until(what, test, seconds=20):
    """Waits until it is so, and gives what it gave."""
    end = time.monotonic() + seconds
    while not (found := test()):
        if time.monotonic() > end:
            raise AssertionError(f"never: {what}")
        time.sleep(0.005)
    return found


class Chip:
    """A simulated GPIO chip."""

    def __init__(self, name, lines, hogs=()):
        self.folder = CONFIGFS / name
        (bank := self.folder / "bank").mkdir(parents=True)
        (bank / "num_lines").write_text(str(lines))
        for line, holder in hogs:
            (hog := bank / f"line{line}" / "hog").mkdir(parents=True)
            (hog / "name").write_text(holder)
            (hog / "direction").write_text("input")
        self.plug(True)
        chip, device = (bank / "chip_name").read_text().strip(), (self.folder / "dev_name").read_text().strip()
        self.path, self.lines = f"/dev/{chip}", Path(f"/sys/devices/platform/{device}/{chip}")
        found = re.search(rf"^{chip}: GPIOs (\d+)-", Path("/sys/kernel/debug/gpio").read_text(), re.MULTILINE)
        self.base = int(found[1])

    def plug(self, there):
        (self.folder / "live").write_text("1" if there else "0")

    def drive(self, line, level):
        """The world puts a wire on a level."""
        mark(f"{self.base + line} driven {level}")
        (self.lines / f"sim_gpio{line}" / "pull").write_text("pull-up" if level else "pull-down")

    def level(self, line):
        """What a wire carries."""
        return int((self.lines / f"sim_gpio{line}" / "value").read_text())

    def info(self, line):
        """Who has a line, and how: what the kernel tells whoever asks."""
        with open(self.path, "rb") as chip:
            told = bytearray(struct.pack("=32s32sIIQ", b"", b"", line, 0, 0).ljust(256, b"\0"))
            ioctl(chip, 0xC100B405, told)
        _, consumer, _, _, flags = struct.unpack_from("=32s32sIIQ", told)
        names = ["used", "active low", "input", "output", "rising", "falling", "drain", "source", "up", "down"]
        return consumer.rstrip(b"\0").decode(), {name for bit, name in enumerate(names) if flags >> bit & 1}

    def take(self, line, consumer):
        """Another program takes a line; its hold ends with the descriptor that comes back."""
        request = bytearray(592)
        struct.pack_into("=I", request, 0, line)
        struct.pack_into("=32s", request, 256, consumer)
        struct.pack_into("=Q", request, 288, 1 << 2)
        struct.pack_into("=I", request, 560, 1)
        with open(self.path, "rb") as chip:
            ioctl(chip, 0xC250B407, request)
        return struct.unpack_from("=i", request, 588)[0]

    def sets(self, line, since):
        """Every level that the kernel put on an output since a mark: (seconds after the mark, level)."""
        text = (TRACE / "trace").read_text()
        began, found = None, []
        for at, event, what in re.findall(r" (\d+\.\d+): (\w+): (.*)", text):
            if event == "tracing_mark_write" and what == since:
                began = float(at)
            elif event == "gpio_value" and began and (told := re.fullmatch(rf"{self.base + line} set ([01])", what)):
                found.append((float(at) - began, int(told[1])))
        return found


def mark(text):
    (TRACE / "trace_marker").write_text(text)
    return text
