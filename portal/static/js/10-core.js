/* What every behaviour stands on. A behaviour is asked for by a data attribute and never needed: without this script
   every page works as links and forms. Nothing here writes markup from text it was given. */
"use strict";
const portal = { handlers: [] };

portal.on = (event, selector, handle, options) =>
  document.addEventListener(event, (e) => {
    const found = e.target instanceof Element ? e.target.closest(selector) : null;
    if (found) handle(e, found);
  }, options);

/* Run for the page and for every part that htmx puts into it. */
portal.ready = (run) => portal.handlers.push(run);
portal.start = (root) => portal.handlers.forEach((run) => run(root));
portal.all = (root, selector) => [...(root.matches?.(selector) ? [root] : []), ...root.querySelectorAll(selector)];

/* Speak through the one status region. It is emptied first, so that the same news is heard twice when it comes twice. */
let speaking;
portal.announce = (text) => {
  const region = document.getElementById("status");
  if (!region || !text) return;
  clearTimeout(speaking);
  region.textContent = "";
  speaking = setTimeout(() => { region.textContent = text; }, 60);
};
portal.text = (name) => document.body.dataset[name] || "";

/* The page's error banner: a clone of a template that the server wrote in the reader's language. */
portal.fail = (sentence, reference) => {
  const place = document.getElementById("page-error");
  const model = document.getElementById("page-error-model");
  if (!place || !model) return;
  const banner = model.content.cloneNode(true);
  if (sentence) banner.querySelector("[data-sentence]").textContent = sentence;
  const number = banner.querySelector("[data-reference]");
  if (reference) number.querySelector("[data-number]").textContent = reference; else number.remove();
  place.replaceChildren(banner);
  place.scrollIntoView({ block: "nearest" });
};
portal.calm = () => document.getElementById("page-error")?.replaceChildren();

document.addEventListener("DOMContentLoaded", () => { document.documentElement.classList.add("js"); portal.start(document.body); });
document.addEventListener("htmx:load", (e) => { if (e.target !== document.body) portal.start(e.target); });
