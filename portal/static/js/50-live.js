/* Live pages: one stream per page, small facts on it; parts that listen (hx-trigger="sse:order") fetch themselves anew.
   The stream ends with the page and after 60 s in a hidden tab; two failures in a row turn it into polling. */
(() => {
  const HIDDEN_MS = 60000, POLL_MS = 10000, RETRY_MS = 2000, FAILURES = 2;

  // Looks like an EventSource to htmx's extension, but may be closed and opened again beneath its listeners.
  class Live extends EventTarget {
    constructor(url) {
      super();
      this.url = url; this.names = new Set(); this.failures = 0; this.last = ""; this.readyState = 0;
      this.open();
      const hide = () => {
        clearTimeout(this.hiding);
        if (document.hidden) this.hiding = setTimeout(() => this.pause(), HIDDEN_MS);
        else if (this.paused) { this.paused = false; this.open(); }
      };
      document.addEventListener("visibilitychange", hide);
      window.addEventListener("pagehide", () => this.pause());
      window.addEventListener("pageshow", (e) => { if (e.persisted) { this.paused = false; this.open(); this.all(); } });
    }
    addEventListener(name, listener) {
      super.addEventListener(name, listener);
      if (!this.names.has(name)) { this.names.add(name); this.source?.addEventListener(name, this.pass); }
    }
    pass = (e) => {
      if (e.lastEventId) this.last = e.lastEventId;
      this.dispatchEvent(new MessageEvent(e.type, { data: e.data, lastEventId: e.lastEventId }));
    };
    open() {
      this.source?.close();
      const url = new URL(this.url, location.href);
      if (this.last) url.searchParams.set("last-event-id", this.last);
      const source = this.source = new EventSource(url);
      this.names.forEach((name) => source.addEventListener(name, this.pass));
      source.addEventListener("resync", () => this.all());
      source.onopen = () => { this.failures = 0; this.readyState = 1; clearInterval(this.polling); this.polling = 0; document.body.dataset.live = "on"; this.onopen?.(new Event("open")); };
      source.onerror = () => {
        this.readyState = 0;
        if (source.readyState === EventSource.CONNECTING && this.failures < FAILURES) { this.failures += 1; }
        else this.failures += 1;
        if (this.failures >= FAILURES) this.poll();
        if (source.readyState === EventSource.CLOSED && !this.paused) {
          clearTimeout(this.retry);
          this.retry = setTimeout(() => { if (!this.paused) this.open(); }, Math.min(RETRY_MS * 2 ** this.failures, 60000));
        }
      };
    }
    pause() { this.paused = true; this.source?.close(); clearTimeout(this.retry); clearInterval(this.polling); this.polling = 0; document.body.dataset.live = "off"; }
    poll() {
      document.body.dataset.live = "polling";
      if (!this.polling) this.polling = setInterval(() => { if (!document.hidden) this.all(); }, POLL_MS);
    }
    /* Everything that listens fetches itself: after a gap nobody knows what was missed. */
    all() { this.names.forEach((name) => this.dispatchEvent(new MessageEvent(name, { data: "" }))); }
    close() { this.pause(); }
  }
  if (window.htmx) window.htmx.createEventSource = (url) => new Live(url);

  // What a person edits, or a list under the pointer, is not touched: the news is offered instead (rule 25).
  document.addEventListener("htmx:beforeRequest", (e) => {
    const el = e.detail.elt;
    if (!(e.detail.requestConfig.triggeringEvent?.type || "").startsWith("sse:")) return;
    const editing = el.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
    const offer = el.dataset.liveOffer && document.getElementById(el.dataset.liveOffer);
    if (el.dataset.liveDone !== undefined) { e.preventDefault(); return; }
    if (!editing && !offer) return;
    e.preventDefault();
    if (offer) {
      const count = Number(offer.dataset.count || 0) + 1;
      offer.dataset.count = String(count);
      portal.all(offer, "[data-live-count]").forEach((place) => { place.textContent = String(count); });
      offer.hidden = false;
    }
  });
  document.addEventListener("htmx:beforeOnLoad", (e) => { if (e.detail.xhr.status === 286) e.detail.elt.dataset.liveDone = ""; });
})();
