// The inbox while it is open: what came stands there without loading it anew, and what is urgent is
// told on the desktop to whoever asked for that. Only a number is told: the screen may be locked.
"use strict";
(() => {
  const place = document.getElementById("inbox");
  if (!place || !window.fetch) return;
  const ask = document.getElementById("tell-urgent");
  const CALM = 15000;  // a county with much to do says each second that something changed
  let last = 0, waiting = 0, known = null, seen = "";

  const page = (url) => fetch(url, { headers: { accept: "text/html", "huiyin-by-itself": "1" } })
    .then((answer) => (answer.ok && !answer.redirected ? answer.text() : Promise.reject(answer.status)))
    .then((html) => new DOMParser().parseFromString(html, "text/html").getElementById("inbox"));
  const urgent = (found) => new Set([...found.querySelectorAll("[data-urgent]")].map((one) => one.dataset.urgent));
  const busy = () => {
    const marked = getSelection();
    return (!marked.isCollapsed && place.contains(marked.anchorNode))
      || place.contains(document.activeElement)
      || [...place.querySelectorAll("input, textarea, select")].some(window.huiyin.written);
  };

  function show(fresh) {
    if (busy() || fresh.innerHTML === seen) return;
    seen = fresh.innerHTML;
    for (const open of place.querySelectorAll("details[open]")) {
      const same = fresh.querySelector("details." + open.className);
      if (same) same.open = true;
    }
    place.replaceChildren(...fresh.childNodes);
    place.dispatchEvent(new CustomEvent("huiyin:renewed", { bubbles: true }));
  }
  function told(found) {
    const now = urgent(found);
    if (known && window.Notification && Notification.permission === "granted") {
      for (const number of now) {
        if (!known.has(number)) new Notification(ask.dataset.title, { body: number, tag: number });
      }
    }
    known = now;
  }
  function look() {
    last = Date.now();
    waiting = 0;
    const here = place.dataset.url, unsigned = place.dataset.unsigned;
    const own = here === unsigned;
    Promise.all([page(unsigned), own || !here ? null : page(here)])
      .then(([first, other]) => {
        told(first);
        if (own) show(first); else if (other) show(other);
      })
      .catch(() => {});  // the frame of the page says that the stream or the session is gone
  }
  document.body.addEventListener("huiyin:changed", () => {
    if (!waiting) waiting = setTimeout(look, Math.max(200, last + CALM - Date.now()));
  });

  if (!ask || !window.Notification) return;
  ask.hidden = Notification.permission !== "default";
  ask.addEventListener("click", () => {
    Notification.requestPermission().then((said) => { ask.hidden = said !== "default"; });
  });
})();
