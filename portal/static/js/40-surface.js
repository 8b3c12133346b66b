/* Dialogs, menus, toasts, copying, theme. */
(() => {
  // Dialogs. A link with data-dialog opens the dialog of that id; a link that fills #dialog-body opens the common one.
  const openers = new WeakMap();
  const show = (dialog, opener) => {
    if (dialog.open) return;
    openers.set(dialog, opener || document.activeElement);
    dialog.showModal();
    (dialog.querySelector("[autofocus]") || dialog.querySelector("h1, h2")?.closest("dialog") || dialog).focus();
  };
  portal.on("click", "[data-dialog]", (e, link) => {
    const dialog = document.getElementById(link.dataset.dialog);
    if (!dialog || e.metaKey || e.ctrlKey || e.shiftKey) return;
    e.preventDefault();
    show(dialog, link);
  });
  portal.on("click", "dialog [data-close]", (e, button) => { e.preventDefault(); button.closest("dialog").close(); });
  document.addEventListener("click", (e) => { if (e.target instanceof HTMLDialogElement && e.target.hasAttribute("data-light")) e.target.close(); });
  document.addEventListener("close", (e) => {
    if (!(e.target instanceof HTMLDialogElement)) return;
    const opener = openers.get(e.target);
    if (opener?.isConnected) opener.focus();
    if (e.target.id === "dialog") document.getElementById("dialog-body")?.replaceChildren();
  }, true);
  document.addEventListener("htmx:afterSwap", (e) => {
    if (e.detail.target.id !== "dialog-body" || !e.detail.target.isConnected) return;
    show(document.getElementById("dialog"), e.detail.requestConfig?.elt);
  });

  // Menus close at Escape, at a click elsewhere, and when focus leaves them.
  const menus = "details.menu[open]";
  document.addEventListener("keydown", (e) => {
    if (e.key !== "Escape") return;
    const menu = document.activeElement?.closest(menus);
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });
  document.addEventListener("click", (e) => document.querySelectorAll(menus).forEach((m) => { if (!m.contains(e.target)) m.open = false; }));
  document.addEventListener("focusin", (e) => document.querySelectorAll(menus).forEach((m) => { if (!m.contains(e.target)) m.open = false; }));

  // Toasts go after 6 s, but not from under a pointer or focus. They say what the page shows too, never an error.
  const KEEP_MS = 6000;
  const watch = (toast) => {
    if (toast.dataset.watched !== undefined) return;
    toast.dataset.watched = "";
    document.querySelectorAll(".toast").forEach((other) => { if (other !== toast) other.remove(); });
    let timer;
    const start = () => { timer = setTimeout(() => toast.remove(), KEEP_MS); };
    const stop = () => clearTimeout(timer);
    toast.addEventListener("pointerenter", stop);
    toast.addEventListener("pointerleave", start);
    toast.addEventListener("focusin", stop);
    toast.addEventListener("focusout", start);
    start();
    portal.announce(toast.querySelector("[data-toast-text]")?.textContent.trim());
  };
  portal.ready((root) => portal.all(root, ".toast").forEach(watch));
  document.addEventListener("htmx:oobAfterSwap", (e) => portal.all(e.detail.target, ".toast").forEach(watch));
  portal.on("click", ".toast [data-close]", (_, button) => button.closest(".toast").remove());

  // Copying says so on the button and to the ear.
  portal.ready((root) => portal.all(root, "[data-copy]").forEach((b) => { b.hidden = !navigator.clipboard; }));
  portal.on("click", "[data-copy]", async (_, button) => {
    await navigator.clipboard.writeText(button.dataset.copy);
    const label = button.querySelector("[data-label]"), before = label.textContent;
    label.textContent = button.dataset.copied;
    portal.announce(button.dataset.copied);
    setTimeout(() => { label.textContent = before; }, 2000);
  });

  // Theme: at once here, and kept by the server through the same form that works without this script.
  portal.on("submit", "form[data-theme-form]", async (e, form) => {
    if (!e.submitter) return;
    e.preventDefault();
    const choice = e.submitter.value, root = document.documentElement, body = new FormData(form, e.submitter);
    if (choice === "auto") delete root.dataset.bsTheme; else root.dataset.bsTheme = choice;
    document.querySelectorAll("form[data-theme-form] button[name=theme]").forEach((b) => b.setAttribute("aria-pressed", String(b.value === choice)));
    delete form.dataset.sent;
    const answer = await fetch(form.action, { method: "post", body, redirect: "manual" }).catch(() => null);
    if (!answer || (answer.status >= 400)) portal.fail(portal.text("offline"));
  });
})();
