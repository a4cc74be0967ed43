/* Comfort for the inbox and the order; both work without it. Written for Chromium 86. */
"use strict";
(function () {
  function each(found, act) { Array.prototype.forEach.call(found, act); }

  // One press sends once; the back button or a broken connection gives the button back.
  function once(form) {
    var buttons = form.querySelectorAll("button[type=submit]");
    form.addEventListener("submit", function (event) {
      setTimeout(function () { if (!event.defaultPrevented) each(buttons, function (one) { one.disabled = true; }); }, 0);
    });
    function again() { each(buttons, function (one) { one.disabled = false; }); }
    window.addEventListener("pageshow", again);
    form.addEventListener("input", again);
  }

  function several() {
    var every = document.getElementById("pick-all");
    if (!every) { return; }
    document.getElementById("pick-every").hidden = false;
    every.addEventListener("change", function () {
      each(document.querySelectorAll(".pick input:not([disabled])"), function (one) {
        one.checked = every.checked;
      });
    });
  }

  each(document.querySelectorAll("form.once"), once);
  several();
  document.addEventListener("huiyin:renewed", function (event) {
    each(event.target.querySelectorAll("form.once"), once);
    several();
  });

  var print = document.getElementById("print-now");
  if (print) {
    print.hidden = false;
    print.addEventListener("click", function () { window.print(); });
  }

  var preview = document.getElementById("preview");
  if (preview) { preview.focus(); }

  // The same check that the server makes when it is sent (referral/feedback.py).
  var form = document.getElementById("feedback");
  if (!form) { return; }
  var given = form.dataset;
  var numbers = new RegExp(given.private.replace("(?<!\\d)", "(^|[^\\d])"), "g");
  var open = given.public.split(" ");
  var box = document.getElementById("check");

  function inside(said) {
    var plain = said.normalize("NFKC").replace(/(\d)[\s\-–—.]+(?=\d)/g, "$1");
    var found = plain.match(numbers) || [];
    return found.some(function (one) {
      return open.indexOf(one.replace(/^[^\d]/, "")) < 0;
    });
  }

  function fault(name) {
    var said = form.elements[name].value.trim();
    if (name === "contacted") {
      if (!said) { return "contacted_or_not"; }
      if (said === "reached" && !given.spoken) { return "no_contact"; }
      if (said === "not_reached" && !given.tried) { return "no_attempt"; }
      return said === "no_way" && given.reachable ? "has_way" : "";
    }
    if (Array.from(said).length < Number(given.least)) { return "part_too_short"; }
    return inside(said) ? "number_inside" : "";
  }

  function look() {
    var list = box.querySelector("ul"), wrong = 0;
    list.textContent = "";
    ["found", "result", "basis", "contacted"].forEach(function (name) {
      var what = fault(name);
      if (!what) { return; }
      wrong += 1;
      var item = document.createElement("li");
      var label = form.querySelector("label[for=feedback-" + name + "]").textContent;
      var said = form.getAttribute("data-said-" + what);
      item.textContent = label + given.colon + said;
      list.appendChild(item);
    });
    box.hidden = false;
    box.className = wrong ? "" : "fit";
    box.querySelector("p").hidden = wrong > 0;
  }
  var waiting;
  form.addEventListener("input", function () {
    clearTimeout(waiting);
    waiting = setTimeout(look, 400);
  });
})();
