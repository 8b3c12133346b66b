/* What a figure means opens also while one points at its button, and stays while one points at it; Escape closes it, as
   the browser does by itself. Without this file a click or Enter opens it. */
"use strict";
(() => {
  const WAIT_MS = 150;
  let closing = 0;

  const bodyOf = (element) => {
    const button = element.closest("[popovertarget].measure-ask");
    return button ? document.getElementById(button.getAttribute("popovertarget")) : element.closest(".definition");
  };

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse" || !(event.target instanceof Element)) return;
    const body = bodyOf(event.target);
    clearTimeout(closing);
    if (body && event.target.closest(".measure-ask") && !body.matches(":popover-open")) body.showPopover();
    const open = document.querySelector(".definition:popover-open");
    if (open && open !== body) closing = setTimeout(() => open.hidePopover(), WAIT_MS);
  });
})();
