"""What the tests in a real browser share: named cases, programs that are started, authenticators, screenshots."""
import argparse
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import threading

DEVICES = (("desktop", (1280, 900)), ("phone", (390, 844)))


class Cases:
    """Named tests, which run where they are written, and their sum."""

    def __init__(self):
        self.passed, self.failed = 0, []

    def __call__(self, name):
        """Runs a function at once, as a named test."""
        def run(function):
            try:
                function()
                self.passed += 1
                print(f"ok   {name}", flush=True)
            except Exception as error:  # the name and the reason are the report
                self.failed.append(name)
                print(f"FAIL {name}\n     {error}", flush=True)
        return run

    def end(self):
        """The sum, as the program's end."""
        print(f"{self.passed} passed, {len(self.failed)} failed")
        sys.exit(1 if self.failed else 0)


def arguments(*more):
    """What every such test is told: the programs, and where screenshots go."""
    parser = argparse.ArgumentParser()
    for name in ("--lockward", *more):
        parser.add_argument(name, required=True)
    parser.add_argument("--shots", help="a folder for screenshots")
    return parser.parse_args()


def chromium(playwright):
    """Debian's browser, in its sandbox's absence as root."""
    path = shutil.which("chromium") or sys.exit("install Debian's package chromium")
    return playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def started(command, pattern, **more):
    """A program, and what it said that was waited for."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    said = []
    for line in process.stdout:
        said.append(line)
        if found := re.search(pattern, line):
            threading.Thread(target=lambda: [None for _ in process.stdout], daemon=True).start()
            return process, found
    sys.exit("".join(said) or f"{command[1]} said nothing")


def serve(lockward, folder, port=0):
    """A new site, its hub, the address of its console, and the link that registers its first passkey."""
    site = f"{folder}/site"
    told = subprocess.run(
        [lockward, "init", site, "--title", "Halle 7", "--zone", "Europe/Berlin", "--operator", "ada",
         "--key-file", f"{folder}/ada.key", "--no-passphrase"], check=True, capture_output=True, text=True).stdout
    # The recovery key, as somebody would copy it from the screen to paper.
    pathlib.Path(f"{folder}/paper").write_text(re.search(r"[0-9a-f]{4,}(?:-[0-9a-f]{4,})+", told).group())
    hub, found = started(
        [lockward, "serve", "--dir", site, "--listen", f"127.0.0.1:{port}", "--console", "127.0.0.1:0"],
        r"(http://localhost:\d+)/set-up#key=[0-9a-f]{64}")
    return hub, found.group(1), found.group(0)


def device(lockward, controller, folder, port, doors):
    """A controller with simulated locks, enrolled as `gate-1`; these are its doors."""
    at = pathlib.Path(f"{folder}/device")
    at.mkdir(exist_ok=True)
    fixed = 'fails = "secure"\nlock = "simulated"\ncontact = "none"\nexit = "none"\n'
    rows = "".join(f'[[door]]\nid = "{door}"\n{fixed}' for door in doors)
    (at / "door.toml").write_text(
        f'controller = "gate-1"\nfolder = "store"\nhub = "127.0.0.1:{port}"\nbus = []\n[building]\n'
        f'power = "none"\nbattery = "none"\nfire = "none"\ntamper = "none"\n{rows}')
    told = subprocess.run(
        [lockward, "enroll", "gate-1", "--dir", f"{folder}/site"], check=True, capture_output=True, text=True).stdout
    code = told.split("<<END\n")[1].split("\nEND")[0].replace("\\\n", "").strip()
    return subprocess.Popen(
        [controller, "--config", str(at / "door.toml"), "--enroll", code],
        stdout=subprocess.DEVNULL, stderr=open(at / "log", "w"))


class Key:
    """A virtual authenticator of one page's browser (CDP, WebAuthn domain)."""
    OPTIONS = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}

    def __init__(self, page, **changed):
        self.cdp = page.context.new_cdp_session(page)
        self.cdp.send("WebAuthn.enable")
        self.id = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": {**self.OPTIONS, **changed}})["authenticatorId"]

    def send(self, what, **more):
        return self.cdp.send(f"WebAuthn.{what}", {"authenticatorId": self.id, **more})

    def credentials(self):
        return self.send("getCredentials")["credentials"]

    def load(self, credential, **changed):
        self.send("clearCredentials")
        self.send("addCredential", credential={**credential, **changed})


def watched(page):
    """What a page's browser complains of, from now on."""
    complaints = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: complaints.append(str(e)))
    return complaints


def shots(page, name, folder):
    """A page as it stands: desktop and phone, light and dark; and it is no wider than the phone."""
    before = page.viewport_size
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for shape, (width, height) in DEVICES:
            page.set_viewport_size({"width": width, "height": height})
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name} is {wide} px wide"
            if folder:
                page.screenshot(path=f"{folder}/{name}-{shape}-{scheme}.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(before)
