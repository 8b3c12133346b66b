/* Checkout and order page: the payment provider's own fields and the bank's question (card-fields.js speaks with the
   providers). Without this file everything works but the card fields; then one pays on a provider's page. */
"use strict";
(() => {
  const isDark = () => {
    const chosen = document.documentElement.dataset.bsTheme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const say = (place, text) => {
    if (!place) return;
    place.textContent = text || "";
    place.hidden = !text;
  };

  /* The card fields: loaded when a card is chosen, and not before. */
  const form = document.getElementById("checkout");
  let open = null;
  const sum = () => {
    const { toPay, currency } = document.getElementById("amounts").dataset;
    return { amount: Number(toPay), currency };
  };
  const chosen = () => {
    const card = form.querySelector("input[name=method]:checked:not(:disabled)")?.closest(".radio-card");
    // One of the buyer's own cards needs no fields.
    if (card?.querySelector("[data-saved] input:checked")?.value) return null;
    return card?.querySelector("[data-element]") || null;
  };
  const problem = (box) => box.parentElement.querySelector("[data-element-error]");

  const mount = async (box) => {
    if (open?.box === box && !open.failed) return;
    open?.fields?.destroy();
    open?.box.replaceChildren();
    const mine = { box, failed: false };
    open = mine;
    box.hidden = false;
    box.textContent = box.dataset.mounting;
    say(problem(box), "");
    try {
      const provider = portal.cardFields[box.dataset.vendor];
      const fields = await provider.open(box, { sum: sum(), isDark: isDark(), fail: () => fail(mine) });
      if (open !== mine) return;
      mine.fields = fields;
      box.replaceChildren();
      fields.mount();
    } catch {
      fail(mine);
    }
  };
  const fail = (mine) => {
    mine.failed = true;
    mine.box.hidden = true;
    say(problem(mine.box), mine.box.dataset.failed);
  };
  const follow = () => {
    const box = chosen();
    form.querySelectorAll("[data-saved] ~ [data-element]").forEach((one) => { if (one !== box) one.hidden = true; });
    if (box && sum().amount > 0) {
      if (open?.box === box && !open.failed) box.hidden = false;
      mount(box);
    }
  };

  const busy = (button, on) => {
    const label = button.querySelector("[data-label]");
    if (on) {
      button.dataset.busy = "";
      button.setAttribute("aria-disabled", "true");
      label.dataset.label = label.textContent;
      label.textContent = button.dataset.working;
      portal.announce(button.dataset.working);
    } else if (button.dataset.busy !== undefined) {
      delete button.dataset.busy;
      button.removeAttribute("aria-disabled");
      label.textContent = label.dataset.label;
    }
  };

  /* The card becomes a one-time token at the provider; only the token's name goes to the shop. */
  const tokenise = (mine) => {
    const value = (name) => form.querySelector(`[name="${name}"]`)?.value || undefined;
    const details = { email: value("email") || value("account_email"), name: value("name") || value("account_name") };
    return mine.fields.token(details);
  };
  const submit = async (e) => {
    if (e.submitter?.id !== "pay-button" || form.dataset.ready !== undefined) return;
    const box = chosen();
    if (!box || sum().amount === 0 || (open?.box === box && open.failed)) return;
    e.preventDefault();
    if (form.dataset.tokening !== undefined) return;
    form.dataset.tokening = "";
    const button = e.submitter;
    busy(button, true);
    try {
      await mount(box);
      if (open.failed) throw new Error("no fields");
      const { error, token } = await tokenise(open);
      if (token) {
        document.getElementById("source_token").value = token;
        document.getElementById("source_account").value = box.dataset.account;
        form.dataset.ready = "";
        // The amounts may have been renewed meanwhile, and the button with them.
        form.requestSubmit(document.getElementById("pay-button"));
        return;
      }
      // The fields say themselves what is missing in them; what concerns the card as a whole is said here.
      if (!error.isLocal) say(problem(box), error.message);
      box.scrollIntoView({ block: "center" });
      portal.announce(error.message);
    } catch {
      say(problem(box), box.dataset.failed);
    }
    delete form.dataset.tokening;
    busy(button, false);
  };

  /* Messages are renewed apart from their fields: the field is told what its message says. */
  const mark = () => document.querySelectorAll("[data-message-of]").forEach((place) => {
    const field = document.getElementById(place.dataset.messageOf);
    if (!field?.matches("input")) return;
    if (place.childElementCount) field.setAttribute("aria-invalid", "true"); else field.removeAttribute("aria-invalid");
  });
  const allow = () => form.querySelectorAll("[data-needs-script]").forEach((radio) => { radio.disabled = false; });

  const tick = () => {
    const boxes = [...form.querySelectorAll(".consents input[name]")], all = form.querySelector("[data-check-all]");
    if (all) all.checked = boxes.every((one) => one.checked);
  };

  if (form) {
    form.addEventListener("submit", submit);
    document.addEventListener("DOMContentLoaded", () => { allow(); follow(); tick(); });
    portal.on("change", "input[name=method], [data-saved] input", follow);
    document.addEventListener("htmx:afterSettle", () => {
      mark(); allow(); follow();
      const { amount } = sum();
      if (open?.fields && amount > 0) open.fields.update(sum());
    });
    window.addEventListener("pageshow", (e) => {
      if (!e.persisted) return;
      delete form.dataset.ready;
      delete form.dataset.tokening;
      document.getElementById("source_token").value = "";
      document.getElementById("source_account").value = "";
    });
    portal.on("change", "[data-check-all]", (_, box) => {
      document.querySelectorAll(`#${box.dataset.checkAll} input[type=checkbox]`).forEach((one) => { one.checked = box.checked; });
    });
    portal.on("change", ".consents input[name]", tick);
    // Nothing typed once is asked again: who makes an account is taken to be the one who receives.
    portal.on("change", "#account_name", (_, field) => {
      const receiver = document.getElementById("name");
      if (receiver && !receiver.value) receiver.value = field.value;
    });
  }

  /* The bank's question (3-D Secure). It is asked once by itself, and again by the button. */
  const asked = new Set();
  const ask = async (box) => {
    const place = box.querySelector("[data-element-error]");
    asked.add(box.dataset.clientSecret);
    say(place, "");
    try {
      await portal.cardFields[box.dataset.vendor].act(box);
      // Whatever the bank said, the shop asks for it itself.
      location.assign(box.dataset.return);
    } catch {
      say(place, place.dataset.failed);
    }
  };
  portal.on("click", "[data-confirm]", (_, button) => ask(button.closest("#client-action")));
  portal.ready((root) => portal.all(root, "#client-action").forEach((box) => { if (!asked.has(box.dataset.clientSecret)) ask(box); }));
})();
