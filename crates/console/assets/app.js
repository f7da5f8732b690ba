// Keeps an open page current over one event stream. Without it every page still works, and says that it is not live.
"use strict";
(() => {
  const live = document.getElementById("live");
  if (!live) return;
  const word = document.getElementById("live-word");
  const clock = document.getElementById("live-time");
  const note = document.getElementById("stale-note");
  const feed = document.getElementById("feed");
  const pause = document.getElementById("feed-pause");

  // Three missed beats: one may be late, two may be a busy hub.
  const STALE_MS = Number(live.dataset.beat) * 3000;
  const RETRY_MIN_MS = 1000;
  const RETRY_MAX_MS = 30000;

  let source = null;
  let retry = 0;
  let retryMs = RETRY_MIN_MS;
  let last = live.dataset.after;
  let heardAt = Date.now();
  let heardText = clock.querySelector("time").textContent;
  let held = null; // rows that wait while the feed is paused

  const say = (state) => {
    live.dataset.state = state;
    document.body.dataset.live = state;
    note.hidden = state !== "stale";
    const [now, when] = {
      live: ["Live", heardText],
      reconnecting: ["Reconnecting", "last news " + heardText],
      stale: ["Stale", "since " + heardText.replace(/^(\d\d:\d\d):\d\d$/, "$1")],
    }[state];
    // The word is announced by screen readers, so it is touched only when it changes; the clock is not announced.
    if (word.textContent !== now) word.textContent = now;
    clock.textContent = when;
  };

  const heard = () => {
    heardAt = Date.now();
    retryMs = RETRY_MIN_MS;
    say("live");
  };

  // The text is this hub's own HTML, escaped where it was made. A parsed document runs no script.
  const parse = (html) => [...new DOMParser().parseFromString(html, "text/html").body.children];

  // Each element takes the place of the one with its id; a page that lacks it does not want it. Focus stays where it was.
  const patch = (html) => {
    for (const fresh of parse(html)) {
      const old = document.getElementById(fresh.id);
      if (!old || old.isEqualNode(fresh)) continue;
      const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
      old.replaceWith(fresh);
      if (focused === null) continue;
      const heir = [fresh, ...fresh.querySelectorAll("a")].find((a) => a.getAttribute("href") === focused);
      if (heir) heir.focus({ preventScroll: true });
    }
  };

  const show = (row) => {
    row.classList.add("fresh");
    feed.prepend(row);
    while (feed.children.length > Number(feed.dataset.max)) feed.lastElementChild.remove();
  };

  const wanted = (row) =>
    (!feed.dataset.door || feed.dataset.door === row.dataset.door) &&
    (!feed.dataset.person || feed.dataset.person === row.dataset.person) &&
    !document.getElementById(row.id) &&
    !(held && held.some((other) => other.id === row.id));

  const news = (html) => {
    if (!feed) return;
    for (const row of parse(html)) {
      if (!wanted(row)) continue;
      if (!held) {
        show(row);
        continue;
      }
      held.push(row);
      if (held.length > Number(feed.dataset.max)) held.shift();
      pause.textContent = "Resume, " + held.length + " new";
    }
  };

  // Lists that are too long or too private for every open page are fetched anew when the stream says that they changed, and
  // what the hub still works out (`soon`) until it is there: one request at a time, and one every two seconds at most.
  const REFRESH_MS = 2000;
  const list = document.querySelector("[data-refresh]");
  let asked = false;
  let asking = false;

  const refresh = async () => {
    if (asking) {
      asked = true;
      return;
    }
    asking = true;
    asked = false;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      const page = answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
      const fresh = page && page.getElementById(list.id);
      if (fresh && !fresh.dataset.refresh) delete list.dataset.refresh;
      if (fresh && !list.isEqualNode(fresh)) list.replaceChildren(...fresh.childNodes);
    } catch {
      // The stream says by itself that the hub is gone.
    }
    setTimeout(() => {
      asking = false;
      if (asked || list.dataset.refresh === "soon") refresh();
    }, REFRESH_MS);
  };

  if (list && list.dataset.refresh === "soon") refresh();

  const changed = (name) => {
    if (list && list.dataset.refresh === name) refresh();
  };

  const on = (name, act) =>
    source.addEventListener(name, (event) => {
      if (event.lastEventId) last = event.lastEventId;
      act(event.data);
      heard();
    });

  const close = () => {
    clearTimeout(retry);
    if (source) source.close();
    source = null;
  };

  const connect = () => {
    close();
    source = new EventSource(live.dataset.src + "?after=" + encodeURIComponent(last));
    on("beat", (time) => { heardText = time; });
    on("feed", news);
    on("door", patch);
    on("controller", patch);
    on("summary", patch);
    on("bar", (html) => {
      patch(html);
      changed("bar");
    });
    on("presence", () => changed("presence"));
    source.onerror = () => {
      if (live.dataset.state !== "stale") say("reconnecting");
      // The browser retries a broken stream by itself, but not one that was refused.
      if (source && source.readyState === EventSource.CLOSED) leave().then(again);
    };
  };

  // A session that is over leaves nothing of the site on the screen.
  const leave = () =>
    fetch(location.href, { headers: { accept: "text/html" }, redirect: "manual" })
      .then((answer) => answer.type === "opaqueredirect" && location.replace("/sign-in"))
      .catch(() => {}); // The hub is gone, and the page says so.

  // Spread, so that a hub that comes back is not met by every console at once.
  const again = () => {
    close();
    retry = setTimeout(connect, retryMs * (0.5 + Math.random()));
    retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
  };

  // A connection can die without a word: a laptop that slept, a cable that was pulled.
  setInterval(() => {
    if (document.hidden || Date.now() - heardAt < STALE_MS) return;
    if (live.dataset.state !== "stale") {
      say("stale");
      again();
    }
  }, 1000);

  // Browsers allow six streams to one hub; a hidden tab gives its own back.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      close();
    } else {
      say("reconnecting");
      heardAt = Date.now();
      connect();
    }
  });

  if (pause) {
    pause.hidden = false;
    pause.addEventListener("click", () => {
      if (held) {
        held.forEach(show);
        held = null;
      } else {
        held = [];
      }
      pause.setAttribute("aria-pressed", String(held !== null));
      pause.textContent = held ? "Resume" : "Pause";
    });
  }

  say("reconnecting");
  if (!document.hidden) connect();
})();
