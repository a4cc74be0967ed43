// What every staff page does with script: the live stream, signs of life, drafts, text modules.
// Without script every page still works: a form is sent, a page is loaded.
"use strict";
(() => {
  const body = document.body;
  const lamp = document.getElementById("live"), trouble = document.getElementById("trouble");
  const POLL = 15000, ALIVE = 30000, DRAFT = 1200, WALL = 60000;
  let state = "", signedOut = false, poll = 0, csrf = body.dataset.csrf;

  const tell = (name, detail) => body.dispatchEvent(new CustomEvent("huiyin:" + name, { detail }));

  function post(path, fields, keepalive, byItself) {
    const form = new URLSearchParams(fields);
    form.set("csrf", csrf);
    return fetch(path, { method: "POST", body: form, headers: byItself ? { "hx-request": "true", "huiyin-by-itself": "1" } : { "hx-request": "true" }, keepalive: !!keepalive })
      .then((answer) => { if (answer.status === 401) leave(); return answer; });
  }

  // --- the board on the wall, which nobody touches, is read anew each minute
  if (body.classList.contains("on-the-wall")) {
    setInterval(() => { if (navigator.onLine) location.reload(); }, WALL);
  }

  // --- arrows go from figure to figure of a table of heat; Enter opens the list behind one
  document.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const cell = step && event.target.closest("table.heat td");
    if (!cell || event.ctrlKey || event.altKey || event.metaKey) return;
    const rows = [...cell.closest("tbody").rows];
    let [down, right] = [rows.indexOf(cell.parentElement), cell.cellIndex];
    for (;;) {
      down += step[0]; right += step[1];
      const next = rows[down] && rows[down].cells[right];
      if (!next) return;
      const link = next.querySelector("a");
      if (link) { event.preventDefault(); link.focus(); return; }
    }
  });

  // --- the stream, or every fifteen seconds
  function become(now) {
    if (now === state) return;
    state = now;
    lamp.hidden = false;
    lamp.className = "live " + now;
    lamp.textContent = (now === "on" ? "● " : "○ ") + lamp.dataset[now];
    clearInterval(poll);
    if (now === "off") poll = setInterval(() => { tell("changed", []); tell("call"); }, POLL);
    if (now === "on") { tell("changed", []); tell("call"); }
  }
  function hear(message) {
    if (signedOut) return;
    if (message.state) become(message.state);
    if (message.changed) tell("changed", message.changed);
    if (message.call) tell("call");
  }
  function leave() {
    if (signedOut) return;
    signedOut = true;
    become("out");
    say(trouble.dataset.out, null);
    const link = document.createElement("a");
    link.href = "/sign-in"; link.target = "_blank"; link.textContent = trouble.dataset.signIn;
    trouble.append(link);
  }
  // Signed in again in another window: the same person goes on here, with the new session's token.
  // False where it is somebody else: nothing of this page is sent in their name.
  async function comeBack() {
    if (!signedOut) return true;
    const answer = await fetch("/api/v1/me");
    if (!answer.ok) return true;  // still out: the server lets the words come along to the sign-in
    const me = await answer.json();
    if (me.login !== body.dataset.login) {
      const who = me.name ? me.name + " (" + me.login + ")" : me.login;
      say(trouble.dataset.other.replace("@@", () => who), null);
      return false;
    }
    csrf = me.csrf;
    for (const field of document.querySelectorAll("input[name=csrf]")) field.value = csrf;
    signedOut = false;
    say("", null);
    become("off");  // asked every fifteen seconds until the stream tells that it is there
    return true;
  }
  function say(words, again) {
    trouble.textContent = words;
    trouble.hidden = !words;
    if (!again) return;
    const button = document.createElement("button");
    button.type = "button"; button.className = "small plain"; button.textContent = trouble.dataset.retry;
    button.onclick = () => { trouble.hidden = true; again(); };
    trouble.append(button);
  }
  function listen() {
    if (window.SharedWorker) {
      try {
        const worker = new SharedWorker(body.dataset.worker);
        worker.port.onmessage = (event) => hear(event.data);
        worker.onerror = () => become("off");
        worker.port.start();
        addEventListener("pagehide", () => worker.port.postMessage("bye"));
        return;
      } catch (error) { /* one stream a tab instead */ }
    }
    if (window.EventSource) {
      const source = new EventSource("/live");
      source.addEventListener("hello", () => become("on"));
      source.addEventListener("changed", (event) => hear({ changed: JSON.parse(event.data) }));
      source.addEventListener("tick", () => hear({ changed: [] }));
      source.addEventListener("call", () => hear({ call: true }));
      source.onerror = () => become("off");
      return;
    }
    become("off");
  }
  body.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 401) leave();
    else if (status !== 404) say(trouble.dataset.failed + " (" + status + ")", () => tell("changed", []));
  });
  // Nobody pressed anything: it must not keep a session open at which nobody sits.
  body.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt.id === "calls") event.detail.headers["huiyin-by-itself"] = "1";
  });
  body.addEventListener("htmx:sendError", () => { if (state === "on") become("off"); });
  body.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful && !signedOut) trouble.hidden = true; });

  // --- signs of life of an open request: its lease goes on, and who works on it is shown
  function alive() {
    if (signedOut || document.hidden) return;
    for (const place of document.querySelectorAll("[data-here]")) {
      post("/here/" + place.dataset.here, { had: place.dataset.had || "0" }, false, true)
        .then((answer) => (answer.ok ? answer.text() : null))
        .then((html) => {
          if (html === null) return;
          if (html.trim() !== place.innerHTML.trim()) place.innerHTML = html;
          place.dataset.had = place.querySelector(".lamp.fine") ? "1" : place.dataset.had;
        })
        .catch(() => {});
    }
  }

  // --- drafts: what is typed is kept on the server, never in the browser
  const waiting = new Map();
  function typed(form) {
    const fields = {};
    for (const [name, value] of new FormData(form)) if (typeof value === "string") fields[name] = value;
    fields.place = form.dataset.place; fields.act = form.dataset.draft;
    return fields;
  }
  function keep(form, keepalive) {
    clearTimeout(waiting.get(form));
    waiting.delete(form);
    const shown = form.querySelector(".draft-state");
    return post("/drafts", typed(form), keepalive).then(
      (answer) => { if (shown) shown.textContent = answer.ok ? shown.dataset.saved : shown.dataset.failed; },
      () => { if (shown) shown.textContent = shown.dataset.failed; });
  }
  body.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form || !form.dataset.draft) return;
    clearTimeout(waiting.get(form));
    waiting.set(form, setTimeout(keep, DRAFT, form));
  });
  body.addEventListener("submit", (event) => {
    const form = event.target;
    if (signedOut && form.method === "post" && form.dataset.asked !== "go") {
      event.preventDefault();
      if (form.dataset.asked) return;  // pressed twice
      form.dataset.asked = "1";
      const go = () => { form.dataset.asked = "go"; form.requestSubmit(event.submitter); delete form.dataset.asked; };
      const stay = () => { delete form.dataset.asked; trouble.scrollIntoView({ block: "nearest" }); };
      comeBack().then((mine) => (mine ? go() : stay()), go);
      return;
    }
    if (navigator.onLine === false && form.method === "post") {
      event.preventDefault();  // the browser's own error page would take the words away
      say(trouble.dataset.offline, null);
      trouble.scrollIntoView({ block: "nearest" });
      return;
    }
    clearTimeout(waiting.get(form));
    waiting.delete(form);
    if (form.method === "post" && form.dataset.sent) { event.preventDefault(); return; }
    if (!("download" in form.dataset)) form.dataset.sent = "1";  // a file leaves the page where it is
  });
  addEventListener("focus", () => comeBack().catch(() => {}));
  addEventListener("online", () => { if (trouble.textContent === trouble.dataset.offline) say("", null); });
  addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });
  addEventListener("pagehide", () => { for (const form of waiting.keys()) keep(form, true); });
  body.addEventListener("click", (event) => {
    const discard = event.target.closest("[data-discard]");
    if (discard) {
      const form = discard.form || discard.closest("form");
      for (const field of form.elements) {
        if (field.type === "hidden" || field.type === "button" || field.type === "submit" || "stays" in field.dataset) continue;
        if (field.type === "checkbox") field.checked = false; else field.value = "";
      }
      keep(form);
      discard.closest(".restored").remove();
    }
    const copies = event.target.closest("[data-copy]");
    if (copies) copy(copies.dataset.copy);
  });
  function copy(text) {
    if (navigator.clipboard && window.isSecureContext) { navigator.clipboard.writeText(text); return; }
    const field = document.createElement("textarea");  // plain http on an intranet has no clipboard
    field.value = text; field.setAttribute("readonly", ""); field.className = "unseen";
    const before = document.activeElement;
    body.append(field); field.select(); document.execCommand("copy"); field.remove();
    if (before) before.focus();
  }

  // --- text modules: // in a text
  let list = null, into = null, from = 0;
  function close() { if (list) { list.remove(); list = null; } }
  function choose(item) {
    const words = item.dataset.words, end = into.selectionStart;
    into.setRangeText(words, from, end, "end");
    into.dispatchEvent(new Event("input", { bubbles: true }));
    close();
  }
  function mark(step) {
    const shown = [...list.children].filter((one) => !one.hidden);
    const at = shown.findIndex((one) => one.getAttribute("aria-selected") === "true");
    for (const one of list.children) one.setAttribute("aria-selected", "false");
    const next = shown[(at + step + shown.length) % shown.length];
    if (next) { next.setAttribute("aria-selected", "true"); next.scrollIntoView({ block: "nearest" }); }
  }
  body.addEventListener("input", (event) => {
    const field = event.target;
    if (field.tagName !== "TEXTAREA" || event.isComposing) return;
    const before = field.value.slice(0, field.selectionStart), at = before.lastIndexOf("//");
    if (at < 0 || /[\s:]/.test(before.slice(at + 2)) || before[at - 1] === ":") { close(); return; }
    const source = document.getElementById("modules");
    if (!source) return;
    into = field; from = at;
    if (!list) {
      list = document.createElement("ul");
      list.className = "modules"; list.setAttribute("role", "listbox");
      list.append(source.content.cloneNode(true));
      for (const one of list.children) one.setAttribute("role", "option");
      list.addEventListener("mousedown", (press) => { press.preventDefault(); choose(press.target.closest("li")); });
      field.after(list);
    }
    const said = before.slice(at + 2);
    for (const one of list.children) one.hidden = !one.textContent.includes(said);
    mark(0); mark(1);
  });
  body.addEventListener("keydown", (event) => {
    if (!list || event.isComposing) return;
    if (event.key === "ArrowDown") mark(1);
    else if (event.key === "ArrowUp") mark(-1);
    else if (event.key === "Enter" || event.key === "Tab") {
      const chosen = list.querySelector("[aria-selected=true]:not([hidden])");
      if (!chosen) { close(); return; }
      choose(chosen);
    } else if (event.key === "Escape") close();
    else return;
    event.preventDefault(); event.stopImmediatePropagation();
  }, true);
  body.addEventListener("focusout", close);

  for (const button of document.querySelectorAll("[data-opens], [data-discard], [data-copy]")) button.hidden = false;
  // Typed and not sent yet, sent and refused, or about to be sent: what comes by itself may not take
  // it away.
  const written = (one) => (one.tagName === "SELECT"
    ? one.selectedIndex !== Math.max(0, [...one.options].findIndex((option) => option.defaultSelected))
    : one.type === "checkbox" || one.type === "radio" ? one.checked !== one.defaultChecked
      : one.type !== "hidden" && ("typed" in one.dataset ? one.value !== "" : one.value !== one.defaultValue));
  window.huiyin = { post, copy, written, signedOut: () => signedOut };
  document.addEventListener("DOMContentLoaded", listen);  // when every script of the page is there
  setInterval(alive, ALIVE);
  body.addEventListener("huiyin:changed", (event) => {
    const mine = document.querySelector("[data-here]");
    if (mine && event.detail.includes(mine.dataset.here)) alive();
  });
})();
