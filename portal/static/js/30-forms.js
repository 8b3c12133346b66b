/* Writing once: the browser helps, the server decides (PAY-10). */
(() => {
  const busy = (button) => {
    if (!button || button.dataset.busy !== undefined) return;
    button.style.minInlineSize = `${button.offsetWidth}px`;
    button.dataset.busy = "";
    button.setAttribute("aria-disabled", "true");
    const label = button.querySelector("[data-label]");
    const words = button.dataset.working || portal.text("working");
    if (label && words) { label.dataset.label = label.textContent; label.textContent = words; }
    portal.announce(words);
  };
  const idle = (button) => {
    if (button.dataset.busy === undefined) return;
    delete button.dataset.busy;
    button.removeAttribute("aria-disabled");
    button.style.minInlineSize = "";
    const label = button.querySelector("[data-label]");
    if (label && label.dataset.label) { label.textContent = label.dataset.label; label.dataset.label = ""; }
  };
  // An answer that is still on its way to this page would put back what has just been pressed.
  const hush = (form) => {
    // htmx keeps a request with the element that it is synchronised on: the asking one, or the form.
    [form, ...portal.all(form, "[hx-get],[hx-post]")].forEach((el) => window.htmx?.trigger(el, "htmx:abort"));
    form.dataset.sent = "";
  };
  const buttonOf = (form, submitter) => submitter || form.querySelector("[type=submit]");

  // A second submit of the same form is dropped before anything else sees it.
  document.addEventListener("submit", (e) => {
    const form = e.target;
    // A field named "method" stands in the way of the property: the checkout has one.
    if (form.getAttribute("method")?.toLowerCase() !== "post" || form.dataset.again !== undefined) return;
    if (form.dataset.sent !== undefined) { e.preventDefault(); e.stopImmediatePropagation(); return; }
    form.dataset.sent = "";
    delete form.dataset.changed;
    // Only after the browser has read the pressed button's value into the form.
    setTimeout(() => {
      const stays = form.matches("[hx-post]");
      if (e.defaultPrevented && !stays) { delete form.dataset.sent; return; }
      if (!stays) hush(form);
      busy(buttonOf(form, e.submitter));
    });
  }, true);
  const release = (form) => { delete form.dataset.sent; portal.all(form, "[data-busy]").forEach(idle); };
  document.addEventListener("htmx:afterRequest", (e) => {
    // On the way to another page the button stays as it is.
    if (e.detail.xhr.getResponseHeader("HX-Redirect")) return;
    const form = e.detail.elt.closest?.("form");
    if (form) release(form);
  });
  window.addEventListener("pageshow", (e) => { if (e.persisted) document.querySelectorAll("form[data-sent]").forEach(release); });

  // A message at a field goes when the field has been mended; the server checks again on submit.
  portal.on("change", "[aria-invalid=true]", (_, field) => {
    if (!field.value || field.closest("[hx-post],[hx-get]")?.matches(".field")) return;
    field.removeAttribute("aria-invalid");
    // It keeps its room: a button that moves while it is pressed is missed.
    document.getElementById(`${field.id}-error`)?.classList.add("is-mended");
  });

  // Steppers: the buttons appear only where they work.
  const bounds = (box) => {
    const input = box.querySelector("input"), value = Number(input.value) || 0;
    box.querySelectorAll("button[data-step]").forEach((b) => {
      const next = value + Number(b.dataset.step);
      b.disabled = (input.min !== "" && next < Number(input.min)) || (input.max !== "" && next > Number(input.max));
    });
  };
  portal.ready((root) => portal.all(root, ".stepper").forEach((box) => {
    box.querySelectorAll("button[data-step]").forEach((b) => { b.hidden = false; });
    bounds(box);
  }));
  let settle;
  portal.on("click", ".stepper > button[data-step]", (_, button) => {
    const box = button.parentElement, input = box.querySelector("input");
    input.value = String((Number(input.value) || 0) + Number(button.dataset.step));
    bounds(box);
    if (button.disabled) input.focus();
    // Several presses are one change.
    clearTimeout(settle);
    settle = setTimeout(() => input.dispatchEvent(new Event("change", { bubbles: true })), 350);
  });
  portal.on("change", ".stepper > input", (_, input) => bounds(input.parentElement));
  portal.ready((root) => portal.all(root, "[data-js-hide], [data-js-show]").forEach((el) => { el.hidden = "jsHide" in el.dataset; }));

  // "Use all" writes the highest amount; without this script the button asks the server to.
  portal.on("click", "[data-fill]", (e, button) => {
    const input = document.getElementById(button.dataset.fill);
    if (!input) return;
    e.preventDefault();
    input.value = button.dataset.value;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    input.focus();
  });

  // Choosing sends the form: filters, sorting. An Apply button stands there without this script.
  portal.on("change", ".filters-fields", (_, box) => {
    box.parentElement.querySelector(".count").textContent = portal.all(box, ":checked:not([value='']), [type=date]").filter((el) => el.value).length || "";
  });
  portal.on("change", "form[data-auto] :is(select, input[type=checkbox], input[type=radio], input[type=date])", (_, field) => field.form.requestSubmit());

  // Unsaved changes: a bar, and a question on leaving.
  portal.on("input", "form[data-save-bar]", (_, form) => {
    form.dataset.changed = "";
    form.querySelectorAll(".save-bar").forEach((bar) => { bar.hidden = false; });
  });
  portal.on("reset", "form[data-save-bar]", (_, form) => {
    delete form.dataset.changed;
    form.querySelectorAll(".save-bar:not([data-stays])").forEach((bar) => { bar.hidden = true; });
  });
  window.addEventListener("beforeunload", (e) => { if (document.querySelector("form[data-save-bar][data-changed]")) e.preventDefault(); });

  // While a Hangul syllable is being put together the search waits, else half syllables are sent.
  let composing = false;
  document.addEventListener("compositionstart", () => { composing = true; });
  document.addEventListener("compositionend", (e) => { composing = false; e.target.dispatchEvent(new Event("input", { bubbles: true })); });
  document.addEventListener("htmx:confirm", (e) => { if (composing && e.detail.elt.matches("[data-search], [data-search] *")) e.preventDefault(); });
  document.addEventListener("htmx:configRequest", (e) => {
    const field = e.detail.elt.matches("input[type=search]") ? e.detail.elt : e.detail.elt.querySelector?.("input[type=search][data-search]");
    if (!field || e.detail.triggeringEvent?.type === "submit") return;
    const text = field.value.trim(), least = /[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]/.test(text) ? 1 : 2;
    if (text && text.length < least) e.preventDefault();
  });
})();
