/* A stand-in for Stripe.js: the same names and the same answers, for as much as a shop with the payment element uses. */
(() => {
  "use strict";
  const origin = new URL(document.currentScript.src).origin;

  class IntegrationError extends Error {
    constructor(message) {
      super(message);
      this.name = "IntegrationError";
    }
  }

  const failed = (error) => ({ error });
  const apiDown = () => ({ type: "api_connection_error", message: "The payment service cannot be reached." });

  const style = (node, rules) => {
    for (const [name, value] of Object.entries(rules)) node.style.setProperty(name, value);
  };

  const refOf = (clientSecret) => String(clientSecret).split("_secret_")[0];

  /* One frame with card fields; requests to it are numbered, and answers come back by number. */
  class Frame {
    constructor(key, options) {
      this.waiting = new Map();
      this.listeners = new Map();
      this.count = 0;
      this.node = document.createElement("iframe");
      const query = new URLSearchParams({
        key,
        locale: options.locale || document.documentElement.lang || "en",
        theme: options.theme || "auto",
      });
      this.node.src = `${origin}/element/card?${query}`;
      this.node.title = "Secure payment input frame";
      this.node.setAttribute("allow", "payment *");
      /* A frame of the page's own colour scheme is transparent; one of the other gets a ground of its own. */
      const scheme = { stripe: "light", flat: "light", night: "dark" }[options.theme] || "light dark";
      style(this.node, { border: "0", width: "100%", height: "260px", display: "block", "color-scheme": scheme });
      this.receive = this.receive.bind(this);
      window.addEventListener("message", this.receive);
      this.ready = new Promise((resolve) => {
        this.setReady = resolve;
      });
    }

    receive(event) {
      if (event.origin !== origin || event.source !== this.node.contentWindow) return;
      const { id, type, detail } = event.data;
      if (type === "answer" && this.waiting.has(id)) {
        this.waiting.get(id)(detail);
        this.waiting.delete(id);
        return;
      }
      if (type === "ready") this.setReady();
      if (type === "resize") style(this.node, { height: `${detail.height}px` });
      for (const listener of this.listeners.get(type) || []) listener({ elementType: "payment", ...detail });
    }

    async ask(type, detail) {
      await this.ready;
      this.count += 1;
      const id = this.count;
      return new Promise((resolve) => {
        this.waiting.set(id, resolve);
        this.node.contentWindow.postMessage({ id, type, detail }, origin);
      });
    }

    close() {
      window.removeEventListener("message", this.receive);
      this.node.remove();
    }
  }

  class PaymentElement {
    constructor(key, options) {
      this.frame = new Frame(key, options);
    }

    mount(where) {
      const place = typeof where === "string" ? document.querySelector(where) : where;
      if (!place) throw new IntegrationError(`The selector you specified (${where}) applies to no DOM elements.`);
      place.replaceChildren(this.frame.node);
      return this;
    }

    on(type, listener) {
      const found = this.frame.listeners.get(type) || [];
      this.frame.listeners.set(type, [...found, listener]);
      if (type === "ready") this.frame.ready.then(() => listener({ elementType: "payment" }));
      return this;
    }

    off(type) {
      this.frame.listeners.delete(type);
      return this;
    }

    update() {
      return this;
    }

    focus() {
      this.frame.ask("focus", {});
    }

    clear() {
      this.frame.ask("clear", {});
    }

    unmount() {
      this.frame.node.remove();
    }

    destroy() {
      this.frame.close();
    }
  }

  class Elements {
    constructor(key, options) {
      if (options.paymentMethodTypes) {
        throw new IntegrationError("paymentMethodTypes is not supported. Use allowedPaymentMethodTypes instead.");
      }
      if (!options.clientSecret && !["payment", "setup", "subscription"].includes(options.mode)) {
        throw new IntegrationError("elements() needs a mode: payment, setup or subscription.");
      }
      if (options.mode === "payment" && !(Number.isInteger(options.amount) && options.amount > 0 && options.currency)) {
        throw new IntegrationError("In payment mode, elements() needs a positive whole amount and a currency.");
      }
      this.key = key;
      this.options = { ...options };
      this.element = null;
      this.submitted = false;
    }

    create(type, options = {}) {
      if (type !== "payment") throw new IntegrationError(`The sandbox has no element of type ${type}.`);
      if (this.element) throw new IntegrationError("Can only create one Element of type payment.");
      const theme = (this.options.appearance || {}).theme;
      this.element = new PaymentElement(this.key, { ...options, locale: this.options.locale, theme });
      return this.element;
    }

    getElement(type) {
      return type === "payment" ? this.element : null;
    }

    update(options) {
      if (options.paymentMethodTypes) throw new IntegrationError("paymentMethodTypes is not supported.");
      Object.assign(this.options, options);
    }

    async fetchUpdates() {
      return {};
    }

    async submit() {
      if (!this.element) throw new IntegrationError("elements.submit() needs a mounted payment element.");
      const { error } = await this.element.frame.ask("validate", {});
      this.submitted = !error;
      return error ? { error } : { selectedPaymentMethod: "card" };
    }
  }

  /* The bank's question, in a dialog. Closing it is an answer too: no. */
  const ask = (page, clientSecret) =>
    new Promise((resolve) => {
      const dialog = document.createElement("dialog");
      const frame = document.createElement("iframe");
      const locale = document.documentElement.lang || "en";
      frame.src = `${page}?${new URLSearchParams({ client_secret: clientSecret, locale })}`;
      frame.title = "3-D Secure";
      style(frame, { border: "0", width: "min(400px, 85vw)", height: "320px", display: "block" });
      style(dialog, { padding: "0", border: "0", "border-radius": "8px", "max-width": "95vw" });
      dialog.setAttribute("aria-label", "3-D Secure");
      dialog.tabIndex = -1;
      dialog.append(frame);
      const receive = (event) => {
        if (event.origin !== origin || event.source !== frame.contentWindow || event.data.type !== "asked") return;
        finish();
      };
      const finish = () => {
        window.removeEventListener("message", receive);
        dialog.remove();
        resolve();
      };
      window.addEventListener("message", receive);
      dialog.addEventListener("cancel", async (event) => {
        event.preventDefault();
        const body = new URLSearchParams({ client_secret: clientSecret, result: "fail" });
        await fetch(page, { method: "POST", body, mode: "no-cors" }).catch(() => null);
        finish();
      });
      document.body.append(dialog);
      dialog.showModal();
      // Not into the frame, where Escape would be the frame's.
      dialog.focus();
    });

  class StripeStandIn {
    constructor(key, options) {
      if (typeof key !== "string" || !key.startsWith("pk_")) {
        throw new IntegrationError("Stripe() needs your publishable key.");
      }
      this.key = key;
      this.options = options || {};
    }

    elements(options = {}) {
      return new Elements(this.key, { locale: this.options.locale, ...options });
    }

    async call(method, path, fields) {
      const values = new URLSearchParams({ key: this.key, ...fields });
      const url = method === "GET" ? `${origin}${path}?${values}` : origin + path;
      try {
        const answer = await fetch(url, { method, body: method === "GET" ? undefined : values, credentials: "omit" });
        return await answer.json();
      } catch {
        return failed(apiDown());
      }
    }

    async createConfirmationToken({ elements, params = {} }) {
      if (!(elements instanceof Elements)) throw new IntegrationError("createConfirmationToken() needs elements.");
      if (!elements.submitted) throw new IntegrationError("elements.submit() must be called before.");
      const future = elements.options.setupFutureUsage;
      const found = await elements.element.frame.ask("token", { params, setup_future_usage: future });
      return found.error ? failed(found.error) : { confirmationToken: found };
    }

    async retrieve(kind, clientSecret) {
      const found = await this.call("GET", `/v1/${kind}/${refOf(clientSecret)}`, { client_secret: clientSecret });
      if (found.error) return failed(found.error);
      return kind === "payment_intents" ? { paymentIntent: found } : { setupIntent: found };
    }

    retrievePaymentIntent(clientSecret) {
      return this.retrieve("payment_intents", clientSecret);
    }

    retrieveSetupIntent(clientSecret) {
      return this.retrieve("setup_intents", clientSecret);
    }

    async handleNextAction({ clientSecret }) {
      const kind = String(clientSecret).startsWith("seti_") ? "setup_intents" : "payment_intents";
      const before = await this.retrieve(kind, clientSecret);
      const intent = before.paymentIntent || before.setupIntent;
      if (!intent || intent.status !== "requires_action") return before;
      const action = intent.next_action;
      if (action.type === "redirect_to_url") {
        window.location.assign(action.redirect_to_url.url);
        return new Promise(() => {});
      }
      await ask(action.use_stripe_sdk.stripe_js, clientSecret);
      const after = await this.retrieve(kind, clientSecret);
      const ended = after.paymentIntent || after.setupIntent;
      const error = ended && ended.status === "requires_payment_method" && (ended.last_payment_error || ended.last_setup_error);
      return error ? failed(error) : after;
    }

    async confirm(kind, { elements, clientSecret, confirmParams = {}, redirect }) {
      const secret = clientSecret || (elements && elements.options.clientSecret);
      if (elements && !elements.submitted) {
        const { error } = await elements.submit();
        if (error) return failed(error);
      }
      const fields = { client_secret: secret, use_stripe_sdk: "true" };
      if (confirmParams.return_url) fields.return_url = confirmParams.return_url;
      if (elements) {
        const made = await this.createConfirmationToken({ elements });
        if (made.error) return made;
        fields.confirmation_token = made.confirmationToken.id;
      }
      const found = await this.call("POST", `/v1/${kind}/${refOf(secret)}/confirm`, fields);
      if (found.error) return failed(found.error);
      const result = await this.handleNextAction({ clientSecret: secret });
      if (!result.error && redirect !== "if_required" && confirmParams.return_url) {
        window.location.assign(confirmParams.return_url);
        return new Promise(() => {});
      }
      return result;
    }

    confirmPayment(options) {
      return this.confirm("payment_intents", options);
    }

    confirmSetup(options) {
      return this.confirm("setup_intents", options);
    }
  }

  const make = (key, options) => new StripeStandIn(key, options);
  make.version = "endive";
  window.Stripe = make;
})();
