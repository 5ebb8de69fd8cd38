// Keeps the open page up to date: fetches it again and changes only what differs.
(() => {
  "use strict";
  const interval = 2000;
  const page = () => document.getElementById("page");
  const button = () => document.getElementById("live");
  let paused = false;
  let waiting = false;
  let lostSince = 0;

  // A row that is open or has selected text stays where it is; the records around it wait.
  const reading = (records) => {
    if (records.querySelector("details[open]")) return true;
    const selection = document.getSelection();
    if (selection && !selection.isCollapsed && records.contains(selection.anchorNode)) return true;
    return document.getElementById("frozen") !== null && records.getBoundingClientRect().top < -300;
  };

  Object.assign(Idiomorph.defaults.callbacks, {
    beforeNodeMorphed(old) {
      if (old.nodeType !== Node.ELEMENT_NODE) return true;
      if (old.hasAttribute("data-keep")) return false;
      return old.id !== "records" || !reading(old);
    },
    // Whether a row is open is the reader's business, not the server's.
    beforeAttributeUpdated: (name, node) => !(name === "open" && node.tagName === "DETAILS"),
  });

  const show = () => {
    const b = button();
    if (!b) return;
    b.hidden = false;
    const lost = lostSince > 0;
    const text = lost ? b.dataset.textLost : paused ? b.dataset.textOff : b.dataset.textOn;
    if (b.textContent !== text) b.textContent = text;
    b.setAttribute("aria-pressed", String(!paused));
    b.classList.toggle("lost", lost);
    const frozen = document.getElementById("frozen");
    const records = document.getElementById("records");
    if (frozen && records) frozen.hidden = !(page().hasAttribute("hx-get") && reading(records));
  };

  const tick = () => {
    show();
    if (paused || waiting || document.hidden || !page().hasAttribute("hx-get")) return;
    htmx.trigger(page(), "tick");
    document.dispatchEvent(new Event("gatewatch:tick"));
  };

  document.addEventListener("htmx:beforeRequest", () => { waiting = true; });
  // What was on its way when the reader paused comes too late.
  document.addEventListener("htmx:beforeSwap", (e) => { if (paused) e.detail.shouldSwap = false; });
  document.addEventListener("htmx:afterRequest", (e) => {
    waiting = false;
    lostSince = e.detail.successful ? 0 : lostSince || Date.now();
    show();
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
  document.addEventListener("click", (e) => {
    if (!(e.target instanceof Element) || !e.target.closest("#live")) return;
    paused = !paused;
    tick();
  });
  // An empty choice needs no place in the link.
  document.addEventListener("submit", (e) => {
    for (const field of e.target.querySelectorAll("input, select")) {
      if (field.value === "") field.disabled = true;
    }
  });
  // Coming back with the browser's button must find the fields usable again.
  addEventListener("pageshow", () => {
    for (const field of document.querySelectorAll("form [disabled]")) field.disabled = false;
  });
  addEventListener("DOMContentLoaded", () => { show(); setInterval(tick, interval); });
})();
