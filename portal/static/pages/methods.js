/* Keeping a card: the payment provider's own fields in the page of one's cards (card-fields.js speaks with the providers).
   Only the name of a one-time token goes to the shop. */
"use strict";
(() => {
  const form = document.getElementById("add-method");
  if (!form) return;
  const box = form.querySelector("[data-element]"), place = form.querySelector("[data-element-error]");
  const button = form.querySelector("[type=submit]"), label = button.querySelector("[data-label]");
  const words = label.textContent;
  let fields = null, isWorking = false;
  const say = (text) => { place.textContent = text || ""; place.hidden = !text; };
  const isDark = () => (document.documentElement.dataset.bsTheme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "")) === "dark";
  const busy = (on) => {
    isWorking = on;
    button.toggleAttribute("data-busy", on);
    if (on) button.setAttribute("aria-disabled", "true"); else button.removeAttribute("aria-disabled");
    label.textContent = on ? button.dataset.working : words;
  };
  const fail = () => { box.hidden = true; say(box.dataset.failed); };

  const mount = async () => {
    box.hidden = false;
    box.textContent = box.dataset.mounting;
    try {
      fields = await portal.cardFields[box.dataset.vendor].open(box, { sum: { amount: 0, currency: box.dataset.currency.toLowerCase() }, isDark: isDark(), fail });
      box.replaceChildren();
      fields.mount();
    } catch {
      fail();
    }
  };
  form.addEventListener("submit", async (e) => {
    const token = form.elements.source_token;
    if (token.value) return;
    e.preventDefault();
    if (isWorking || !fields) return;
    busy(true);
    say("");
    try {
      const made = await fields.token({});
      if (made.token) {
        token.value = made.token;
        form.requestSubmit();
        return;
      }
      if (!made.error.isLocal) say(made.error.message);
      portal.announce(made.error.message);
    } catch {
      say(box.dataset.failed);
    }
    busy(false);
  });
  window.addEventListener("pageshow", (e) => {
    if (!e.persisted) return;
    form.elements.source_token.value = "";
    busy(false);
  });
  document.addEventListener("DOMContentLoaded", mount);
})();
