"""My doors in a real browser with virtual authenticators: a phone is invited, registered, opens a door, and is cut off.

    phones.py --lockward target/debug/lockward --controller target/debug/lockward-controller [--shots DIR]
"""
import argparse
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from playwright.sync_api import expect, sync_playwright

passed, failed = 0, []


def case(name):
    """Runs a function at once, as a named test."""
    def run(function):
        global passed
        try:
            function()
            passed += 1
            print(f"ok   {name}", flush=True)
        except Exception as error:  # the name and the reason are the report
            failed.append(name)
            print(f"FAIL {name}\n     {error}", flush=True)
    return run


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Key:
    """A virtual authenticator of one page's browser (CDP, WebAuthn domain)."""
    OPTIONS = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}

    def __init__(self, page):
        self.cdp = page.context.new_cdp_session(page)
        self.cdp.send("WebAuthn.enable")
        self.id = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": self.OPTIONS})["authenticatorId"]

    def send(self, what, **more):
        return self.cdp.send(f"WebAuthn.{what}", {"authenticatorId": self.id, **more})


SITE = """reason = "A hall with two doors, and phones that open one of them"

[[zone]]
id = "hall"
title = "Hall"

[[controller]]
id = "gate-1"
title = "Gate one"

[[door]]
id = "north"
title = "North gate"
kind = "gate"
to = "hall"
controller = "gate-1"
exit = "mechanical"
release = "5s"
open_limit = "30s"
relock = "on-open"

[[door]]
id = "vault"
title = "Vault"
kind = "safe"
to = "hall"
controller = "gate-1"
exit = "mechanical"
release = "5s"
open_limit = "30s"
relock = "on-open"

[[group]]
id = "staff"
title = "Staff"

[[person]]
id = "p1"
name = "Grace Example"
groups = ["staff"]

[[person]]
id = "p2"
name = "Linus Example"
groups = ["staff"]

[[rule]]
id = "doors"
title = "Staff"
groups = ["staff"]
doors = ["north", "vault"]
factors = ["card"]

[[policy]]
id = "phones"
text = '''permit (principal, action == Action::"enter-by-phone", resource == Door::"north");'''
"""

DOORS = """controller = "gate-1"
folder = "store"
hub = "127.0.0.1:{port}"
bus = []

[building]
power = "none"
battery = "none"
fire = "none"
tamper = "none"

[[door]]
id = "north"
fails = "secure"
lock = "simulated"
contact = "none"
exit = "none"

[[door]]
id = "vault"
fails = "secure"
lock = "simulated"
contact = "none"
exit = "none"
"""

parser = argparse.ArgumentParser()
parser.add_argument("--lockward", required=True)
parser.add_argument("--controller", required=True)
parser.add_argument("--shots", help="a folder for screenshots")
arguments = parser.parse_args()
chromium = shutil.which("chromium") or sys.exit("install Debian's package chromium")
folder = tempfile.TemporaryDirectory(prefix="lockward-phones-")
site, port = f"{folder.name}/site", free_port()


def lockward(*words):
    return subprocess.run([arguments.lockward, *words], check=True, capture_output=True, text=True).stdout


def started(command, pattern, **more):
    """A program, and what it said that was waited for."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    said = []
    for line in process.stdout:
        said.append(line)
        if found := re.search(pattern, line):
            threading.Thread(target=lambda: [None for _ in process.stdout], daemon=True).start()
            return process, found
    sys.exit("".join(said))


lockward("init", site, "--title", "Halle 7", "--zone", "Europe/Berlin", "--operator", "ada",
         "--key-file", f"{folder.name}/ada.key", "--no-passphrase")
hub, found = started(
    [arguments.lockward, "serve", "--dir", site, "--listen", f"127.0.0.1:{port}", "--console", "127.0.0.1:0"],
    r"(http://localhost:\d+)/set-up#key=[0-9a-f]{64}")
base, link = found.group(1), found.group(0)
device = None


def fit(controllers):
    """The device at the door: enrolled once, and then as it is started every day."""
    at = pathlib.Path(f"{folder.name}/device")
    at.mkdir(exist_ok=True)
    (at / "door.toml").write_text(DOORS.format(port=port))
    command = [arguments.controller, "--config", str(at / "door.toml")]
    if controllers:
        told = lockward("enroll", "gate-1", "--dir", site)
        code = told.split("<<END\n")[1].split("\nEND")[0].replace("\\\n", "").strip()
        command += ["--enroll", code]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=open(at / "log", "w"))


try:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        desk = browser.new_context(viewport={"width": 1280, "height": 900})
        page = desk.new_page()
        Key(page)
        complaints = []

        def watch(one):
            one.on("pageerror", lambda e: complaints.append(str(e)))
            one.on("console", lambda m: complaints.append(m.text) if "Content Security" in m.text else None)

        def phone_of():
            """A phone: a browser of its own, with an authenticator of its own."""
            context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
            one = context.new_page()
            watch(one)
            return one, Key(one)

        watch(page)

        def shots(one, name):
            """Light and dark, at a phone's width; and nothing is wider than that."""
            for scheme in ("light", "dark"):
                one.emulate_media(color_scheme=scheme)
                width = one.evaluate("document.documentElement.scrollWidth")
                assert width <= one.viewport_size["width"], f"{name} is {width} px wide"
                if arguments.shots:
                    # Colours fade from one scheme to the other.
                    one.wait_for_timeout(250)
                    one.screenshot(path=f"{arguments.shots}/{name}-{scheme}.png", full_page=True)
            one.emulate_media(color_scheme="light")

        def press(one, name="North gate"):
            one.get_by_role("button", name=name).click()

        def says(one, text, name="north"):
            expect(one.locator(f"#said-{name}")).to_contain_text(text, timeout=15_000)

        def invite():
            page.goto(base + "/people/p1")
            page.get_by_role("button", name="Link for a phone").click()
            expect(page.get_by_role("heading", name="A link for a phone of Grace Example")).to_be_visible()
            return page.locator("pre").inner_text().strip()

        page.goto(link)
        page.get_by_label("A name for it").fill("blue key")
        page.get_by_role("button", name="Register a passkey").click()
        page.wait_for_url("**/sign-in?registered=1")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url(base + "/")
        page.goto(base + "/changes")
        page.get_by_label("A change file").fill(SITE)
        page.get_by_role("button", name="Review it").click()
        page.get_by_role("button", name="Sign with your passkey").click()
        page.wait_for_url("**/changes/at/*")
        device = fit(True)
        phone, touch = phone_of()
        made = {}

        @case("a phone without a session is sent to sign in, and learns nothing")
        def _():
            phone.goto(base + "/my")
            assert phone.url.endswith("/my/sign-in"), phone.url
            assert "Halle 7" not in phone.content()
            shots(phone, "my-sign-in")

        @case("the desk makes a link, with a code to point a phone at")
        def _():
            made["first"] = invite()
            expect(page.get_by_role("img", name="The link as a QR code")).to_be_visible()
            shots(page, "phone-invite")

        @case("without user verification no phone is registered")
        def _():
            touch.send("setUserVerified", isUserVerified=False)
            phone.goto(made["first"])
            shots(phone, "my-join")
            phone.get_by_role("button", name="Register this phone").click()
            expect(phone.locator("#said[data-tone=bad]")).to_be_visible()
            touch.send("setUserVerified", isUserVerified=True)

        @case("the link registers the phone, which shows its holder's doors and nothing else")
        def _():
            phone.goto(made["first"])
            phone.reload()
            phone.get_by_role("button", name="Register this phone").click()
            phone.wait_for_url(base + "/my")
            expect(phone.get_by_role("button", name="North gate")).to_be_visible()
            for other in ("Vault", "Linus", "Grace", "Gate one"):
                assert other not in phone.content(), other
            shots(phone, "my")

        @case("the link serves once")
        def _():
            other, _ = phone_of()
            other.goto(made["first"])
            other.get_by_role("button", name="Register this phone").click()
            expect(other.locator("#said[data-tone=bad]")).to_contain_text("link was used")
            other.context.close()

        @case("a touch opens the door, and the page moves nothing under the thumb")
        def _():
            before = phone.get_by_role("button", name="North gate").bounding_box()
            for _ in range(60):
                press(phone)
                told = phone.locator("#said-north")
                expect(told).to_have_text(re.compile("Open\\.|Not done"), timeout=15_000)
                if told.inner_text() == "Open.":
                    break
                time.sleep(0.5)
            says(phone, "Open.")
            assert phone.get_by_role("button", name="North gate").bounding_box() == before
            shots(phone, "my-open")

        @case("the record says whose phone it was, and that it was touched")
        def _():
            page.goto(base + "/people/p1")
            for _ in range(30):
                if "by phone, touched for it" in page.locator("main").inner_text():
                    break
                time.sleep(1)
                page.reload()
            expect(page.locator("#feed")).to_contain_text("by phone, touched for it")
            seq = page.locator("#feed li").filter(has_text="ACCESS_GRANTED").first.locator(".seq").inner_text()
            told = lockward("why", re.sub(r"\D", "", seq), "--dir", site)
            assert "intent=true, method=passkey" in told, told

        @case("nobody who is not verified by the phone opens the door")
        def _():
            touch.send("setUserVerified", isUserVerified=False)
            press(phone)
            says(phone, "Not done")
            touch.send("setUserVerified", isUserVerified=True)

        @case("each opening wants a touch of its own")
        def _():
            press(phone)
            says(phone, "Open.")

        @case("offline is said, and a press does nothing")
        def _():
            phone.context.set_offline(True)
            phone.evaluate("dispatchEvent(new Event('offline'))")
            expect(phone.locator("#offline")).to_be_visible()
            press(phone)
            says(phone, "offline")
            shots(phone, "my-offline")
            phone.context.set_offline(False)
            phone.evaluate("dispatchEvent(new Event('online'))")
            expect(phone.locator("#offline")).to_be_hidden()

        @case("it can be installed: manifest, icon, and no worker that could answer for a door")
        def _():
            manifest = phone.evaluate("fetch('/assets/my.webmanifest').then((a) => a.json())")
            assert (manifest["start_url"], manifest["display"]) == ("/my", "standalone")
            session = phone.context.new_cdp_session(phone)
            icon = "link[rel=apple-touch-icon]"
            drawn = f"(async () => {{ const i = new Image(); i.src = document.querySelector('{icon}').href;"
            drawn += " await i.decode(); return [i.naturalWidth, i.naturalHeight]; })()"
            assert phone.evaluate(drawn) == [180, 180]
            errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
            assert not [e for e in errors if e["errorId"] not in ("in-incognito",)], errors
            assert phone.evaluate("navigator.serviceWorker.getRegistrations().then((r) => r.length)") == 0

        @case("a phone that is reported lost is cut off at every controller, and opens nothing")
        def _():
            page.goto(base + "/people/p1")
            page.get_by_role("button", name=re.compile("Lost: cut off")).click()
            expect(page.locator("main")).to_contain_text(re.compile(r"cut off at 1 of 1 doors. controllers in 0\.\d s"))
            shots(page, "phone-lost")
            press(phone)
            phone.wait_for_url("**/my/sign-in")
            phone.get_by_role("button", name="Sign in with this phone").click()
            expect(phone.locator("#said[data-tone=bad]")).to_be_visible()

        @case("another phone of the same person goes on by a link of its own")
        def _():
            second, _ = phone_of()
            second.goto(invite())
            second.get_by_role("button", name="Register this phone").click()
            second.wait_for_url(base + "/my")
            press(second)
            says(second, "Open.")
            device.terminate()
            device.wait()
            time.sleep(1)
            press(second)
            says(second, "Not done")
            second.context.close()

        @case("no page broke its content policy or its scripts")
        def _():
            assert not complaints, complaints

        browser.close()
finally:
    hub.terminate()
    if device and device.poll() is None:
        device.terminate()
    if failed:
        print((pathlib.Path(folder.name) / "device" / "log").read_text()[-3000:])

print(f"{passed} passed, {len(failed)} failed")
sys.exit(1 if failed else 0)
