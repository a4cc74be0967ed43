/* Comfort for the public pages; every page works without it. Written for Chromium 86. */
"use strict";
(function () {
  var DRAFT = "huiyin.draft";
  var DAY = 24 * 60 * 60 * 1000;
  // Never the name or the telephone number: telephones are shared, and the browser offers both.
  var KEPT = ["what", "where"];

  function draft(value) {
    try {
      if (value === undefined) { return JSON.parse(localStorage.getItem(DRAFT) || "null"); }
      if (value === null) { localStorage.removeItem(DRAFT); return null; }
      localStorage.setItem(DRAFT, JSON.stringify(value));
    } catch (refused) { /* a browser without storage still sends */ }
    return null;
  }

  function sendOnce(form) {
    var button = form.querySelector("button[type=submit]");
    var words = button.textContent;
    form.addEventListener("submit", function (event) {
      var offline = document.getElementById("offline");
      if (offline && navigator.onLine === false) {
        event.preventDefault();  // the browser's own error page would take the words away
        offline.setAttribute("role", "alert");
        offline.hidden = false;
        offline.focus();
        return;
      }
      // After the event, or the browser would leave out the form.
      setTimeout(function () { button.disabled = true; button.textContent = form.dataset.sending; }, 0);
    });
    // Coming back by the back button, or a connection that never answered, gives the button back.
    function again() { button.disabled = false; button.textContent = words; }
    window.addEventListener("pageshow", again);
    form.addEventListener("input", again);
  }

  function keepDraft(form) {
    var earlier = draft();
    var empty = KEPT.every(function (name) { return !form.elements[name].value; });
    if (earlier && empty && Date.now() - earlier.at < DAY) {
      KEPT.forEach(function (name) { form.elements[name].value = earlier[name] || ""; });
      document.getElementById("restored").hidden = false;
    }
    form.addEventListener("input", function () {
      var now = { at: Date.now() };
      KEPT.forEach(function (name) { now[name] = form.elements[name].value; });
      draft(now);
    });
  }

  function offerPlace(form) {
    if (!("geolocation" in navigator) || !window.isSecureContext) { return; }
    var said = document.getElementById("located");
    document.getElementById("locating").hidden = false;
    document.getElementById("locate").addEventListener("click", function () {
      navigator.geolocation.getCurrentPosition(function (found) {
        form.elements.latitude.value = found.coords.latitude.toFixed(6);
        form.elements.longitude.value = found.coords.longitude.toFixed(6);
        said.textContent = said.dataset.found;
      }, function () {
        said.textContent = said.dataset.failed;
      }, { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 });
    });
  }

  var help = document.getElementById("help");
  if (help) { keepDraft(help); offerPlace(help); }
  Array.prototype.forEach.call(document.querySelectorAll("form.once"), sendOnce);
  if (document.querySelector("[data-sent]")) { draft(null); }
})();
