/* Desks: choosing rows, and keys. Keys never fire in a field and can be switched off (WCAG 2.1.4). */
(() => {
  // A bar appears when something is chosen; the box in the head chooses the page, then all that match are offered.
  const count = (form) => {
    const boxes = [...form.querySelectorAll("input[data-select]")], chosen = boxes.filter((b) => b.checked).length;
    const bar = form.querySelector(".bulk-bar"), head = form.querySelector("input[data-select-page]");
    if (!bar) return;
    const all = bar.querySelector("[data-all]"), every = bar.querySelector("input[name=all_matching]");
    const whole = boxes.length > 0 && chosen === boxes.length;
    if (!whole && every) every.value = "";
    if (all) all.hidden = !whole || Boolean(every?.value);
    bar.hidden = chosen === 0;
    const words = every?.value ? bar.dataset.everyText : bar.dataset.someText.replace("{}", String(chosen));
    bar.querySelector("[data-count]").textContent = words;
    if (head) { head.checked = whole; head.indeterminate = chosen > 0 && !whole; }
    if (bar.dataset.said !== words) { bar.dataset.said = words; if (chosen) portal.announce(words); }
  };
  portal.on("change", "input[data-select]", (_, box) => count(box.form));
  portal.on("change", "input[data-select-page]", (_, head) => {
    head.form.querySelectorAll("input[data-select]").forEach((b) => { b.checked = head.checked; });
    count(head.form);
  });
  portal.on("click", ".bulk-bar [data-all]", (_, button) => {
    button.form.querySelector("input[name=all_matching]").value = "1";
    count(button.form);
  });
  portal.on("click", ".bulk-bar [data-none]", (_, button) => {
    button.form.querySelectorAll("input[data-select]").forEach((b) => { b.checked = false; });
    count(button.form);
    button.form.querySelector("input[data-select-page]")?.focus();
  });
  portal.ready((root) => portal.all(root, "form").filter((f) => f.querySelector("input[data-select]")).forEach(count));

  // Arrows walk from the box through what it suggests, Escape goes back to it.
  document.addEventListener("keydown", (e) => {
    const box = e.target.closest?.(".search"), field = box?.querySelector("input[type=search]");
    if (!field || e.isComposing || !["ArrowDown", "ArrowUp", "Escape"].includes(e.key)) return;
    const stops = [field, ...box.querySelectorAll(".suggestions a")], at = stops.indexOf(document.activeElement);
    if (stops.length < 2 || (e.key === "Escape" && at < 1)) return;
    e.preventDefault();
    stops[e.key === "Escape" ? 0 : Math.min(Math.max(at + (e.key === "ArrowDown" ? 1 : -1), 0), stops.length - 1)].focus();
  });

  const typing = (el) => el?.closest("input:not([type=radio], [type=checkbox], [type=submit], [type=button]), select, textarea, [contenteditable], dialog[open]");
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing || typing(document.activeElement) || document.body.dataset.keys !== "on") return;
    if (e.key === "/") {
      const field = document.querySelector("[data-key-search]");
      if (field) { e.preventDefault(); field.focus(); field.select(); }
    } else if (e.key === "?") {
      const list = document.getElementById("keys");
      if (list) { e.preventDefault(); list.showModal(); }
    } else if (e.key === "j" || e.key === "k") {
      const rows = [...document.querySelectorAll("[data-row] :is(th, .row-link) a")];
      if (!rows.length) return;
      const at = rows.indexOf(document.activeElement);
      rows[Math.min(Math.max(at + (e.key === "j" ? 1 : -1), 0), rows.length - 1)].focus();
    } else {
      const target = document.querySelector(`[data-key="${CSS.escape(e.key)}"]`);
      if (target) { e.preventDefault(); target.focus(); target.click(); }
    }
  });
})();
