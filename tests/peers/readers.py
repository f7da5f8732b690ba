#!/usr/bin/env python3
"""Readers made of LibOSDP, an implementation that is not ours, on one line: a PTY whose path is a symlink.

    readers.py --link PATH --pd ADDRESS:KEY [--pd ADDRESS:KEY ...]      KEY: 32 hex digits, or `install` for none

Standard input, one order a line; ADDRESS says which reader:
    ADDRESS card BITS HEX | ADDRESS key DIGITS | ADDRESS tamper 0|1 | ADDRESS input NUMBER 0|1
    ADDRESS code VENDOR TEXT        it has read a code, and tells it in a report of its maker's own
    ADDRESS report VENDOR HEX       any other report of its maker's own
    ADDRESS reboot                  its power fails for a moment: it forgets its session, lamp and outputs
    ADDRESS swap                    another device takes its place, with the same key and another serial number
    ADDRESS cut | ADDRESS join      the reader's own wire: it hears nothing and is not heard
    unplug | plug                   the whole adapter: its device goes away, and comes back under the same name
    quit
Standard output, one JSON object a line: {"event": "ready"}, and for each reader {"pd": ADDRESS, "event": ...} with
`command` (what the panel wants shown or switched), `link` (online, secure), `delivered` (the panel has what it read).
"""
import argparse
import json
import os
import pty
import select
import sys
import threading
import time
import tty

from osdp import (Capability, CardFormat, Channel, Command, Event, LibFlag, LogLevel, PDCapabilities, PDInfo, PdId,
                  PeripheralDevice, StatusReportType)

LOOK_EVERY = 0.020  # Seconds, as in LibOSDP's own thread: a slow reader, as the standard allows.
FRAMES_A_LOOK = 16  # More than the others on a line can exchange in that time.
INPUTS = 2
OUTPUTS = 2
CAPABILITIES = [
    (Capability.ContactStatusMonitoring, 1, INPUTS),
    (Capability.OutputControl, 1, OUTPUTS),
    (Capability.CardDataFormat, 1, 1),
    (Capability.LEDControl, 2, 1),
    (Capability.AudibleControl, 1, 1),
    (Capability.CheckCharacter, 1, 0),
    (Capability.CommunicationSecurity, 1, 1),
    (Capability.Readers, 0, 1),
]
COMMANDS = {number: name for name, number in vars(Command).items() if isinstance(number, int)}

_told = threading.Lock()


def tell(**what):
    text = json.dumps(what, default=lambda b: bytes(b).hex() if isinstance(b, (bytes, bytearray)) else str(b))
    with _told:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


class Line:
    """The wires, and the panel's end of them. Every reader hears every word of the panel, for whomever it is.

    On real wires a reader hears the other readers too. LibOSDP 3.2.9 does not survive that: once it has begun on a
    frame of another reader, it may never find the start of a frame again. So readers do not hear each other here.
    """

    def __init__(self, link):
        self.link, self.taps, self.lock, self.ends = link, [], threading.RLock(), None
        self.plug()
        threading.Thread(target=self._listen, daemon=True).start()

    def plug(self):
        with self.lock:
            if self.ends:
                return
            self.ends = pty.openpty()  # Our own hold on the far end spares us errors while no panel is there.
            for end in self.ends:
                tty.setraw(end)
            os.set_blocking(self.ends[0], False)
            fresh = self.link + ".new"
            os.symlink(os.ttyname(self.ends[1]), fresh)
            os.replace(fresh, self.link)

    def unplug(self):
        with self.lock:
            ends, self.ends = self.ends, None
            os.unlink(self.link)
            for end in ends or ():
                os.close(end)

    def answer(self, data):
        with self.lock:
            if self.ends:
                os.write(self.ends[0], data)

    def _listen(self):
        while True:
            with self.lock:
                end = self.ends and self.ends[0]
            if end is None:
                time.sleep(0.02)
                continue
            try:
                # Short waits: an end that was unplugged meanwhile is let go.
                if select.select([end], [], [], 0.02)[0]:
                    data = os.read(end, 4096)
                    for tap in self.taps:
                        tap.hear(data)
            except (OSError, ValueError):
                time.sleep(0.02)


class Tap(Channel):
    """One station's end of the line, as LibOSDP wants it."""

    def __init__(self, line):
        super().__init__()
        self.line, self.inbox, self.lock, self.cut = line, bytearray(), threading.Lock(), False
        line.taps.append(self)

    def hear(self, data):
        with self.lock:
            if not self.cut:
                self.inbox += data

    def read(self, max_bytes):
        with self.lock:
            data = bytes(self.inbox[:max_bytes])
            del self.inbox[:max_bytes]
            return data

    def write(self, buf):
        if not self.cut:
            self.line.answer(bytes(buf))
        return len(buf)

    def flush(self):
        pass


class Diligent(PeripheralDevice):
    """LibOSDP takes one frame a look. With its own thread, a reader on a busy line would fall behind for ever."""

    @staticmethod
    def refresh(event, lock, ctx):
        while not event.is_set():
            with lock:
                for _ in range(FRAMES_A_LOOK):
                    ctx.refresh()
            time.sleep(LOOK_EVERY)


class Reader:
    """A reader with a lamp, a sounder, two inputs and two outputs. It does what it is told, and says so."""

    def __init__(self, line, address, key):
        self.address, self.key, self.tap = address, key, Tap(line)
        self.pd, self.inputs, self.serial = None, [0] * INPUTS, 0xA1B20000 + address
        self.start()
        threading.Thread(target=self._watch, daemon=True).start()

    def start(self):
        if self.pd:
            self.pd.teardown()
        scbk = None if self.key == "install" else bytes.fromhex(self.key)
        flags = [LibFlag.EnforceSecure] if scbk else [LibFlag.InstallMode]
        identity = PdId(version=1, model=1, vendor_code=0x00CAFE, serial_number=self.serial,
                        firmware_version=0x010203)
        info = PDInfo(self.address, self.tap, scbk=scbk, flags=flags, id=identity)
        self.pd = Diligent(info, PDCapabilities(CAPABILITIES), log_level=LogLevel.Error, command_handler=self.obey,
                           event_completion_handler=lambda event, status: self.tell("delivered", ok=status == 0))
        self.pd.start()

    def tell(self, event, **what):
        tell(pd=self.address, event=event, **what)

    def obey(self, command):
        number = command["command"]
        if number == Command.Status:
            # The binding has no way to fill in a report when asked: inputs are declined, and told when they change.
            return 0, None
        told = number == Command.Manufacturer
        what = {k: v for k, v in command.items() if k != "command" and (told or k != "data")}
        self.tell("command", name=COMMANDS.get(number, str(number)), **what)
        return 0, None

    def _watch(self):
        last = None
        while True:
            ctx = self.pd.ctx
            now = (bool(ctx and ctx.is_online()), bool(ctx and ctx.is_sc_active()))
            if now != last:
                last = now
                self.tell("link", online=now[0], secure=now[1])
            time.sleep(0.02)

    def submit(self, event, **what):
        if not self.pd.submit_event({"event": event, **what}):
            self.tell("not taken")

    def status(self, kind, report):
        self.submit(Event.Status, type=kind, report=bytes(report))

    def do(self, verb, *words):
        if verb == "card":
            self.submit(Event.CardRead, reader_no=0, direction=0, format=CardFormat.Wiegand, length=int(words[0]),
                        data=bytes.fromhex(words[1]))
        elif verb == "key":
            keys = words[0].replace("#", "\r").replace("*", "\x7f")
            self.submit(Event.KeyPress, reader_no=0, data=keys.encode())
        elif verb in ("code", "report"):
            self.submit(Event.ManufacturerReply, vendor_code=int.from_bytes(bytes.fromhex(words[0]), "little"),
                        data=words[1].encode() if verb == "code" else bytes.fromhex(words[1]))
        elif verb == "tamper":
            self.status(StatusReportType.Local, [int(words[0]), 0])
        elif verb == "input":
            self.inputs[int(words[0])] = int(words[1])
            self.status(StatusReportType.Input, self.inputs)
        elif verb in ("reboot", "swap"):
            self.serial += verb == "swap"
            self.start()
        elif verb in ("cut", "join"):
            self.tap.cut = verb == "cut"
        else:
            raise ValueError(f"a reader can not `{verb}`")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--link", required=True)
    arguments.add_argument("--pd", action="append", required=True)
    arguments = arguments.parse_args()
    line = Line(arguments.link)
    readers = {}
    for text in arguments.pd:
        address, _, key = text.partition(":")
        readers[address] = Reader(line, int(address), key)
    tell(event="ready")
    for order in sys.stdin:
        words = order.split()
        if words == ["quit"]:
            break
        if words in (["plug"], ["unplug"]):
            getattr(line, words[0])()
        else:
            readers[words[0]].do(*words[1:])
    os._exit(0)  # LibOSDP's threads sleep through a polite end.


main()
