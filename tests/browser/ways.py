"""Ways in beside a passkey, in a real browser and against a real OpenID provider: password and code, account, one-time link.

    ways.py --lockward target/debug/lockward [--shots DIR]
"""
import argparse
import base64
import hashlib
import hmac
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

passed, failed = 0, []
PASSWORD = "rhubarb tractor saturn"
POLICY = """reason = "Who has no authenticator types"

[[policy]]
id = "typing"
text = '''
permit (
  principal in Role::"owner",
  action in [Action::"sign-in:password", Action::"sign-in:openid"],
  resource
);'''
"""


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


def first_line(command, pattern):
    """Starts a server; what its output matches first."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in process.stdout:
        found = re.search(pattern, line)
        if found:
            threading.Thread(target=lambda: [None for _ in process.stdout], daemon=True).start()
            return process, found.group(0)
    sys.exit(f"{command[0]} gave nothing")


class App:
    """A code app (RFC 6238)."""
    def __init__(self, secret):
        self.secret = base64.b32decode(secret.replace(" ", ""))
        self.used = 0

    def code(self):
        """A code that was not used yet: the next step's where the step's own was, which the hub takes early."""
        step = max(int(time.time()) // 30, self.used + 1)
        while step > int(time.time()) // 30 + 1:
            time.sleep(1)
        self.used = step
        mac = hmac.new(self.secret, struct.pack(">Q", step), hashlib.sha1).digest()
        at = mac[-1] & 15
        return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 10**6:06}"


parser = argparse.ArgumentParser()
parser.add_argument("--lockward", required=True)
parser.add_argument("--shots", help="a folder for screenshots")
arguments = parser.parse_args()
chromium = shutil.which("chromium") or sys.exit("install Debian's package chromium")
folder = tempfile.TemporaryDirectory(prefix="lockward-ways-")
site, port = f"{folder.name}/site", free_port()
base = f"http://localhost:{port}"
provider, issuer = first_line(
    [sys.executable, str(Path(__file__).parent.parent / "openid" / "provider.py"), "--client", "lockward",
     "--secret", "s3cret+/&", "--back", base + "/sign-in/openid/back"], r"http://localhost:\d+")
secret = Path(folder.name, "client.secret")
secret.touch(mode=0o600)
secret.write_text("s3cret+/&\n")
subprocess.run(
    [arguments.lockward, "init", site, "--title", "Halle 7", "--zone", "Europe/Berlin", "--operator", "ada",
     "--key-file", f"{folder.name}/ada.key", "--no-passphrase"], check=True, capture_output=True)
hub, link = first_line(
    [arguments.lockward, "serve", "--dir", site, "--listen", "127.0.0.1:0", "--console", f"127.0.0.1:{port}",
     "--openid-issuer", issuer, "--openid-client-id", "lockward", "--openid-client-secret-file", str(secret)],
    r"http://localhost:\d+/set-up#key=[0-9a-f]{64}")
KEY = {"protocol": "ctap2", "transport": "usb", "hasResidentKey": False, "hasUserVerification": True,
       "isUserVerified": True, "automaticPresenceSimulation": True}

try:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        cdp = context.new_cdp_session(page)
        cdp.send("WebAuthn.enable")
        cdp.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
        complaints, app = [], None
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: complaints.append(str(e)))

        def shot(name):
            """The page as it is: desktop and phone, light and dark; and it is no wider than the phone."""
            size = page.viewport_size
            for scheme in ("light", "dark"):
                for device, width, height in (("desktop", 1280, 900), ("phone", 390, 844)):
                    page.emulate_media(color_scheme=scheme)
                    page.set_viewport_size({"width": width, "height": height})
                    wide = page.evaluate("document.documentElement.scrollWidth")
                    assert wide <= width, f"{name} is {wide} px wide"
                    if arguments.shots:
                        page.screenshot(path=f"{arguments.shots}/{name}-{device}-{scheme}.png", full_page=True)
            page.emulate_media(color_scheme="light")
            page.set_viewport_size(size)

        def sign_out():
            page.goto(base + "/me")
            page.get_by_role("button", name="Sign out").click()
            page.wait_for_url("**/sign-in?out=1")

        def type_in(code, password=PASSWORD):
            page.goto(base + "/sign-in")
            page.get_by_label("Operator name", exact=True).fill("ada")
            page.get_by_label("Password").fill(password)
            page.get_by_label("Code of your app").fill(code)
            page.get_by_role("button", name="Sign in with password and code").click()

        def at_provider(name):
            page.wait_for_url(issuer + "/**")
            page.get_by_label("Name").fill(name)
            page.get_by_role("button", name="Sign in").click()

        @case("a key that is not found by itself registers, and signs in by its holder's name")
        def _():
            page.goto(link)
            page.get_by_label("A name for it").fill("old key")
            page.get_by_role("button", name="Register a passkey").click()
            page.wait_for_url("**/sign-in?registered=1")
            page.get_by_text("The key asks who you are").click()
            page.get_by_label("Your operator name").fill("ada")
            page.get_by_role("button", name="Sign in with its key").click()
            page.wait_for_url(base + "/")

        @case("in a new site the page has no field for a password, and no provider's button")
        def _():
            page.goto(base + "/me")
            assert page.locator("#ways").count() == 0
            elsewhere = browser.new_page()
            elsewhere.goto(base + "/sign-in")
            assert elsewhere.locator("input[type=password]").count() == 0
            assert elsewhere.get_by_role("button", name="Sign in at").count() == 0
            elsewhere.close()

        @case("where policy says so a password is set with a code app, and recovery codes are shown once")
        def _():
            global app
            Path(folder.name, "policy.toml").write_text(POLICY)
            subprocess.run(
                [arguments.lockward, "change", "apply", f"{folder.name}/policy.toml", "--dir", site, "--key",
                 f"{folder.name}/ada.key", "--yes"], check=True, capture_output=True)
            page.wait_for_timeout(1_500)
            page.goto(base + "/me")
            page.get_by_text("Set one").click()
            page.get_by_label("The new one").fill("password1234")
            page.get_by_role("button", name="Set the password").click()
            expect(page.get_by_role("alert")).to_contain_text("tried first")
            shot("me-wrong")
            page.get_by_label("The new one").fill(PASSWORD)
            page.get_by_role("button", name="Set the password").click()
            expect(page.get_by_role("img", name="QR code")).to_be_visible()
            shot("code-app")
            page.get_by_text("Type it in place of scanning").click()
            app = App(page.locator(".secret code").inner_text())
            page.get_by_label("The code that the app shows").fill(app.code())
            page.get_by_role("button", name="Set it up").click()
            expect(page.locator(".recovery li")).to_have_count(10)
            shot("recovery-codes")
            page.get_by_role("link", name="To your keys").click()
            expect(page.get_by_text("10 recovery codes left")).to_be_visible()
            shot("me-ways")

        @case("password and code sign in; a wrong one is told in the same words, and nothing is said of which")
        def _():
            sign_out()
            type_in("000000")
            expect(page.get_by_role("alert")).to_contain_text("do not sign in together")
            shot("sign-in-wrong")
            type_in(app.code())
            page.wait_for_url(base + "/")

        @case("a session by password confirms what is dangerous in a dialog, by password and code")
        def _():
            page.goto(base + "/me")
            expect(page.locator("#sessions ~ ul .chip", has_text="password").first).to_be_visible()
            # The operator has a passkey, which is asked first; without one serving here the dialog is. A key that refuses:
            page.evaluate("""() => { const real = window.fetch; window.fetch = (path, ...more) =>
                path === "/me/touch/start" ? Promise.resolve(new Response('{"password":true}')) : real(path, ...more); }""")
            page.get_by_role("button", name="New recovery codes").click()
            dialog = page.get_by_role("dialog")
            expect(dialog).to_be_visible()
            shot("confirm")
            dialog.get_by_label("Password").fill(PASSWORD)
            dialog.get_by_label("Code of your app").fill(app.code())
            dialog.get_by_role("button", name="Go on").click()
            expect(page.locator(".recovery li")).to_have_count(10)

        @case("an account that nobody has bound is refused, with what to do")
        def _():
            sign_out()
            page.get_by_role("button", name="Sign in at localhost").click()
            at_provider("user-1")
            expect(page.get_by_role("alert")).to_contain_text("to no operator here")
            shot("sign-in-stranger")

        @case("an account is bound from the own page, and signs in with a code where the provider proves one factor")
        def _():
            type_in(app.code())
            page.wait_for_url(base + "/")
            page.goto(base + "/me")
            page.get_by_role("button", name="Bind an account at localhost").click()
            at_provider("user-1")
            page.wait_for_url(base + "/me")
            expect(page.get_by_text("user-1")).to_be_visible()
            shot("me-account")
            sign_out()
            page.get_by_role("button", name="Sign in at localhost").click()
            at_provider("user-1")
            expect(page.get_by_role("heading", name="One more step")).to_be_visible()
            shot("second-factor")
            page.get_by_label("The code that your app shows").fill(app.code())
            page.get_by_role("button", name="Sign in", exact=True).click()
            page.wait_for_url(base + "/")
            # Back to the provider's answer: it served once, and the session goes on.
            page.go_back()
            page.goto(base + "/me")
            expect(page.get_by_text("OpenID").first).to_be_visible()

        @case("the provider's answer serves once: the page that is loaded again starts again")
        def _():
            sign_out()
            page.get_by_role("button", name="Sign in at localhost").click()
            at_provider("user-1")
            expect(page.get_by_role("heading", name="One more step")).to_be_visible()
            page.reload()
            expect(page.get_by_role("alert")).to_contain_text("That sign-in was not taken")

        @case("the ways in, side by side, with the link that sets them up")
        def _():
            page.goto(base + "/sign-in")
            shot("sign-in-ways")
            page.goto(base + "/set-up#key=0")
            shot("set-up-ways")

        @case("no page complains")
        def _():
            # What is refused, and what the provider has no picture for.
            noise = ("403", "422", "409", "404 (NOT FOUND)")
            real = [c for c in complaints if not any(code in c for code in noise)]
            assert not real, real
        browser.close()
finally:
    hub.terminate()
    provider.terminate()
    hub.wait(timeout=10)
    provider.wait(timeout=10)

print(f"{passed} passed, {len(failed)} failed")
sys.exit(1 if failed else 0)
