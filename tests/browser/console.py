"""The console in a real browser, against a running demonstration: what an operator sees, live, under a strict policy.

    console.py --lockward target/debug/lockward [--shots DIR]
"""
import re
import sys
import time
import urllib.error
import urllib.request

from harness import Cases, arguments, chromium, started, watched
from playwright.sync_api import expect, sync_playwright

case = Cases()


arguments = arguments()
demo, found = started(
    [arguments.lockward, "demo", "--seed", "7", "--speed", "20", "--for", "170s", "--listen", "127.0.0.1:0"],
    r"http://localhost:\d+/\S+")
link = found.group(0)
base = re.match(r"http://[^/]+", link).group(0)

try:
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        complaints = watched(page)

        def shot(name):
            if arguments.shots:
                page.screenshot(path=f"{arguments.shots}/{name}.png", full_page=False)

        @case("without the link nobody sees anything")
        def _():
            stranger = browser.new_context().new_page()
            answer = stranger.goto(base + "/")
            assert answer.status in (401, 403) or "/sign-in" in stranger.url, f"{answer.status} {stranger.url}"
            assert "Dock" not in stranger.content()

        @case("the link signs in, and serves once")
        def _():
            page.goto(link)
            expect(page.get_by_role("heading", name="Doors", exact=True)).to_be_visible()
            second = browser.new_context().new_page()
            second.goto(link)
            assert second.get_by_role("heading", name="Doors", exact=True).count() == 0

        @case("the overview shows every door and every locker")
        def _():
            page.goto(base + "/")
            text = page.inner_text("body")
            assert re.search(r"\d+\s+of\s+12 secure", text), text[:400]
            assert re.search(r"\d+\s+of\s+8 secure", text), text[:400]
            shot("overview")

        @case("events arrive while one looks")
        def _():
            expect(page.get_by_text("Live", exact=True).first).to_be_visible(timeout=10_000)
            before = page.inner_text("main")
            for _ in range(60):
                time.sleep(0.5)
                if page.inner_text("main") != before:
                    return
            raise AssertionError("nothing moved in 30 s")

        @case("a door has a page with its last events")
        def _():
            page.locator("a[href^='/doors/']").first.click()
            page.wait_for_url("**/doors/**")
            expect(page.locator("h1")).to_be_visible()
            shot("door")

        @case("a door is opened from its page, and says so")
        def _():
            assert "/doors/" in page.url, page.url
            page.get_by_label("Why").fill("the courier")
            page.get_by_role("button", name="Open once").click()
            expect(page.locator("#passkey-note[data-tone=good]")).to_contain_text("released", timeout=10_000)
            expect(page.locator("#feed")).to_contain_text("order", timeout=10_000)

        @case("a person has a page with name, groups and credentials, and no number")
        def _():
            page.goto(base + "/people")
            shot("people")
            page.locator("a[href^='/people/']").first.click()
            page.wait_for_url("**/people/**")
            text = page.inner_text("main")
            assert "card" in text.lower(), text[:400]
            shot("person")

        @case("the log page shows both logs with their roots")
        def _():
            page.goto(base + "/log")
            text = page.inner_text("main")
            assert "/config" in text or "onfig" in text, text[:400]
            shot("log")

        @case("the page of alarms says what stands, and what to do")
        def _():
            page.goto(base + "/alarms")
            expect(page.get_by_role("heading", name="Alarms", exact=True)).to_be_visible()
            expect(page.get_by_role("heading", name=re.compile("^Standing"))).to_be_visible()
            rows = page.locator("#alarms li.alarm[data-tone=bad]")
            standing = page.locator("#bar a[href='/alarms']")
            assert (rows.count() > 0) == (standing.count() > 0), "the bar and the list differ"
            for row in rows.all():
                assert row.locator(".alarm-do").inner_text().strip(), "an alarm without an instruction"
            shot("alarms")

        @case("who is where fills while one looks, without a reload")
        def _():
            page.goto(base + "/muster")
            expect(page.get_by_role("heading", name="Who is where")).to_be_visible()
            page.evaluate("window.stayed = true")
            before = page.inner_text("#muster")
            for _ in range(80):
                time.sleep(0.5)
                if page.inner_text("#muster") != before and page.locator("#muster a[href^='/people/']").count():
                    break
            else:
                raise AssertionError("nobody moved in 40 s")
            assert page.evaluate("window.stayed"), "the page was loaded again"
            shot("muster")
            page.emulate_media(media="print")
            shot("muster-print")
            assert not page.locator("nav").is_visible()
            page.emulate_media(media="screen")

        @case("every zone says in words what it asks")
        def _():
            page.goto(base + "/zones")
            expect(page.get_by_role("heading", name="Zones", exact=True)).to_be_visible()
            expect(page.get_by_text("as far as doors have seen").first).to_be_visible()
            shot("zones")

        @case("an unknown door is a page that says so")
        def _():
            assert page.goto(base + "/doors/no-such-door").status == 404

        @case("the policy of content was never broken")
        def _():
            real = [c for c in complaints if "404" not in c]
            assert not real, real
            headers = page.goto(base + "/").headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy and "unsafe-inline" not in policy, policy

        @case("a phone can use every page, in the light and in the dark")
        def _():
            for scheme in ("light", "dark"):
                phone = browser.new_context(
                    viewport={"width": 390, "height": 844}, color_scheme=scheme, storage_state=context.storage_state())
                small = phone.new_page()
                for name, path in (("", "/"), ("-alarms", "/alarms"), ("-muster", "/muster"), ("-zones", "/zones")):
                    small.goto(base + path)
                    width = small.evaluate("document.documentElement.scrollWidth")
                    assert width <= 390, f"{path} is {width} px wide"
                    if arguments.shots:
                        small.screenshot(path=f"{arguments.shots}/phone{name}-{scheme}.png")
                phone.close()

        @case("a strange host name is refused")
        def _():
            request = urllib.request.Request(base + "/", headers={"Host": "evil.example"})
            try:
                urllib.request.urlopen(request)
            except urllib.error.HTTPError as error:
                assert error.code in (400, 401, 403, 421), error.code
            else:
                raise AssertionError("served under another name")

        browser.close()
finally:
    demo.terminate()
    demo.wait(20)

case.end()
