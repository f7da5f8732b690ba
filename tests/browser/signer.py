"""The signer in a real browser: a key is made, a site is hardened, a change and an order are signed apart from the hub, and
a touch at the hub's own page gives nothing.

    signer.py --lockward target/debug/lockward --controller target/debug/lockward-controller [--shots DIR]
"""
import tempfile
import time

from harness import Cases, Key, arguments, chromium, device, free_port, serve, shots, started, watched
from playwright.sync_api import expect, sync_playwright

SITE = """reason = "A hall with a door"

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
GROUP = 'reason = "Night shift"\n\n[[group]]\nid = "night"\ntitle = "Night shift"\n'
SIGNER = "http://localhost:7447"

told, case = arguments("--controller"), Cases()
folder, port = tempfile.TemporaryDirectory(prefix="lockward-signer-"), free_port()
hub, base, link = serve(told.lockward, folder.name, port)
signer, _ = started([told.lockward, "signer"], SIGNER)
door = None

try:
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        key, complaints = Key(page), watched(page)

        def drafted(text):
            page.goto(base + "/changes")
            page.get_by_label("A change file").fill(text)
            page.get_by_role("button", name="Review it").click()

        def in_force():
            page.wait_for_url("**/changes/at/*")
            expect(page.locator("main")).to_contain_text("In force at")

        def sign_at_the_signer(title, shot):
            page.wait_for_url(SIGNER + "/sign")
            expect(page.get_by_role("heading", name=title)).to_be_visible()
            expect(page.locator("main")).to_contain_text(base)
            shots(page, shot, told.shots)
            page.get_by_role("button", name="Sign this").click()

        @case("an operator signs in, and the site gets a door")
        def _():
            global door
            page.goto(link)
            page.get_by_label("A name for it").fill("blue key")
            page.get_by_role("button", name="Register a passkey").click()
            page.wait_for_url("**/sign-in?registered=1")
            page.get_by_role("button", name="Sign in with a passkey").first.click()
            page.wait_for_url(base + "/")
            drafted(SITE)
            page.get_by_role("button", name="Sign with your passkey here").click()
            in_force()
            door = device(told.lockward, told.controller, folder.name, port, ["gate"])

        @case("the signer's first page says what it is, and makes a key for a change file")
        def _():
            page.goto(SIGNER)
            shots(page, "signer-home", told.shots)
            page.get_by_role("button", name="Make a key without a hub").click()
            page.get_by_label("Your operator's id").fill("ada")
            page.get_by_label("What you call the key").fill("spare")
            page.get_by_role("button", name="Make the key").click()
            expect(page.locator("#made")).to_be_visible()
            shown = page.locator("#fingerprint").inner_text()
            page.get_by_role("button", name="Show the piece").click()
            expect(page.locator("pre")).to_contain_text("[[operator_key]]")
            expect(page.locator("main")).to_contain_text(shown)
            shots(page, "signer-record", told.shots)

        @case("the signer makes a key for an operator, and the site has it")
        def _():
            page.goto(base + "/me")
            shots(page, "me", told.shots)
            page.get_by_role("button", name="Make it there").click()
            page.wait_for_url(SIGNER + "/make")
            expect(page.get_by_role("heading", name="Make a key for ada")).to_be_visible()
            page.get_by_label("What you call the key").fill("signing key")
            shots(page, "signer-make", told.shots)
            page.get_by_role("button", name="Make the key").click()
            expect(page.locator("#made")).to_be_visible()
            shots(page, "signer-made", told.shots)
            page.get_by_role("button", name="Give the public half to").click()
            page.wait_for_url(base + "/me")
            row = page.locator("li.key", has_text="signing key")
            expect(row).to_contain_text("of the signer")
            assert len(key.credentials()) == 3, key.credentials()

        @case("hardening is one click away, and says who is ready")
        def _():
            page.goto(base + "/changes")
            shots(page, "changes-harden", told.shots)
            page.get_by_role("button", name="Review what hardening changes").click()
            expect(page.locator("main")).to_contain_text("what gives is signed apart from the hub")
            expect(page.locator("main")).not_to_contain_text("nobody could sign")
            shots(page, "draft-harden", told.shots)
            page.get_by_role("button", name="Sign on my own machine").click()
            sign_at_the_signer("2 changes of a site", "signer-sign-harden")
            in_force()

        @case("a touch at the hub's page changes nothing that gives")
        def _():
            drafted(GROUP)
            here = page.url
            expect(page.locator("main")).to_contain_text("A touch at this page alone is not enough")
            shots(page, "draft-apart", told.shots)
            page.get_by_role("button", name="Sign with your passkey here").click()
            expect(page.locator("main")).to_contain_text("Signed by")
            assert page.url == here, page.url

        @case("the same change is signed at the signer, and in force")
        def _():
            page.get_by_role("button", name="Sign on my own machine").click()
            page.wait_for_url(SIGNER + "/sign")
            expect(page.locator("main")).to_contain_text('group night: title "Night shift"')
            sign_at_the_signer("1 change of a site", "signer-sign")
            in_force()
            expect(page.locator("main")).to_contain_text("In force at 1 of 1", timeout=20_000)

        @case("a touch at the hub's page opens no door")
        def _():
            page.goto(base + "/doors/gate")
            box = page.get_by_label("Sign on my own machine")
            assert box.is_checked(), "what the site asks for is what the page offers first"
            shots(page, "door", told.shots)
            box.uncheck()
            page.get_by_role("button", name="Open once").click()
            expect(page.locator("#passkey-note[data-tone=bad]")).to_contain_text("your own machine")

        @case("an order that is signed at the signer opens the door")
        def _():
            page.goto(base + "/doors/gate")
            page.get_by_label("Why").fill("the courier")
            page.get_by_role("button", name="Open once").click()
            sign_at_the_signer("Open door gate once", "signer-order")
            expect(page.get_by_role("heading", name="The door is released.")).to_be_visible()
            shots(page, "returned", told.shots)
            page.get_by_role("link", name="Go on").click()
            for _ in range(20):
                if "ORDER_GIVEN" in page.locator("#feed").inner_text():
                    break
                time.sleep(0.5)
                page.reload()
            expect(page.locator("#feed")).to_contain_text("ORDER_GIVEN")

        @case("in a hardened site another key is added by a key that is there")
        def _():
            page.goto(base + "/me")
            page.get_by_role("button", name="Make it there").click()
            expect(page.get_by_role("button", name="Make the key")).to_be_visible()
            page.get_by_label("What you call the key").fill("second")
            page.get_by_role("button", name="Make the key").click()
            # This authenticator holds a key of hers already, and makes no other for the same.
            expect(page.locator("#passkey-note[data-tone=bad]")).to_be_visible()
            other = Key(page, transport="usb")
            page.get_by_role("button", name="Make the key").click()
            expect(page.locator("#made")).to_be_visible()
            print_ = page.locator("#fingerprint").inner_text()
            page.get_by_role("button", name="Give the public half to").click()
            expect(page.locator("pre").first).to_contain_text(print_)
            other.send("removeVirtualAuthenticator")
            page.get_by_role("button", name="Sign on my own machine").click()
            sign_at_the_signer("1 change of a site", "signer-sign-key")
            in_force()
            page.goto(base + "/me")
            expect(page.locator("li.key", has_text="second")).to_contain_text("of the signer")

        @case("the policy of content was never broken, and another page's form is not shown")
        def _():
            real = [c for c in complaints if not any(code in c for code in ("401", "403", "409", "422", "503"))]
            assert not real, real
            fetched = page.evaluate(
                """(to) => fetch(to, {method: "POST", mode: "no-cors", body: "message=x"}).then(() => "sent", () => "refused")""",
                SIGNER + "/sign")
            assert fetched == "refused", fetched

        browser.close()
finally:
    for process in (door, signer, hub):
        if process:
            process.terminate()
            process.wait(20)

case.end()
