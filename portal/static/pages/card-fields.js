/* The card fields of each payment provider, by the provider's own script, behind the same functions. A box names its
   provider, its script and its public key. Only the name of a one-time token, or what is encrypted for the provider
   alone, comes back from them.

   open(box, {sum, isDark, fail}) -> {mount(), update(sum), token(details), destroy()}
   token(details) -> {token} | {error: {message, isLocal}}; isLocal: the fields say themselves what is wrong.
   act(box): the provider's own step after the order was placed, where it has one in the page. */
"use strict";
(() => {
  const kept = new Map();
  const once = (key, make) => {
    if (!kept.has(key)) kept.set(key, make().catch((error) => { kept.delete(key); throw error; }));
    return kept.get(key);
  };
  const load = (tag, address, name) => once(address, () => new Promise((resolve, reject) => {
    const node = document.createElement(tag);
    if (tag === "link") node.rel = "stylesheet";
    node[name] = address;
    node.onload = resolve;
    node.onerror = () => { node.remove(); reject(new Error("not loaded")); };
    document.head.append(node);
  }));
  const locale = document.documentElement.lang;

  /* Stripe.js: elements with a deferred intent, confirmation tokens, next actions. */
  const account = ({ script, key }) => once(key, async () => {
    await load("script", script, "src");
    return window.Stripe(key, { locale });
  });
  const stripe = {
    async open(box, { sum, isDark, fail }) {
      const vendor = await account(box.dataset);
      const elements = vendor.elements({
        ...(box.dataset.mode === "setup" ? { mode: "setup", currency: sum.currency } : { mode: "payment", ...sum }),
        allowedPaymentMethodTypes: ["card"], appearance: { theme: isDark ? "night" : "stripe" },
      });
      const element = elements.create("payment", { layout: { type: "tabs" } });
      element.on("loaderror", fail);
      return {
        mount: () => element.mount(box),
        update: ({ amount }) => elements.update({ amount }),
        destroy: () => element.destroy(),
        async token(details) {
          const { error } = await elements.submit();
          if (error) return { error: { message: error.message, isLocal: true } };
          const made = await vendor.createConfirmationToken({
            elements, params: { payment_method_data: { billing_details: details } },
          });
          if (made.error) return { error: { message: made.error.message, isLocal: made.error.type === "validation_error" } };
          return { token: made.confirmationToken.id };
        },
      };
    },
    async act(box) {
      await (await account(box.dataset)).handleNextAction({ clientSecret: box.dataset.clientSecret });
    },
  };

  /* Adyen Web: the card component, whose data are the fields, each encrypted for Adyen. */
  const LOCALES = { en: "en-US", ko: "ko-KR" };
  const packed = ({ paymentMethod, browserInfo }) => {
    const bytes = new TextEncoder().encode(JSON.stringify({ paymentMethod, browserInfo }));
    return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const adyen = {
    async open(box, { sum, fail }) {
      const { script, style, key, country, incomplete } = box.dataset;
      if (style) await load("link", style, "href");
      await load("script", script, "src");
      const { AdyenCheckout, Card } = window.AdyenWeb;
      let answer = null;
      const amountOf = ({ amount, currency }) => ({ value: amount, currency: currency.toUpperCase() });
      const checkout = await AdyenCheckout({
        clientKey: key, environment: key.startsWith("live_") ? "live" : "test", locale: LOCALES[locale] || locale,
        countryCode: country, amount: amountOf(sum), showPayButton: false,
        onSubmit: ({ data }) => answer?.({ token: packed(data) }),
        onError: ({ message }) => { if (answer) answer({ error: { message, isLocal: false } }); else fail(); },
      });
      const card = new Card(checkout, { hasHolderName: true, holderNameRequired: true });
      return {
        mount: () => card.mount(box),
        update: (sum) => checkout.update({ amount: amountOf(sum) }),
        destroy: () => card.unmount(),
        token: () => new Promise((resolve) => {
          if (!card.isValid) {
            card.showValidation();
            resolve({ error: { message: incomplete, isLocal: true } });
            return;
          }
          answer = resolve;
          card.submit();
        }),
      };
    },
    async act() {},
  };

  portal.cardFields = { stripe, adyen };
})();
