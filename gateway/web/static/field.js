/* The queue of a worker in the field: every entry is kept on this telephone first, sent when there
   is a signal, forgotten only when the server has answered for its key. Without this script the page
   is plain forms. Written for Chromium 86. */
"use strict";
(function () {
  const root = document.getElementById("field");
  if (!root || !("indexedDB" in window)) { return; }
  const words = root.dataset;
  const LONGEST = 1280;
  const AGAIN = 30000;
  const PLACE = 15000;
  let database = null;
  let sending = false;
  let wanted = false;
  let arrived = [];
  let leaving = false;
  let place = null; // the place that is being found for the report that is being written
  const finding = new Set(); // keys of entries that wait for theirs

  function id() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function open() {
    return new Promise((resolve, reject) => {
      const asked = indexedDB.open("huiyin.field", 1);
      asked.onupgradeneeded = () => { asked.result.createObjectStore("queue", { keyPath: "key" }); };
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
      asked.onblocked = () => reject(new Error("blocked"));
    });
  }

  function store(how, work) {
    return new Promise((resolve, reject) => {
      const act = database.transaction("queue", how);
      const result = work(act.objectStore("queue"));
      act.oncomplete = () => resolve(result && result.result);
      act.onerror = () => reject(act.error);
      act.onabort = () => reject(act.error);
    });
  }

  const all = async () =>
    (await store("readonly", (queue) => queue.getAll()))
      .filter((entry) => entry.login === words.login)
      .sort((one, other) => haste(other) - haste(one) || one.order - other.order);
  const haste = (entry) => ["", "urgent", "danger"].indexOf(entry.fields.urgent || "");
  const put = (entry) => store("readwrite", (queue) => { queue.put(entry); });
  const drop = (key) => store("readwrite", (queue) => { queue.delete(key); });

  /* The photo, no longer than it need be. What cannot be made smaller here goes as it is. */
  async function shrink(file) {
    try {
      const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
      const part = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.max(1, Math.round(picture.width * part));
      canvas.height = Math.max(1, Math.round(picture.height * part));
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.8));
      return blob || file;
    } catch (unreadable) {
      return file;
    }
  }

  function read(form) {
    const fields = {};
    new FormData(form).forEach((value, name) => {
      if (typeof value === "string" && name !== "csrf" && name !== "key") { fields[name] = value; }
    });
    return fields;
  }

  /* The server refuses a report without words, category and photo; so it need not wait here. */
  function empty(fields, photo) {
    return fields.kind === "report" && !photo && !fields.what.trim() && !fields.category;
  }

  async function keep(form) {
    const now = new Date();
    const fields = read(form);
    fields.written_at = now.toISOString();
    fields.seen_at = fields.seen_at ? new Date(fields.seen_at).toISOString() : fields.written_at;
    const chosen = form.elements.photo && form.elements.photo.files[0];
    if (empty(fields, chosen)) {
      say(words.empty);
      form.elements.what.focus();
      return;
    }
    const entry = {
      // Made here, not printed with the form: the page may be the same one for many entries.
      key: id(), login: words.login, order: now.getTime(), fields: fields,
      photo: chosen ? await shrink(chosen) : null, reason: "",
    };
    const sought = form.id === "report-form" ? place : null;
    if (sought) { finding.add(entry.key); }
    try {
      await put(entry);
    } catch (full) { // this telephone keeps nothing: send it as a plain form
      form.submit();
      return;
    }
    form.reset();
    if (form.id === "report-form") { unplaced(); }
    await show();
    say(words.kept);
    if (sought) { add(entry, sought).then(send); }
    send(); // not waited for: the next report can be saved while a photo is on its way
  }

  /* The next report is of another place. */
  function unplaced() {
    place = null;
    document.getElementById("located").textContent = "";
  }

  /* A report that was saved while its place was still being found: it is kept already, and goes out
     with the place, or without it where none comes. */
  async function add(entry, sought) {
    const found = await sought;
    if (found) {
      Object.assign(entry.fields, found);
      await put(entry).catch(() => {});
    } else {
      say(words.kept, document.getElementById("located").dataset.failed);
    }
    finding.delete(entry.key);
  }

  function say(...lines) {
    const box = document.getElementById("saved");
    box.hidden = false;
    box.replaceChildren(...lines.map((line) => {
      const said = document.createElement("p");
      said.append(line);
      return said;
    }));
    box.scrollIntoView({ block: "nearest" });
  }

  async function show() {
    const entries = await all();
    document.getElementById("queue").hidden = !entries.length;
    document.getElementById("count").textContent = entries.length;
    document.getElementById("offline").hidden = navigator.onLine;
    document.getElementById("call-now").hidden =
      !entries.some((entry) => ["urgent", "danger"].includes(entry.fields.urgent));
    const list = document.getElementById("entries");
    list.textContent = "";
    document.querySelectorAll("[data-door]").forEach((door) => { mark(door, false); });
    entries.forEach((entry) => {
      const item = document.createElement("li");
      const told = entry.fields.what || entry.fields.note || entry.fields.outcome || "";
      item.textContent = told.slice(0, 60) + " · " + (entry.reason ? words.refused : words.waiting);
      if (entry.reason) { refusal(item, entry); }
      list.append(item);
      if (entry.fields.of && !entry.reason) {
        const name = entry.fields.kind + "-" + entry.fields.of;
        const door = document.querySelector("[data-door='" + name + "']");
        if (door) { mark(door, true); }
      }
    });
  }

  function mark(door, waiting) {
    door.querySelector("[data-state]").hidden = !waiting;
    door.classList.toggle("waiting", waiting);
  }

  function refusal(item, entry) {
    const why = document.createElement("p");
    why.className = "error";
    why.textContent = entry.reason;
    item.append(why);
    const edit = document.createElement("button");
    edit.type = "button";
    edit.textContent = words.edit;
    edit.addEventListener("click", () => { again(entry); });
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "plain";
    remove.textContent = words.drop;
    remove.addEventListener("click", async () => { await drop(entry.key); await show(); });
    item.append(edit, remove);
  }

  /* A refused entry goes back into its form with every word, its photo and when it was seen; where
     its door is on the page no more, into a report. It gets a key of its own. */
  async function again(entry) {
    const name = entry.fields.kind + "-" + entry.fields.of;
    const report = document.getElementById("report-form");
    const form = (entry.fields.of && document.querySelector("[data-door='" + name + "'] form")) || report;
    const fields = Object.assign({}, entry.fields);
    if (form === report) { fields.what = fields.what || fields.note || ""; }
    const seen = new Date(fields.seen_at);
    fields.seen_at = new Date(seen - seen.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
    Object.keys(fields).forEach((field) => {
      const input = form.elements[field];
      if (input && input.type !== "hidden" && input.type !== "file") {
        if (input.type === "checkbox") { input.checked = true; } else { input.value = fields[field]; }
      }
    });
    if (entry.photo && form.elements.photo) {
      const files = new DataTransfer();
      files.items.add(new File([entry.photo], "photo.jpg", { type: entry.photo.type }));
      form.elements.photo.files = files.files;
    }
    const box = form.closest("details");
    if (box) { box.open = true; }
    form.scrollIntoView();
    await drop(entry.key);
    await show();
  }

  async function session() {
    const answer = await fetch("/field/session", { headers: { accept: "application/json" } });
    return answer.ok ? answer.json() : null;
  }

  async function send() {
    if (sending) { wanted = true; return; }
    sending = true;
    wanted = false;
    arrived = [];
    try {
      if (!(await all()).length) { return; }
      const me = await session();
      if (!me || me.login !== words.login) { say(words.again); return; }
      for (const { key } of await all()) {
        const entry = (await all()).find((each) => each.key === key); // as it is by now
        if (!entry || entry.reason || finding.has(key)) { continue; }
        if (!(await post(entry, me.csrf))) { break; }
      }
      if (arrived.length) { await renew(); }
    } catch (away) { /* no signal: it waits here */ } finally {
      sending = false;
      await show();
      if (wanted) { setTimeout(send, 0); }
    }
  }

  /* True when the next one may be tried. Only an answer for this very key lets go of an entry. */
  async function post(entry, csrf) {
    const body = new FormData();
    Object.keys(entry.fields).forEach((name) => { body.append(name, entry.fields[name]); });
    body.append("key", entry.key);
    if (entry.photo) { body.append("photo", entry.photo, "photo.jpg"); }
    const answer = await fetch("/field/entries", {
      method: "POST", body: body, headers: { "x-csrf-token": csrf, accept: "application/json" },
    });
    const said = await answer.json().catch(() => ({}));
    if (answer.ok && said.kept && said.key === entry.key) {
      await drop(entry.key);
      await show();
      arrived.push(words.sent.replace("NUMBER", said.number || "")
        + (said.problems || []).map((problem) => " " + problem).join("")
        + ((said.differs || []).length ? " " + words.differs : ""));
      say(...arrived);
      if (entry.fields.of) { done(entry); }
      return true;
    }
    if (![401, 403, 408, 429].includes(answer.status) && answer.status >= 400 && answer.status < 500) {
      entry.reason = said.error || String(answer.status);
      await put(entry);
      return true;
    }
    return false;
  }

  /* What was reported stands on the page as soon as it has arrived. */
  async function renew() {
    const answer = await fetch(words.scope, { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    ["section[aria-labelledby=mine]", "a[href='#mine']"].forEach((place) => {
      const [old, fresh] = [document.querySelector(place), page.querySelector(place)];
      if (old && fresh) { old.replaceWith(fresh); }
    });
  }

  function done(entry) {
    const name = entry.fields.kind + "-" + entry.fields.of;
    const door = document.querySelector("[data-door='" + name + "']");
    if (door) { door.remove(); }
  }

  /* Where the telephone is, or null: also where nobody answers whether it may be asked. */
  function locate() {
    return new Promise((resolve) => {
      setTimeout(resolve, PLACE, null);
      navigator.geolocation.getCurrentPosition((found) => {
        resolve({
          latitude: found.coords.latitude.toFixed(6),
          longitude: found.coords.longitude.toFixed(6),
          datum: "WGS-84",
        });
      }, () => { resolve(null); }, { enableHighAccuracy: true, timeout: PLACE, maximumAge: 60000 });
    });
  }

  function placing() {
    const line = document.getElementById("locating");
    const said = document.getElementById("located");
    const form = document.getElementById("report-form");
    if (!("geolocation" in navigator) || !window.isSecureContext) { return; }
    line.hidden = false;
    document.getElementById("locate").addEventListener("click", async () => {
      const sought = locate();
      place = sought;
      said.textContent = "";
      const found = await sought;
      if (place !== sought) { return; } // that report is saved, or it was asked once more
      place = null;
      Object.keys(found || {}).forEach((name) => { form.elements[name].value = found[name]; });
      said.textContent = found ? said.dataset.found : said.dataset.failed;
    });
  }

  /* What was cached of households goes when somebody signs out; what waits to be sent stays for the
     next sign-in of the same person, and is said. */
  function leave() {
    const form = document.querySelector("form[action='/sign-out']");
    if (!form) { return; }
    form.addEventListener("submit", async (event) => {
      if (leaving) { return; }
      event.preventDefault();
      if ((await all()).length && !form.dataset.asked) {
        form.dataset.asked = "1";
        say(words.leave);
        return;
      }
      leaving = true;
      const worker = navigator.serviceWorker && navigator.serviceWorker.controller;
      if (worker) { worker.postMessage("wipe"); }
      if (window.caches) { await caches.delete("huiyin-field-1"); }
      form.submit();
    });
  }

  async function attend() {
    if (!("serviceWorker" in navigator)) { say(words.open); return; }
    try {
      await navigator.serviceWorker.register(words.worker, { scope: words.scope });
      const ready = await navigator.serviceWorker.ready;
      const files = Array.from(document.querySelectorAll("link[rel=stylesheet], script[src]"),
        (each) => each.href || each.src);
      ready.active.postMessage({ keep: [words.scope].concat(files) });
    } catch (refused) { say(words.open); }
  }

  open().then(async (opened) => {
    database = opened;
    document.querySelectorAll("form[data-entry]").forEach((form) => {
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        const button = form.querySelector("button.wide");
        if (button.disabled) { return; } // a second press of the same entry
        button.disabled = true;
        keep(form).finally(() => { button.disabled = false; });
      });
    });
    placing();
    leave();
    await show();
    document.getElementById("send-now").addEventListener("click", send);
    window.addEventListener("online", send);
    window.addEventListener("offline", show);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) { send(); } });
    setInterval(send, AGAIN);
    await send();
    attend();
  }).catch(() => { /* a browser that keeps nothing: the plain forms send at once */ });
})();
