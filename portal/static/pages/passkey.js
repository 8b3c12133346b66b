/* Passkeys: a form with data-passkey ("create" or "get") and what the browser is asked in data-options. Its button asks
   the authenticator, puts the answer into the hidden field, and sends the form. */
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const known = (list = []) => list.map((one) => ({ ...one, id: bytes(one.id) }));

  const ask = {
    async create(options) {
      const made = await navigator.credentials.create({ publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        user: { ...options.user, id: bytes(options.user.id) },
        excludeCredentials: known(options.excludeCredentials),
      } });
      const { clientDataJSON, attestationObject } = made.response;
      return { made, response: { clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject) } };
    },
    async get(options) {
      const made = await navigator.credentials.get({ publicKey: {
        ...options, challenge: bytes(options.challenge), allowCredentials: known(options.allowCredentials),
      } });
      const { clientDataJSON, authenticatorData, signature, userHandle } = made.response;
      return { made, response: {
        clientDataJSON: text(clientDataJSON),
        authenticatorData: text(authenticatorData),
        signature: text(signature),
        userHandle: userHandle ? text(userHandle) : undefined,
      } };
    },
  };

  if (window.PublicKeyCredential) document.querySelectorAll("form[data-passkey]").forEach((form) => {
    form.hidden = false;
    document.querySelectorAll("[data-without-passkey]").forEach((one) => { one.hidden = true; });
    const button = form.querySelector("button[data-ask]"), fault = form.querySelector("[data-fault]");
    button.addEventListener("click", async () => {
      fault.hidden = true;
      button.disabled = true;
      try {
        const { made, response } = await ask[form.dataset.passkey](JSON.parse(form.dataset.options));
        form.elements.credential.value = JSON.stringify({
          id: made.id, rawId: text(made.rawId), type: made.type, response,
          clientExtensionResults: made.getClientExtensionResults(),
        });
        form.requestSubmit();
      } catch {
        // Cancelled, timed out, or none that fits: the browser has said which.
        fault.hidden = false;
        button.disabled = false;
        button.focus();
      }
    });
  });
})();
