/* The card fields, inside their frame. The shop's page asks; it never sees what was typed. */
(() => {
  "use strict";
  const form = document.getElementById("card");
  const field = (name) => document.getElementById(name);
  const digits = (name) => field(name).value.normalize("NFKC").replace(/\D/g, "");
  const tell = (type, detail, id) => window.parent.postMessage({ id, type, detail }, "*");

  const checks = {
    number: () => digits("number").length >= 12,
    expiry: () => digits("expiry").length === 4,
    cvc: () => digits("cvc").length >= 3,
  };
  if (field("holder")) checks.holder = () => field("holder").value.trim().length >= 2;

  const show = (name, message) => {
    const place = field(`${name}-error`);
    place.textContent = message;
    if (message) field(name).setAttribute("aria-invalid", "true");
    else field(name).removeAttribute("aria-invalid");
    resize();
  };

  const resize = () => tell("resize", { height: Math.ceil(form.getBoundingClientRect().height) + 8 });

  const validate = () => {
    let first = null;
    for (const [name, good] of Object.entries(checks)) {
      const message = good() ? "" : field(`${name}-error`).dataset.message;
      show(name, message);
      if (message && !first) first = { type: "validation_error", code: `incomplete_${name}`, message };
    }
    if (first) field(first.code.replace("incomplete_", "")).focus();
    return first ? { error: first } : {};
  };

  const token = async ({ params, setup_future_usage: future }) => {
    const expiry = digits("expiry");
    const values = new URLSearchParams({
      key: form.dataset.key,
      "payment_method_data[type]": "card",
      "payment_method_data[card][number]": digits("number"),
      "payment_method_data[card][exp_month]": expiry.slice(0, 2),
      "payment_method_data[card][exp_year]": expiry.slice(2),
      "payment_method_data[card][cvc]": digits("cvc"),
    });
    const billing = ((params || {}).payment_method_data || {}).billing_details || {};
    for (const name of ["name", "email", "phone"]) {
      if (billing[name]) values.set(`payment_method_data[billing_details][${name}]`, billing[name]);
    }
    if (params && params.return_url) values.set("return_url", params.return_url);
    if (future) values.set("setup_future_usage", future);
    try {
      const answer = await fetch("/v1/confirmation_tokens", { method: "POST", body: values });
      const found = await answer.json();
      if (found.error) {
        const name = { number: "number", exp_month: "expiry", exp_year: "expiry", cvc: "cvc" }[found.error.param];
        if (name) show(name, found.error.message);
      }
      return found;
    } catch {
      return { error: { type: "api_connection_error", message: "The payment service cannot be reached." } };
    }
  };

  /* Adyen's way: each field as a blob of its own that only the vendor can read. */
  const encrypted = async () => {
    const expiry = digits("expiry");
    const body = new URLSearchParams({
      key: form.dataset.key,
      encryptedCardNumber: digits("number"),
      encryptedExpiryMonth: expiry.slice(0, 2),
      encryptedExpiryYear: `20${expiry.slice(2)}`,
      encryptedSecurityCode: digits("cvc"),
      holderName: field("holder").value.trim(),
    });
    try {
      return await (await fetch("/adyen/element/fields", { method: "POST", body })).json();
    } catch {
      return { error: { message: "The payment service cannot be reached." } };
    }
  };

  const clear = () => {
    form.reset();
    for (const name of Object.keys(checks)) show(name, "");
    return {};
  };

  const answers = { validate, token: form.dataset.vendor === "adyen" ? encrypted : token, clear, focus: () => (field("number").focus(), {}) };

  window.addEventListener("message", async (event) => {
    if (event.source !== window.parent || !answers[event.data.type]) return;
    const detail = await answers[event.data.type](event.data.detail || {});
    event.source.postMessage({ id: event.data.id, type: "answer", detail }, event.origin);
  });

  const complete = () => Object.values(checks).every((good) => good());
  form.addEventListener("input", (event) => {
    const { target } = event;
    if (target.name === "number") target.value = (digits("number").slice(0, 19).match(/.{1,4}/g) || []).join(" ");
    if (target.name === "expiry") {
      const typed = digits("expiry").slice(0, 4);
      target.value = typed.length > 2 ? `${typed.slice(0, 2)} / ${typed.slice(2)}` : typed;
    }
    if (target.name === "cvc") target.value = digits("cvc").slice(0, 4);
    if (target.name && checks[target.name] && checks[target.name]()) show(target.name, "");
    tell("change", { complete: complete(), empty: !digits("number"), value: { type: "card" } });
  });

  for (const name of Object.keys(checks)) {
    field(name).addEventListener("focus", () => tell("focus", {}));
    field(name).addEventListener("blur", () => tell("blur", {}));
  }

  for (const button of form.querySelectorAll("button[data-number]")) {
    button.addEventListener("click", () => {
      const year = String((new Date().getFullYear() + 3) % 100).padStart(2, "0");
      field("number").value = button.dataset.number;
      field("expiry").value = `12${year}`;
      field("cvc").value = button.dataset.number.startsWith("37") ? "1234" : "123";
      if (field("holder")) field("holder").value = button.dataset.holder || "J. Smith";
      for (const name of Object.keys(checks)) field(name).dispatchEvent(new Event("input", { bubbles: true }));
      form.querySelector("details").open = false;
      field("number").focus();
    });
  }

  /* The shop submits, not the frame: Enter asks the shop's form to. */
  form.addEventListener("submit", (event) => event.preventDefault());
  new ResizeObserver(resize).observe(form);
  tell("ready", {});
})();
