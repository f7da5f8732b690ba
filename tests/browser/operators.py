"""Operators in a real browser with a virtual authenticator: set-up, sign-in, what is refused, keys and sessions.

    operators.py --lockward target/debug/lockward [--shots DIR]
"""
import http.server
import json
import subprocess
import tempfile
import threading

import harness
from harness import Cases, Key, arguments, chromium, serve
from playwright.sync_api import expect, sync_playwright

case = Cases()


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """A page of another origin, for which localhost is the same relying party."""
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title>")

    def log_message(self, *_):
        pass


arguments = arguments()
folder = tempfile.TemporaryDirectory(prefix="lockward-operators-")
hub, base, link = serve(arguments.lockward, folder.name)
other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
threading.Thread(target=other.serve_forever, daemon=True).start()

STATED = """reason = "What must hold here"

[[group]]
id = "staff"
title = "Staff"

[[group]]
id = "guests"
title = "Guests"

[[statement]]
id = "hall-is-staff"
only-groups = { groups = ["staff"], open = "hall" }

[[statement]]
id = "hall-two-factors"
no-one-without = { factors = ["card", "pin"], opens = "door/gate" }

[[statement]]
id = "policies-are-owners"
nobody-but-roles = { roles = ["owner"], may = "change:put-policy", in_their_place = true }
"""
BREAKS = """reason = "Guests may have a look"

[[rule]]
id = "tour"
title = "Tour"
groups = ["guests"]
zones = ["hall"]
factors = ["card", "pin"]
"""
CHANGE = """reason = "A hall with a door"

[[zone]]
id = "hall"
title = "Hall"

[[controller]]
id = "gate-1"
title = "Gate one"

[[door]]
id = "gate"
title = "Gate"
kind = "gate"
to = "hall"
controller = "gate-1"
exit = "mechanical"
release = "5s"
open_limit = "30s"
relock = "on-open"
"""

GET = """async (options) => {
  const bytes = (t) => Uint8Array.from(atob(t.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (b) => btoa(String.fromCharCode(...new Uint8Array(b)))
    .replace(/\\+/g, "-").replace(/\\//g, "_").replace(/=+$/, "");
  const made = await navigator.credentials.get({ publicKey: { ...options, challenge: bytes(options.challenge) } });
  const r = made.response;
  return { id: made.id, rawId: text(made.rawId), type: made.type, extensions: {}, response: {
    authenticatorData: text(r.authenticatorData), clientDataJSON: text(r.clientDataJSON),
    signature: text(r.signature), userHandle: text(r.userHandle) } };
}"""


def post(page, path, body):
    """As a page of the hub's own would: the status, and what was said."""
    answer = page.request.post(base + path, data=json.dumps(body), headers={
        "content-type": "application/json", "accept": "application/json", "origin": base})
    return answer.status, answer.json()


def sign_in(page):
    page.goto(base + "/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()


def signed_in(page):
    sign_in(page)
    page.wait_for_url(base + "/")


def refused(page):
    sign_in(page)
    expect(page.locator("#passkey-note[data-tone=bad]")).to_be_visible()
    assert page.goto(base + "/me").url.endswith("/sign-in"), page.url


try:
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        key, complaints = Key(page), harness.watched(page)

        def shots(name, path, state=True):
            """The page at a path, as a browser of its own sees it."""
            at = browser.new_context(
                viewport={"width": 1280, "height": 900}, storage_state=context.storage_state() if state else None)
            other = at.new_page()
            other.goto(base + path)
            harness.shots(other, name, arguments.shots)
            at.close()

        @case("before the first passkey nobody signs in")
        def _():
            page.goto(base + "/")
            assert page.url.endswith("/sign-in"), page.url
            refused(page)
            shots("sign-in", "/sign-in", state=False)
            shots("set-up", "/set-up#key=0", state=False)

        @case("a page that is asked for by number is shown at its name")
        def _():
            page.goto(base.replace("localhost", "127.0.0.1") + "/sign-in")
            assert page.url == base + "/sign-in", page.url

        @case("without user verification no passkey is registered")
        def _():
            key.send("setUserVerified", isUserVerified=False)
            page.goto(link)
            page.get_by_label("A name for it").fill("blue key")
            page.get_by_role("button", name="Register a passkey").click()
            expect(page.locator("#passkey-note[data-tone=bad]")).to_be_visible()
            key.send("setUserVerified", isUserVerified=True)
            assert not key.credentials()

        @case("the link registers the first passkey, and serves once")
        def _():
            page.goto(link)
            page.reload()
            page.get_by_label("A name for it").fill("blue key")
            page.get_by_role("button", name="Register a passkey").click()
            page.wait_for_url("**/sign-in?registered=1")
            assert len(key.credentials()) == 1
            status, said = post(page, "/set-up/start", {"key": link.split("key=")[1]})
            assert (status, said["code"]) == (403, "LINK_SPENT"), said

        @case("the passkey signs in, without saying who")
        def _():
            signed_in(page)
            expect(page.locator(".operator")).to_contain_text("ada")
            page.goto(base + "/me")
            expect(page.get_by_text("signed in with it")).to_be_visible()

        @case("without user verification nobody signs in")
        def _():
            stranger = browser.new_context().new_page()
            own = Key(stranger)
            own.load(key.credentials()[0])
            own.send("setUserVerified", isUserVerified=False)
            refused(stranger)
            stranger.context.close()

        @case("a touch for another challenge, or on another site's page, signs nobody in")
        def _():
            stranger = browser.new_context().new_page()
            own = Key(stranger)
            credential = key.credentials()[0]
            own.load(credential, signCount=credential["signCount"] + 10)
            stranger.goto(base + "/sign-in")
            _, asked = post(stranger, "/sign-in/start", {})
            _, again = post(stranger, "/sign-in/start", {})
            made = stranger.evaluate(GET, asked["publicKey"])
            status, said = post(stranger, "/sign-in/finish", {"ceremony": again["ceremony"], "credential": made})
            assert (status, said["code"]) == (403, "SIGN_IN_FAILED"), said
            # Another port of this machine is the same relying party to the browser, and another origin to the hub.
            stranger.goto(f"http://localhost:{other.server_port}/")
            made = stranger.evaluate(GET, asked["publicKey"])
            status, said = post(stranger, "/sign-in/finish", {"ceremony": asked["ceremony"], "credential": made})
            assert (status, said["code"]) == (403, "SIGN_IN_FAILED"), said
            stranger.context.close()

        @case("another site's page does nothing in an operator's name")
        def _():
            evil = context.new_page()
            evil.goto(f"http://localhost:{other.server_port}/")
            evil.evaluate(
                """(to) => fetch(to, {method: "POST", mode: "no-cors", credentials: "include", body: "{}"})
                    .catch(() => "no answer is shown to it")""", base + "/sign-out")
            with evil.expect_navigation():
                evil.evaluate(
                    """(to) => { const form = Object.assign(document.createElement("form"), {action: to, method: "post"});
                        document.body.append(form); form.submit(); }""", base + "/sign-out")
            assert "ORIGIN_UNPROVEN" in evil.content() or evil.url.endswith("/sign-in"), evil.url
            evil.close()
            assert page.goto(base + "/me").url.endswith("/me"), "another origin's page signed the operator out"

        @case("a second passkey is added, and the first removed: it signs in no more, and its session is over")
        def _():
            first = key.credentials()[0]
            second = browser.new_context().new_page()
            own = Key(second)
            own.load(first, signCount=first["signCount"] + 50)
            signed_in(second)
            second.goto(base + "/me")
            own.send("clearCredentials")
            second.get_by_label("Add a passkey").fill("key in the drawer")
            second.get_by_role("button", name="Add").click()
            expect(second.locator("bdi", has_text="key in the drawer")).to_be_visible()
            signed_in(second)
            second.goto(base + "/me")
            row = second.locator("li.key", has_text="blue key")
            row.get_by_role("button", name="Remove").click()
            expect(second.locator("bdi", has_text="blue key")).to_have_count(0)
            assert page.goto(base + "/me").url.endswith("/sign-in"), "its session went on"
            refused(page)
            key.load(own.credentials()[0], signCount=200)
            second.context.close()

        @case("a key whose counter goes back is refused")
        def _():
            signed_in(page)
            copy = key.credentials()[0]
            page.goto(base + "/me")
            stranger = browser.new_context().new_page()
            own = Key(stranger)
            own.load(copy, signCount=copy["signCount"] - 100)
            refused(stranger)
            stranger.context.close()
            page.goto(base + "/log")
            assert page.goto(base + "/").ok
            expect(page.locator("#feed")).to_contain_text("PASSKEY_CLONED")

        @case("a session is ended from another one, and its open page shows nothing any more")
        def _():
            copy = key.credentials()[0]
            elsewhere = browser.new_context().new_page()
            own = Key(elsewhere)
            own.load(copy, signCount=copy["signCount"] + 20)
            signed_in(elsewhere)
            expect(elsewhere.get_by_text("Live", exact=True).first).to_be_visible()
            page.goto(base + "/me")
            others = page.locator("section", has_text="Sessions").locator("li.key").filter(has_not_text="this one")
            assert others.count() >= 1
            while others.count():
                others.first.get_by_role("button", name="End").click()
                page.wait_for_load_state()
            # The page that stood open there leaves by itself.
            elsewhere.wait_for_url("**/sign-in")
            assert elsewhere.goto(base + "/").url.endswith("/sign-in")
            elsewhere.context.close()
            key.load(copy, signCount=copy["signCount"] + 500)

        @case("operators are listed, and an owner makes a one-time link")
        def _():
            signed_in(page)
            page.goto(base + "/operators")
            page.get_by_role("button", name="Link for a passkey").click()
            expect(page.get_by_role("heading", name="A one-time link for ada")).to_be_visible()
            if arguments.shots:
                page.screenshot(path=f"{arguments.shots}/operators-link.png")
            made = page.locator("pre").inner_text().strip()
            assert made.startswith(base + "/set-up#key="), made
            shots("operators", "/operators")
            shots("me", "/me")

        @case("a change is drafted, reviewed, signed by a touch, and in force")
        def _():
            page.goto(base + "/changes")
            page.get_by_label("A change file").fill("[[zone]]\nid = \"hall\"\n")
            page.get_by_role("button", name="Review it").click()
            expect(page.get_by_role("alert")).to_contain_text("title")
            assert "[[zone]]" in page.get_by_label("A change file").input_value(), "what was typed is gone"
            page.get_by_label("A change file").fill(CHANGE)
            shots("changes", "/changes")
            page.get_by_role("button", name="Review it").click()
            expect(page.get_by_role("heading", name="A hall with a door")).to_be_visible()
            expect(page.locator("pre").first).to_contain_text("zone hall")
            shots("draft", page.url.removeprefix(base))
            page.get_by_role("button", name="Sign with your passkey").click()
            page.wait_for_url("**/changes/at/*")
            expect(page.locator("main")).to_contain_text("In force at")
            shots("arrival", page.url.removeprefix(base))
            page.goto(base + "/doors/gate")
            expect(page.get_by_role("heading", name="Gate", exact=True)).to_be_visible()

        @case("what a change breaks of the site's statements is said before the touch, without a reload")
        def _():
            page.goto(base + "/changes")
            page.get_by_label("A change file").fill(STATED)
            page.get_by_role("button", name="Review it").click()
            expect(page.locator("#stated + p")).to_contain_text("3 of 3", timeout=60_000)
            page.get_by_role("button", name="Sign with your passkey").click()
            page.wait_for_url("**/changes/at/*")
            page.goto(base + "/changes")
            page.get_by_label("A change file").fill(BREAKS)
            page.get_by_role("button", name="Review it").click()
            # A mark that a page which is loaded again does not have.
            page.evaluate("window.same = true")
            expect(page.locator("#weighed .banner").first).to_contain_text("This breaks the statement", timeout=60_000)
            expect(page.locator(".stated .chip[data-tone=bad]")).to_have_text("broken by this change")
            expect(page.locator(".stated .chip[data-tone=good]")).to_have_count(2)
            assert page.evaluate("window.same"), "the page was loaded again"
            expect(page.get_by_role("button", name="Sign with your passkey")).to_be_visible()
            shots("draft-broken", page.url.removeprefix(base))
            plain = browser.new_context(java_script_enabled=False, storage_state=context.storage_state()).new_page()
            plain.goto(page.url)
            expect(plain.locator(".stated .chip[data-tone=bad]")).to_have_text("broken by this change")
            plain.context.close()
            page.get_by_role("button", name="Withdraw it").click()

        @case("what the recovery key announced stands on the page of changes, and a touch ends it")
        def _():
            with open(f"{folder.name}/phrase", "w") as phrase:
                phrase.write("rhubarb tractor saturn")
            subprocess.run(
                [arguments.lockward, "recover", "eve", "--dir", f"{folder.name}/site", "--key-file", f"{folder.name}/eve.key",
                 "--recovery-key-file", f"{folder.name}/paper", "--passphrase-file", f"{folder.name}/phrase"],
                check=True, capture_output=True)
            used = page.get_by_role("heading", name="The recovery key was used")
            # The hub takes in within a moment what another program has appended to its log.
            for _ in range(40):
                page.goto(base + "/changes")
                if used.count():
                    break
                page.wait_for_timeout(250)
            expect(used).to_be_visible()
            expect(page.get_by_role("alert")).to_contain_text("announced eve as a new owner")
            shots("recovery", "/changes")
            page.get_by_role("button", name="Review ending it").click()
            page.get_by_role("button", name="Sign with your passkey").click()
            page.wait_for_url("**/changes/at/*")
            page.goto(base + "/changes")
            expect(used).to_have_count(0)

        @case("hardening says what it takes, and from then on people sign")
        def _():
            page.goto(base + "/changes")
            page.get_by_label("A change file").fill("[remove]\npolicies = [\"hub-signs\"]\n")
            page.get_by_role("button", name="Review it").click()
            expect(page.locator("main")).to_contain_text("people sign")
            shots("harden", page.url.removeprefix(base))
            page.get_by_role("button", name="Sign with your passkey").click()
            page.wait_for_url("**/changes/at/*")
            expect(page.locator("header")).to_contain_text("people sign")

        @case("an order that no controller can take is said not to be done")
        def _():
            page.goto(base + "/doors/gate")
            page.get_by_label("Why").fill("the courier")
            page.keyboard.press("Enter")
            expect(page.locator("#passkey-note")).to_be_hidden()
            page.get_by_role("button", name="Open once").click()
            expect(page.locator("#passkey-note[data-tone=bad]")).to_contain_text("nothing was done")
            shots("door", "/doors/gate")

        @case("signed out is signed out")
        def _():
            page.goto(base + "/me")
            page.get_by_role("button", name="Sign out").click()
            page.wait_for_url("**/sign-in?out=1")
            assert page.goto(base + "/").url.endswith("/sign-in")

        @case("the policy of content was never broken")
        def _():
            real = [c for c in complaints if not any(code in c for code in ("401", "403", "422", "503"))]
            assert not real, real
            for path in ("/sign-in", "/set-up"):
                policy = page.goto(base + path).headers["content-security-policy"]
                assert "default-src 'none'" in policy and "unsafe" not in policy, policy

        browser.close()
finally:
    hub.terminate()
    hub.wait(20)
    other.shutdown()

case.end()
