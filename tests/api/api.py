"""The API of a running hub: the examples of docs/API.md, then whatever Schemathesis makes up from the OpenAPI document.

    api.py --lockward target/debug/lockward
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
# A site to read: people, doors, zones within zones. Its controller never comes: orders are told as not done.
SITE = """
[[zone]]
id = "hall"
title = "Hall"
[[zone]]
id = "cage"
title = "Cage"
in = "hall"
[[controller]]
id = "gate"
title = "Gate"
[[door]]
id = "main"
title = "Main"
kind = "entrance"
to = "hall"
controller = "gate"
release = "5s"
open_limit = "30s"
relock = "on-close"
exit = "mechanical"
[[door]]
id = "cage"
title = "Cage"
kind = "cage"
from = "hall"
to = "cage"
controller = "gate"
release = "5s"
open_limit = "30s"
relock = "on-close"
exit = "mechanical"
[[group]]
id = "stock"
title = "Stock"
[[person]]
id = "p1"
name = "Grace Example"
groups = ["stock"]
[[rule]]
id = "stock"
title = "Stock"
groups = ["stock"]
zones = ["hall"]
factors = ["card"]
"""
POLICY = """
[[service]]
id = "wms"
key = "{key}"
[[policy]]
id = "wms"
text = 'permit (principal == Service::"wms", action in [Action::"read", Action::"change", Action::"order"], resource);'
"""
# Every answer must be one that the document describes. That a controller is away is no failure of the hub.
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
]
CONFIG = """
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", 503]
[checks.negative_data_rejection]
expected-statuses = ["4xx", 503]
"""


def run(lockward, folder, *args, **more):
    done = subprocess.run([lockward, *args], cwd=folder, capture_output=True, text=True, timeout=60, **more)
    if done.returncode != 0:
        sys.exit(f"lockward {' '.join(args)}: {done.stdout}{done.stderr}")
    return done.stdout


def status(url, key):
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def serve(lockward, folder):
    """The hub, and the address of its console."""
    command = [lockward, "serve", "--dir", "site", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"]
    hub = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in hub.stdout:
        found = re.search(r"http://localhost:\d+", line)
        if found:
            return hub, found.group(0)
    sys.exit("the hub ended without an address")


parser = argparse.ArgumentParser()
parser.add_argument("--lockward", required=True)
parser.add_argument("--examples", default="40", help="how many requests Schemathesis makes up for each operation")
arguments = parser.parse_args()
lockward = str(pathlib.Path(arguments.lockward).resolve())

with tempfile.TemporaryDirectory(prefix="lockward-api-") as folder:
    run(lockward, folder, "init", "site", "--title", "Halle 7", "--zone", "Europe/Berlin", "--operator", "ada",
        "--key-file", "operator.key", "--no-passphrase")
    hub, base = serve(lockward, folder)
    try:
        blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "docs/API.md").read_text(), re.S)
        environment = dict(os.environ, PATH=f"{pathlib.Path(lockward).parent}:{os.environ['PATH']}", HUB=base, SITE="site")

        def example(text):
            shell = ["bash", "-euo", "pipefail", "-c", text]
            done = subprocess.run(shell, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
            if done.returncode != 0:
                sys.exit(f"docs/API.md, {text}: {done.stdout}{done.stderr}")
            return done.stdout

        public = re.search(r'key = "([0-9a-f]{64})"', example(blocks[0])).group(1)
        (pathlib.Path(folder) / "change.toml").write_text(SITE + POLICY.format(key=public))
        run(lockward, folder, "change", "apply", "change.toml", "--dir", "site", "--key", "operator.key", "--yes")
        key = re.search(r"lw_[a-z2-7]{10}_[a-z2-7]{59}", example(blocks[1])).group(0)
        environment["KEY"] = key
        doors, change = example(blocks[2]), example(blocks[3])
        assert '"id":"cage"' in doors and '"next":null' in doors, doors
        assert '"at":' in change, change
        print(f"ok   {len(blocks)} examples of docs/API.md", flush=True)

        document = json.load(urllib.request.urlopen(urllib.request.Request(
            f"{base}/api/openapi.json", headers={"Authorization": f"Bearer {key}"})))
        assert status(f"{base}/api/openapi.json", "nobody") == 401
        config = pathlib.Path(folder) / "schemathesis.toml"
        config.write_text(CONFIG)
        command = [
            str(ROOT / ".venv/bin/schemathesis"), "--config-file", str(config), "run", f"{base}/api/openapi.json",
            "--header", f"Authorization: Bearer {key}", "--checks", ",".join(CHECKS),
            # It has no end.
            "--exclude-path", "/api/v1/events/stream",
            "--max-examples", arguments.examples, "--seed", "7", "--phases", "examples,coverage,fuzzing",
            "--continue-on-failure", "--request-timeout", "20", "--suppress-health-check", "all",
        ]
        begun = time.monotonic()
        conforms = subprocess.run(command, cwd=folder).returncode == 0
        print(f"{'ok  ' if conforms else 'FAIL'} Schemathesis over {len(document['paths'])} paths in "
              f"{time.monotonic() - begun:.0f} s", flush=True)
        if hub.poll() is not None:
            sys.exit("the hub has ended")
    finally:
        hub.terminate()
        hub.wait(timeout=10)
sys.exit(0 if conforms else 1)
