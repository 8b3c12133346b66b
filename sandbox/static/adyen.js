/* A stand-in for Adyen Web 6: AdyenCheckout, the card component, and actions (redirect, 3-D Secure in a frame).
   docs.adyen.com/online-payments/build-your-integration/advanced-flow/?platform=Web */
(() => {
  "use strict";
  const origin = new URL(document.currentScript.src).origin;
  const style = (node, rules) => {
    for (const [name, value] of Object.entries(rules)) node.style.setProperty(name, value);
  };
  const find = (where) => (typeof where === "string" ? document.querySelector(where) : where);
  const browserInfo = () => ({
    acceptHeader: "*/*",
    colorDepth: screen.colorDepth,
    language: navigator.language,
    javaEnabled: false,
    screenHeight: screen.height,
    screenWidth: screen.width,
    userAgent: navigator.userAgent,
    timeZoneOffset: new Date().getTimezoneOffset(),
  });

  class Card {
    constructor(checkout, props = {}) {
      if (!checkout || !checkout.options) throw new Error("Card needs the checkout it belongs to.");
      this.props = { ...checkout.options, ...props };
      this.state = {};
      this.isValid = false;
      this.waiting = new Map();
      this.count = 0;
      this.receive = this.receive.bind(this);
      this.node = document.createElement("iframe");
      this.node.title = "Iframe for card details";
    }

    mount(where) {
      const place = find(where);
      if (!place) throw new Error("The place to mount the card at was not found.");
      window.addEventListener("message", this.receive);
      /* A frame of the page's own colour scheme is transparent. */
      const scheme = getComputedStyle(place).colorScheme;
      const theme = { dark: "night", light: "light" }[scheme] || "auto";
      const query = new URLSearchParams({ key: this.props.clientKey, locale: this.props.locale || "en", theme });
      this.node.src = `${origin}/adyen/element/card?${query}`;
      style(this.node, { border: "0", width: "100%", height: "340px", display: "block", "color-scheme": scheme });
      place.replaceChildren(this.node);
      return this;
    }

    receive(event) {
      if (event.origin !== origin || event.source !== this.node.contentWindow) return;
      const { id, type, detail } = event.data;
      if (type === "answer") {
        this.waiting.get(id)?.(detail);
        this.waiting.delete(id);
      }
      if (type === "ready") this.props.onConfigSuccess?.({ iframesConfigured: true });
      if (type === "resize") style(this.node, { height: `${detail.height}px` });
      if (type !== "change") return;
      this.isValid = detail.complete;
      this.props.onChange?.({ isValid: this.isValid, data: { paymentMethod: { type: "scheme" } } }, this);
    }

    ask(type) {
      this.count += 1;
      const id = this.count;
      return new Promise((resolve) => {
        this.waiting.set(id, resolve);
        this.node.contentWindow.postMessage({ id, type, detail: {} }, origin);
      });
    }

    showValidation() {
      this.ask("validate");
      return this;
    }

    async submit() {
      if (!this.isValid) {
        this.showValidation();
        return;
      }
      const found = await this.ask("token");
      if (found.error) {
        this.props.onError?.({ name: "NETWORK_ERROR", message: found.error.message }, this);
        return;
      }
      const data = { paymentMethod: found, browserInfo: browserInfo(), origin: location.origin, clientStateDataIndicator: true };
      const actions = { resolve: () => {}, reject: () => {} };
      this.props.onSubmit?.({ isValid: true, data }, this, actions);
    }

    unmount() {
      window.removeEventListener("message", this.receive);
      this.node.remove();
      return this;
    }

    remove() {
      this.unmount();
    }
  }

  /* The bank's question in a frame of the place that it is mounted at. */
  class Challenge {
    constructor(options, action) {
      this.options = options;
      this.frame = document.createElement("iframe");
      this.frame.src = action.url;
      this.frame.title = "3-D Secure";
      style(this.frame, { border: "0", width: "100%", height: "480px", display: "block" });
    }

    mount(where) {
      window.addEventListener("message", (event) => {
        if (event.origin !== origin || event.source !== this.frame.contentWindow || event.data.type !== "asked") return;
        this.frame.remove();
        this.options.onAdditionalDetails?.({ data: { details: { threeDSResult: event.data.result } } }, this);
      });
      find(where).replaceChildren(this.frame);
      return this;
    }
  }

  class Redirect {
    constructor(action) {
      this.action = action;
    }

    mount() {
      window.location.assign(this.action.url);
      return this;
    }
  }

  const AdyenCheckout = async (options) => {
    if (typeof options.clientKey !== "string" || !options.clientKey) throw new Error("A clientKey is needed.");
    if (!options.environment) throw new Error("An environment is needed.");
    return {
      options,
      update: async () => {},
      createFromAction: (action) => (action.type === "threeDS2" ? new Challenge(options, action) : new Redirect(action)),
    };
  };

  window.AdyenWeb = { AdyenCheckout, Card };
})();
