/* Companions of htmx's configuration: errors to the banner, slow answers to a line at the top, totals to the ear. */
(() => {
  const failed = (xhr) => {
    let sentence = "", reference = xhr.getResponseHeader("X-Error-Reference") || "";
    if ((xhr.getResponseHeader("Content-Type") || "").startsWith("text/html")) {
      const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
      sentence = page.querySelector("[data-sentence]")?.textContent.trim() || "";
      reference = page.querySelector("[data-number]")?.textContent.trim() || reference;
    }
    portal.fail(sentence, reference);
  };
  const on = (name, run) => document.addEventListener(`htmx:${name}`, run);

  on("beforeSwap", (e) => {
    // A refusal that is a page's banner must not replace the form that asked.
    if (e.detail.xhr.getResponseHeader("X-Error-Code") && e.detail.xhr.status >= 400) {
      e.detail.shouldSwap = false;
      e.detail.isError = false;
      failed(e.detail.xhr);
    }
  });
  on("responseError", (e) => { if (!e.detail.xhr.getResponseHeader("X-Error-Code")) failed(e.detail.xhr); });
  on("sendError", () => portal.fail(portal.text("offline")));
  on("timeout", () => portal.fail(portal.text("slow")));

  // Nothing before 300 ms, then a line; after 10 s a sentence.
  let open = 0, soon, late;
  on("beforeRequest", (e) => {
    if (e.detail.elt.closest("[data-quiet]") || /^(sse:|live|load|every)/.test(e.detail.requestConfig.triggeringEvent?.type || "")) { e.detail.xhr.quiet = true; return; }
    if (open++) return;
    soon = setTimeout(() => document.getElementById("loading")?.classList.add("on"), 300);
    late = setTimeout(() => portal.announce(portal.text("still")), 10000);
  });
  on("afterRequest", (e) => {
    if (e.detail.successful) portal.calm();
    if (e.detail.xhr.quiet || open === 0 || --open) return;
    clearTimeout(soon); clearTimeout(late);
    document.getElementById("loading")?.classList.remove("on");
  });

  // Parts that carry news in `data-announce` are heard when the news changes, and only then.
  const heard = new Map();
  const listen = (root) => portal.all(root, "[data-announce]").forEach((el) => {
    const before = heard.get(el.id);
    heard.set(el.id, el.dataset.announce);
    if (before !== undefined && before !== el.dataset.announce) portal.announce(el.dataset.announce);
  });
  portal.ready(listen);

  // A message of an earlier answer that is now wrong goes away with the next good one.
  const invalid = document.title;
  on("afterSettle", () => { if (!document.querySelector(".error-summary") && document.title !== invalid) document.title = invalid; });
})();
