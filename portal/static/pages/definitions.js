/* What a figure means opens also while one points at its button, and stays while one points at it; Escape closes it, as
   the browser does by itself. Without this file a click or Enter opens it. */
"use strict";
(() => {
  const WAIT_MS = 150;
  let closing = 0;
  let pointedAt = null;

  const bodyOf = (element) => {
    const button = element.closest("[popovertarget].measure-ask");
    return button ? document.getElementById(button.getAttribute("popovertarget")) : element.closest(".definition");
  };

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse" || !(event.target instanceof Element)) return;
    const body = bodyOf(event.target);
    clearTimeout(closing);
    if (body && event.target.closest(".measure-ask") && !body.matches(":popover-open")) {
      body.showPopover();
      pointedAt = body;
    }
    const open = document.querySelector(".definition:popover-open");
    if (open && open !== body) closing = setTimeout(() => open.hidePopover(), WAIT_MS);
  });

  /* Whoever points and then clicks wants to read it: that click must not close what pointing has just opened. */
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest(".measure-ask") : null;
    const body = button ? bodyOf(button) : null;
    if (body && body === pointedAt && event.detail > 0 && body.matches(":popover-open")) event.preventDefault();
    pointedAt = null;
  });
})();
