// A phone's pages: registers the phone, signs in with it, and asks for a touch for each opening. It keeps nothing: what a door
// said a moment ago is no answer about it now.
"use strict";
(() => {
  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const ids = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  class Refused extends Error {}

  // JSON to the hub and back. A refusal is an error in the hub's words; that no answer came is another one.
  const post = async (path, body) => {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body || {}),
      cache: "no-store",
    });
    if (answer.status === 401) {
      location.assign("/my/sign-in");
      throw new Refused("Sign in again.");
    }
    const said = await answer.json();
    if (!answer.ok) throw Object.assign(new Refused(said.detail), { code: said.code });
    return said;
  };

  const get = async (options) => {
    const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: ids(options.allowCredentials) };
    const made = await navigator.credentials.get({ publicKey });
    const { authenticatorData, clientDataJSON, signature, userHandle } = made.response;
    const response = {
      authenticatorData: text(authenticatorData),
      clientDataJSON: text(clientDataJSON),
      signature: text(signature),
      userHandle: userHandle ? text(userHandle) : null,
    };
    return { id: made.id, rawId: text(made.rawId), type: made.type, response, extensions: {} };
  };

  const create = async (options) => {
    const publicKey = {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: ids(options.excludeCredentials),
    };
    const made = await navigator.credentials.create({ publicKey });
    const { attestationObject, clientDataJSON } = made.response;
    const response = { attestationObject: text(attestationObject), clientDataJSON: text(clientDataJSON) };
    return { id: made.id, rawId: text(made.rawId), type: made.type, response, extensions: {} };
  };

  const untouched = (error) => error.name === "NotAllowedError";

  // Offline
  const offline = document.getElementById("offline");
  const reach = () => {
    offline.hidden = navigator.onLine;
    document.body.toggleAttribute("data-offline", !navigator.onLine);
  };
  addEventListener("online", reach);
  addEventListener("offline", reach);
  reach();

  // One door
  const heard = document.getElementById("heard");
  const FORGET_MS = 6000;

  const tell = (button, state, said) => {
    button.dataset.state = state;
    button.querySelector(".my-door-said").textContent = said;
    if (heard) heard.textContent = button.querySelector(".my-door-name").textContent + ": " + said;
  };

  const open = async (button) => {
    const path = "/my/doors/" + encodeURIComponent(button.dataset.door);
    const before = [button.dataset.rest || "", button.dataset.says];
    let given = false;
    clearTimeout(button.forget);
    button.setAttribute("aria-busy", "true");
    try {
      if (!navigator.onLine) throw new Refused("Not done: you are offline. Use your card.");
      tell(button, "waits", "Asking the door.");
      const asked = await post(path + "/start");
      tell(button, "touch", "Touch your phone's sensor, or type its code.");
      const credential = await get(asked.publicKey);
      given = true;
      tell(button, "waits", "Waiting for the door.");
      tell(button, "open", (await post(path + "/finish", { ceremony: asked.ceremony, credential })).says);
      if (navigator.vibrate) navigator.vibrate(60);
    } catch (error) {
      if (error instanceof Refused) tell(button, error.code === "ORDER_UNANSWERED" ? "unknown" : "no", error.message);
      else if (untouched(error)) tell(button, "no", "Not done: nobody touched the phone in time.");
      else if (given) tell(button, "unknown", "Not known: no answer came. Look whether the door is open.");
      else tell(button, "no", "Not done: the hub can not be reached. Use your card.");
    }
    button.removeAttribute("aria-busy");
    button.forget = setTimeout(() => {
      [button.dataset.state, button.querySelector(".my-door-said").textContent] = before;
    }, FORGET_MS);
  };

  for (const button of document.querySelectorAll(".my-door")) {
    button.dataset.rest = button.dataset.state || "";
    button.dataset.says = button.querySelector(".my-door-said").textContent;
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-busy") !== "true") open(button);
    });
  }

  // Registering, and signing in
  const said = document.getElementById("said");
  const acts = {
    "sign-in": async () => {
      const asked = await post("/my/sign-in/start");
      return post("/my/sign-in/finish", { ceremony: asked.ceremony, credential: await get(asked.publicKey) });
    },
    join: async () => {
      const asked = await post("/my/join/start", { key: location.hash.replace(/^#key=/, "") });
      return post("/my/join/finish", { ceremony: asked.ceremony, credential: await create(asked.publicKey) });
    },
  };

  const why = (error) => {
    if (untouched(error)) return "Nothing was done: nobody touched the phone in time.";
    if (error.name === "InvalidStateError") return "This phone is registered already. Sign in with it.";
    if (error instanceof Refused) return error.message.charAt(0).toUpperCase() + error.message.slice(1);
    return "Nothing was done: the hub can not be reached.";
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.dataset.ask && !confirm(form.dataset.ask)) event.preventDefault();
    const act = acts[form.dataset.my];
    if (!act) return;
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    said.hidden = false;
    said.dataset.tone = "info";
    said.textContent = "Waiting for your touch.";
    try {
      location.assign((await act()).to);
    } catch (error) {
      said.dataset.tone = "bad";
      said.textContent = why(error);
      button.disabled = false;
    }
  });
})();
