// The signer's pages: asks for the touch, and fills in the form that takes the answer back.
"use strict";
(() => {
  const note = document.getElementById("passkey-note");
  const tell = (text, tone) => {
    note.hidden = text === "";
    note.dataset.tone = tone || "info";
    note.textContent = text;
  };
  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const keys = (list) =>
    list.split(" ").filter(Boolean).map((id) => ({ type: "public-key", id: bytes(id) }));

  const sign = async (form) => {
    const { challenge, keys: known } = form.dataset;
    const made = await navigator.credentials.get({
      publicKey: {
        challenge: bytes(challenge), rpId: "localhost", allowCredentials: keys(known),
        userVerification: "required", timeout: 120000,
      },
    });
    const { authenticatorData, clientDataJSON, signature } = made.response;
    form.elements.credential.value = text(made.rawId);
    form.elements.authenticator_data.value = text(authenticatorData);
    form.elements.client_data.value = text(clientDataJSON);
    form.elements.signature.value = text(signature);
    HTMLFormElement.prototype.submit.call(form);
  };

  const make = async (form) => {
    const { challenge, keys: known, handle, operator, name } = form.dataset;
    const id = operator || form.elements.operator.value;
    const made = await navigator.credentials.create({
      publicKey: {
        challenge: bytes(challenge),
        rp: { id: "localhost", name: "Lockward signer" },
        user: { id: bytes(handle), name: id, displayName: name || id },
        pubKeyCredParams: [{ type: "public-key", alg: -7 }],
        authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
        excludeCredentials: keys(known), timeout: 120000, attestation: "none",
      },
    });
    // A P-256 key as SubjectPublicKeyInfo ends with its point (RFC 5480, section 2): 65 bytes.
    const point = new Uint8Array(made.response.getPublicKey()).slice(-65);
    form.elements.credential.value = text(made.rawId);
    form.elements.key.value = text(point);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", point)).slice(0, 16);
    const shown = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    document.getElementById("fingerprint").textContent = shown;
    document.getElementById("made").hidden = false;
    document.getElementById("hand-over").addEventListener("click", () => HTMLFormElement.prototype.submit.call(form));
    form.querySelector("button").hidden = true;
    tell("", "");
  };

  const acts = { sign, make };
  document.addEventListener("submit", async (event) => {
    const act = acts[event.target.dataset.signer];
    if (!act) return;
    event.preventDefault();
    const button = event.target.querySelector("button");
    button.disabled = true;
    tell("Waiting for your key.");
    try {
      await act(event.target);
    } catch (error) {
      button.disabled = false;
      const refused = error.name === "NotAllowedError";
      tell(refused ? "Nothing was done: the key refused, or nobody touched it in time." : "Nothing was done: " + error.message, "bad");
    }
  });
})();
