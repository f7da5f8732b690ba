#!/usr/bin/env python3
"""I/O boards made of pymodbus, an implementation that is not ours: several units on one serial line, or behind TCP.

    boards.py (--serial PATH | --tcp) --unit UNIT [--unit UNIT ...]     each has 8 inputs, 4 registers and 8 coils

Standard input, one order a line; UNIT says which board:
    UNIT input NUMBER 0|1 | UNIT register NUMBER VALUE
    UNIT coil NUMBER 0|1            somebody switches it by hand
    UNIT refuse REASON              it refuses everything, for that reason of the standard; 0: no more
    UNIT mute 0|1                   it does not answer
    UNIT noise 0|1                  a bit of each of its answers is flipped
    quit
Standard output, one JSON object a line: {"event": "ready", "port": ...}, and {"unit": UNIT, "coil": NUMBER, "on": ...}
for each coil that was written over the line.
"""
import argparse
import asyncio
import json
import sys

from pymodbus import FramerType
from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

READ_COILS, READ_INPUTS, READ_REGISTERS, WRITE_COIL = 1, 2, 4, 5


def tell(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Board:
    def __init__(self, unit):
        self.unit, self.refuses, self.mute, self.noise = unit, 0, False, False
        self.values = {READ_COILS: [0] * 8, READ_INPUTS: [0] * 8, READ_REGISTERS: [0] * 4}

    def device(self):
        # Coils and inputs stand in the bits of one word.
        bits = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
        words = [SimData(0, count=4, values=0, datatype=DataType.REGISTERS)]
        blocks = (bits, bits, words, words)
        return SimDevice(self.unit, simdata=blocks, use_bit_addressing=True, action=self.access)

    async def access(self, function, start, address, count, registers, values):
        if self.refuses:
            return ExcCodes(self.refuses)
        if function == WRITE_COIL and values:
            self.values[READ_COILS][address] = int(values[0])
            tell(unit=self.unit, coil=address, on=bool(values[0]))
        elif function == READ_REGISTERS:
            registers[:] = self.values[READ_REGISTERS]
        else:
            bits = self.values[READ_INPUTS if function == READ_INPUTS else READ_COILS]
            registers[0] = sum(bit << number for number, bit in enumerate(bits))
        return None

    def order(self, word, *numbers):
        numbers = [int(n) for n in numbers]
        if word in ("refuse", "mute", "noise"):
            setattr(self, {"refuse": "refuses"}.get(word, word), numbers[0])
        else:
            kind = {"coil": READ_COILS, "input": READ_INPUTS, "register": READ_REGISTERS}[word]
            self.values[kind][numbers[0]] = numbers[1]


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--serial")
    parser.add_argument("--tcp", action="store_true")
    parser.add_argument("--unit", type=int, action="append", required=True)
    arguments = parser.parse_args()
    boards = {unit: Board(unit) for unit in arguments.unit}

    def on_the_wire(sending, packet):
        """What pymodbus is about to send, or has heard: the unit stands first, or behind the header of TCP."""
        at = 6 if arguments.tcp else 0
        board = boards.get(packet[at]) if sending and len(packet) > at else None
        if board and board.mute:
            return b""
        if board and board.noise:
            # Over TCP only the function and the count can show it: nothing sums up the values.
            spoilt = at + 2 if arguments.tcp else at + 3
            return packet[:spoilt] + bytes([packet[spoilt] ^ 0x10]) + packet[spoilt + 1:]
        return packet

    devices = [board.device() for board in boards.values()]
    shared = {"trace_packet": on_the_wire, "ignore_missing_devices": True}
    if arguments.tcp:
        server = ModbusTcpServer(devices, address=("127.0.0.1", 0), **shared)
    else:
        server = ModbusSerialServer(devices, framer=FramerType.RTU, port=arguments.serial, baudrate=115200, **shared)
    await server.serve_forever(background=True)
    tell(event="ready", port=server.transport.sockets[0].getsockname()[1] if arguments.tcp else None)

    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while (order := (await lines.readline()).decode().split()) and order != ["quit"]:
        boards[int(order[0])].order(*order[1:])
    await server.shutdown()


asyncio.run(main())
