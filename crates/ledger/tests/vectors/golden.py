"""Computes golden.json apart from the Rust code: RFC 6962 by its recursive definition, notes by the C2SP texts.

    pip install cryptography && python3 golden.py > golden.json
"""

import base64
import hashlib
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def sha(data):
    return hashlib.sha256(data).digest()


def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(d):
    if len(d) == 0:
        return sha(b"")
    if len(d) == 1:
        return sha(b"\0" + d[0])
    k = split(len(d))
    return sha(b"\1" + mth(d[:k]) + mth(d[k:]))


def path(m, d):
    if len(d) == 1:
        return []
    k = split(len(d))
    return path(m, d[:k]) + [mth(d[k:])] if m < k else path(m - k, d[k:]) + [mth(d[:k])]


def subproof(m, d, known):
    if m == len(d):
        return [] if known else [mth(d)]
    k = split(len(d))
    if m <= k:
        return subproof(m, d[:k], known) + [mth(d[k:])]
    return subproof(m - k, d[k:], False) + [mth(d[:k])]


def b64(data):
    return base64.b64encode(data).decode()


class Key:
    def __init__(self, name, kind, seed):
        self.name, self.kind, self.seed = name, kind, bytes([seed]) * 32
        self.pair = Ed25519PrivateKey.from_private_bytes(self.seed)
        self.public = self.pair.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = sha(name.encode() + b"\n" + bytes([kind]) + self.public)[:4]

    def vkey(self):
        return f"{self.name}+{self.id.hex()}+{b64(bytes([self.kind]) + self.public)}"

    def line(self, signature):
        return f"\u2014 {self.name} {b64(self.id + signature)}\n"

    def sign(self, text):
        return self.line(self.pair.sign(text.encode()))

    def cosign(self, text, time):
        message = f"cosignature/v1\ntime {time}\n{text}".encode()
        return self.line(time.to_bytes(8, "big") + self.pair.sign(message))


leaves = [i.to_bytes(4, "big") * (i % 3) for i in range(300)]
log = Key("lockward.example/north/events", 0x01, 7)
door = Key("lockward.example/north/controller/12", 0x04, 9)
text = f"{log.name}\n300\n{b64(mth(leaves))}\n"
time = 1_794_000_000

print(json.dumps({
    "leaves": [leaf.hex() for leaf in leaves],
    "roots": {n: mth(leaves[:n]).hex() for n in [0, 1, 2, 3, 4, 5, 6, 7, 8, 255, 256, 257, 300]},
    "inclusion": [
        {"index": m, "size": n, "proof": [h.hex() for h in path(m, leaves[:n])]}
        for m, n in [(0, 1), (0, 8), (5, 8), (2, 3), (255, 256), (256, 257), (17, 300), (299, 300)]
    ],
    "consistency": [
        {"old": m, "new": n, "proof": [h.hex() for h in subproof(m, leaves[:n], True)]}
        for m, n in [(1, 8), (6, 8), (2, 5), (4, 7), (255, 256), (256, 300), (257, 300), (299, 300), (300, 300)]
    ],
    "log_seed": log.seed.hex(),
    "log_vkey": log.vkey(),
    "door_seed": door.seed.hex(),
    "door_vkey": door.vkey(),
    "time": time,
    "text": text,
    "log_line": log.sign(text),
    "door_line": door.cosign(text, time),
}, indent=0, ensure_ascii=False))
