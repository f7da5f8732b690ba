// Asks for a passkey's touch: to sign in, to register one, to confirm what is dangerous, to sign. Other scripts use `lockward`.
"use strict";
(() => {
  const note = document.getElementById("passkey-note");
  const tell = (text, tone) => {
    if (!note) return;
    note.hidden = text === "";
    note.dataset.tone = tone || "info";
    note.textContent = text;
  };

  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const ids = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  // JSON to the hub and back. A refusal is an error with the hub's words, and its code as `code`.
  const post = async (path, body) => {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body || {}),
    });
    const said = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(said.detail), { code: said.code });
    return said;
  };

  // A touch: `options` as WebAuthn has them, with bytes in base64url, gives a credential in the same spelling.
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

  // Asks for the password and a code, in a dialog that this makes: the page itself holds no field for them.
  const typed = () =>
    new Promise((done, gone) => {
      const make = (name, more, ...inner) => {
        const one = Object.assign(document.createElement(name), more);
        one.append(...inner);
        return one;
      };
      const field = (label, more) => make("label", {}, label, make("input", { required: true, ...more }));
      const password = field("Password", { name: "password", type: "password", maxLength: 256, autocomplete: "current-password" });
      const code = field("Code of your app", { name: "code", maxLength: 40, autocomplete: "one-time-code" });
      const go = make("button", { className: "primary", value: "go" }, "Go on");
      const back = make("button", { formNoValidate: true, value: "" }, "Leave it");
      const form = make("form", { method: "dialog", className: "stack" },
        make("h2", {}, "Once more, please"), password, code, make("div", { className: "acts" }, go, back));
      const dialog = make("dialog", {}, form);
      dialog.addEventListener("close", () => {
        const said = { password: form.elements.password.value, code: form.elements.code.value };
        dialog.remove();
        if (dialog.returnValue === "go") done(said);
        else gone(new Error("it was left."));
      });
      document.body.append(dialog);
      dialog.showModal();
    });

  // Makes sure that a passkey was touched within the last minutes, or the password given again; asks for it if not.
  const fresh = async () => {
    const asked = await post("/me/touch/start");
    if (asked.fresh) return;
    if (asked.password) {
      tell("");
      await post("/me/touch/password", await typed());
      return;
    }
    const credential = await get(asked.publicKey);
    await post("/me/touch/finish", { ceremony: asked.ceremony, credential });
  };

  // To the signer on this machine: a form, since no other page may read what is there.
  const hand = ({ to, fields }) => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = to;
    for (const [name, value] of Object.entries(fields)) {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      field.value = value;
      form.append(field);
    }
    document.body.append(form);
    HTMLFormElement.prototype.submit.call(form);
    return { says: "Go on at the signer. Nothing there? Start it with: lockward signer" };
  };

  window.lockward = { post, get, fresh, tell };

  const register = async (path, form, more) => {
    const asked = await post(path + "/start", more);
    const credential = await create(asked.publicKey);
    return post(path + "/finish", { ...more, ceremony: asked.ceremony, credential, title: form.elements.title.value });
  };

  const signIn = async (who) => {
    const asked = await post("/sign-in/start", who);
    const credential = await get(asked.publicKey);
    return post("/sign-in/finish", { ceremony: asked.ceremony, credential });
  };

  // What asks for a confirmation gets one, and is asked again, once.
  const confirmed = async (what) => {
    try {
      return await what();
    } catch (error) {
      if (error.code !== "TOUCH_NEEDED") throw error;
      await fresh();
      return what();
    }
  };

  // A one-time link's key stands behind the `#`, which no server sees until a form sends it.
  for (const form of document.querySelectorAll("form[data-link]")) {
    const key = location.hash.replace(/^#key=/, "");
    if (key) form.elements.key.value = key;
  }

  const acts = {
    "sign-in": () => signIn(),
    "sign-in-named": (form) => signIn({ operator: form.elements.operator.value }),
    "set-up": (form) => register("/set-up", form, { key: location.hash.replace(/^#key=/, "") }),
    order: async (form, pressed) => {
      const [path, fields] = [form.dataset.path, form.elements];
      const minutes = fields.minutes && pressed.value === "hold" ? Number(fields.minutes.value) : 0;
      const apart = Boolean(fields.apart && fields.apart.checked) && pressed.value !== "release";
      const wanted = { minutes, reason: fields.reason.value, apart };
      const asked = await confirmed(() => post(`${path}/${pressed.value}/start`, wanted));
      if (asked.signer) return hand(asked.signer);
      const credential = asked.publicKey ? await get(asked.publicKey) : null;
      tell("Waiting for the door.");
      return post(`${path}/order/finish`, { ceremony: asked.ceremony, credential });
    },
    sign: async (form) => {
      const path = form.dataset.path + "/sign";
      const asked = await post(path + "/start");
      const credential = asked.publicKey ? await get(asked.publicKey) : null;
      return confirmed(() => post(path + "/finish", { credential }));
    },
    "sign-apart": async (form) => hand((await confirmed(() => post(form.dataset.path + "/sign/apart"))).signer),
    "key-apart": async () => {
      await fresh();
      return hand((await post("/me/keys/apart")).signer);
    },
    "add-key": async (form) => {
      await fresh();
      return register("/me/keys", form);
    },
  };

  const why = (error) => {
    if (error.name === "NotAllowedError") return "Nothing was done: the passkey refused, or nobody touched it in time.";
    if (error.name === "InvalidStateError") return "That passkey is registered here already.";
    return error.code ? error.message : "Nothing was done: " + error.message;
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const act = acts[form.dataset.passkey];
    if (!act && form.dataset.touch === undefined) return;
    event.preventDefault();
    const button = event.submitter || form.querySelector("button");
    button.disabled = true;
    tell("Waiting for your passkey.");
    try {
      if (act) {
        const done = await act(form, button);
        if (done.to) return location.assign(done.to);
        const record = document.getElementById("record");
        if (done.record && record) {
          record.querySelector("pre").textContent = done.record;
          record.hidden = false;
          form.hidden = true;
          return tell("");
        }
        tell(done.says, "good");
        button.disabled = false;
      } else {
        await fresh();
        form.submit();
      }
    } catch (error) {
      tell(why(error), "bad");
      button.disabled = false;
    }
  });
})();
