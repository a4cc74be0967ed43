// The desk by keyboard, the chosen row and the panel, and parts that ask again for themselves.
"use strict";
(() => {
  const body = document.body, queue = document.getElementById("queue"), panel = document.getElementById("panel");
  const ITSELF = { "huiyin-by-itself": "1" };  // asked by the page, not by a hand: the session idles on
  let chosen = null, place = 0, opening = 0, later = false;

  const rows = () => (queue ? [...queue.querySelectorAll("tr[data-number]")] : []);
  const row = (number) => (number ? document.getElementById("row-" + number) : null);
  const beside = () => panel && getComputedStyle(panel).display !== "none";

  // --- choosing
  function choose(next, focus) {
    if (!next) return;
    const old = row(chosen);
    if (old) { old.classList.remove("chosen"); old.removeAttribute("aria-selected"); }
    chosen = next.dataset.number;
    place = rows().indexOf(next);
    next.classList.add("chosen");
    if (focus) next.querySelector("a").focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
    show();
  }
  function show(headers) {
    if (!beside()) return;
    clearTimeout(opening);
    const tab = new URLSearchParams(queue.dataset.url.split("?")[1]).get("tab");
    opening = setTimeout(() => htmx.ajax("GET", "/desk/" + chosen + "/panel?tab=" + tab,
      { target: "#panel", swap: "innerHTML", headers: headers || {} }), 120);
  }
  function step(by) {
    const all = rows(), at = all.findIndex((one) => one.dataset.number === chosen);
    // Where the chosen one has left the list, its neighbour stands in its place.
    const to = at >= 0 ? at + by : chosen ? place + Math.min(by, 0) : 0;
    choose(all[Math.max(0, Math.min(all.length - 1, to))], true);
  }
  if (queue) {
    queue.addEventListener("click", (event) => {
      const hit = event.target.closest("tr[data-number]");
      if (hit && beside() && !event.target.closest("a, button, form") && getSelection().isCollapsed) choose(hit, false);
    });
    queue.addEventListener("dblclick", (event) => {
      const hit = event.target.closest("tr[data-number]");
      if (hit) location.href = hit.querySelector("a").href;
    });
  }

  // --- asking again; what is chosen, focused, marked or open stays where it is
  const news = new Set();
  const marked = (place) => { const s = getSelection(); return !s.isCollapsed && place.contains(s.anchorNode); };
  const typing = (place) => {
    const focus = document.activeElement;
    return (place.contains(focus) && (/INPUT|TEXTAREA|SELECT/.test(focus.tagName) || !!focus.closest("form")))
      || [...place.querySelectorAll("input, textarea, select")].some(window.huiyin.written);
  };
  function refresh() {
    if (!queue || queue.dataset.still) return;  // what was searched for stands still
    if (marked(queue)) { later = true; return; }
    later = false;
    htmx.ajax("GET", queue.dataset.url, { target: "#queue", swap: "innerHTML", headers: ITSELF });
  }
  // Tabs, rows and the alarm of what nobody took come in around the forms in which somebody types.
  function around(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    for (const name of [".tabs", ".list"]) {
      const now = queue.querySelector(name), next = fresh.querySelector(name);
      if (now && next && !typing(now)) now.replaceWith(document.adoptNode(next));
    }
    const strips = queue.querySelector(".strips"), alarm = fresh.querySelector(".neglect");
    const stood = queue.querySelector(".neglect");
    if (stood) stood.remove();
    if (strips && alarm) strips.prepend(document.adoptNode(alarm));
    htmx.process(queue);
    remark();
  }
  // What was chosen and what has just changed is marked again in new rows.
  function remark() {
    const mine = row(chosen);
    if (mine) { mine.classList.add("chosen"); place = rows().indexOf(mine); }
    for (const number of news) { const one = row(number); if (one) one.classList.add("changed"); }
    news.clear();
    return mine;
  }
  let before = null;
  body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== queue) return;
    if (marked(queue) || typing(queue)) {
      event.detail.shouldSwap = false;
      later = true;
      if (!marked(queue)) around(event.detail.serverResponse);
      return;
    }
    const old = row(chosen), focus = document.activeElement;
    before = {
      top: old ? old.getBoundingClientRect().top : 0,
      focus: queue.contains(focus) ? focus.id : "",
      open: [...queue.querySelectorAll("details[open]")].map((one) => one.className),
    };
  });
  body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === panel) { htmx.process(panel); return; }
    if (event.detail.target !== queue) return;
    before = before || { open: [], top: null, focus: "" };
    for (const name of before.open) {
      const one = queue.querySelector("details." + name.split(" ")[0]);
      if (one) one.open = true;
    }
    const now = remark();
    if (now && before.top !== null) scrollBy(0, now.getBoundingClientRect().top - before.top);
    const focus = before.focus && document.getElementById(before.focus);
    if (focus && document.activeElement !== focus) focus.focus({ preventScroll: true });
    before = null;
  });
  let soon = 0;
  body.addEventListener("huiyin:changed", (event) => {
    for (const number of event.detail) news.add(number);
    clearTimeout(soon);
    soon = setTimeout(refresh, 150);
    const page = document.querySelector("[data-live]");
    if (page && event.detail.includes(page.dataset.live) && !marked(page)) {
      htmx.ajax("GET", page.dataset.url, { target: "#" + page.id, swap: "innerHTML", headers: ITSELF });
    }
    if (chosen && event.detail.includes(chosen) && beside() && !panel.contains(document.activeElement) && !marked(panel)) show(ITSELF);
  });
  document.addEventListener("selectionchange", () => { if (later && !marked(queue) && !typing(queue)) refresh(); });
  document.addEventListener("focusout", () => { if (later) setTimeout(() => later && refresh(), 0); });

  // --- the keyboard
  const sheet = document.getElementById("keys");
  const field = (one) => one && (/INPUT|TEXTAREA|SELECT/.test(one.tagName) || one.isContentEditable);
  const press = (key) => {
    const place = queue ? panel : document;
    const found = place && place.querySelector('[data-key="' + key + '"]');
    if (!found) return false;
    if (found.tagName === "DETAILS") {
      found.open = true;
      const first = found.querySelector("form select, form textarea, form input:not([type=hidden]), form button");
      found.scrollIntoView({ block: "nearest" });
      if (first) first.focus();
    } else if (found.tagName === "DIV") {
      found.scrollIntoView(); (found.querySelector("input[type=text], button") || found).focus();
    } else found.click();
    return true;
  };
  // What a letter does here, pressed on this page or brought along from the queue.
  const fieldOf = { f: "correct_route-bureau", r: "correct_route-service" };  // one fold, two letters
  function act(key) {
    const done = press(key === "r" ? "f" : key);
    const one = done && fieldOf[key] && document.getElementById(fieldOf[key]);
    if (one) one.focus();
    if (!done && key === "p" && !queue) { print(); return true; }
    return done;
  }
  function next() {
    const form = document.activeElement && document.activeElement.closest("form");
    const button = (form && form.querySelector("button[name=then]")) || null;
    if (button) { form.requestSubmit(button); return; }
    if (form && form.method === "post") { form.requestSubmit(); return; }
    const any = document.querySelector(".acts > form button[name=then]");
    if (any) any.click();
  }
  function call(what) {
    const button = document.querySelector('#calls [data-call="' + what + '"]');
    if (button) button.click();
    return !!button;
  }
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
    if (event.key === "Enter" && event.ctrlKey) { event.preventDefault(); next(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (sheet.open) return;
    if (event.key === "Escape") {
      if (field(document.activeElement)) { document.activeElement.blur(); return; }
      if (call("dismiss")) { event.preventDefault(); return; }
      const open = [...document.querySelectorAll(".acts-column details[open]")].pop();
      if (open) open.open = false;
      return;
    }
    if (field(event.target)) return;
    const key = event.key.toLowerCase();
    let done = true;
    if (key === "?") sheet.showModal();
    else if (key === "enter" && document.querySelector('#calls [data-call="answer"]') && !event.target.closest("button, summary, a:not([id^=to-])")) call("answer");
    else if (key === "n") location.href = "/desk/enter";
    else if (key === "/") { const q = document.getElementById("q"); if (q) { q.focus(); q.select(); } else location.href = "/desk"; }
    else if (key === ".") { const one = document.querySelector("[data-copy]"); if (one) window.huiyin.copy(one.dataset.copy); else done = false; }
    else if (queue && (key === "j" || key === "arrowdown")) step(1);
    else if (queue && (key === "k" || key === "arrowup")) step(-1);
    else if (queue && /^[1-9]$/.test(key)) { const tab = queue.querySelectorAll(".tabs a")[key - 1]; if (tab) tab.click(); }
    else if (queue && key === "enter" && row(chosen) && !event.target.closest("a, button, summary")) location.href = row(chosen).querySelector("a").href;
    else if (/^[acdefhlbxmqrp]$/.test(key)) {
      done = act(key);
      if (!done && queue && row(chosen) && key !== "q") { location.href = row(chosen).querySelector("a").href + "#key-" + key; done = true; }
    } else done = false;
    if (done) event.preventDefault();
  });
  for (const button of document.querySelectorAll("[data-opens]")) button.addEventListener("click", () => sheet.showModal());
  const then = /^#key-([a-z])$/.exec(location.hash);  // pressed in the queue, meant for the page
  if (then && !queue) { history.replaceState(null, "", location.pathname + location.search); act(then[1]); }
})();
