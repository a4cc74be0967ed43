/* Lets the page of a worker in the field open without a signal. It keeps that page and its files,
   nothing else; signing out wipes them. Written for Chromium 86. */
"use strict";
const KEPT = "huiyin-field-1";
const PAGE = "/field";
const PATIENCE = 5000;
let wiped = false;  // signed out: an answer that is still on its way is not kept any more

self.addEventListener("install", () => { self.skipWaiting(); });
self.addEventListener("activate", (event) => { event.waitUntil(self.clients.claim()); });

self.addEventListener("message", (event) => {
  if (event.data && event.data.keep) { wiped = false; event.waitUntil(keep(event.data.keep)); }
  if (event.data === "wipe") { wiped = true; event.waitUntil(caches.delete(KEPT)); }
});

async function keep(addresses) {
  const cache = await caches.open(KEPT);
  for (const address of addresses) {
    try {
      const answer = await fetch(address, { credentials: "same-origin" });
      if (answer.ok && !answer.redirected) { await cache.put(plain(address), answer); }
    } catch (away) { /* the next visit tries again */ }
  }
}

function plain(address) {
  const url = new URL(address, self.location.origin);
  return url.pathname === PAGE ? PAGE : url.pathname + url.search;
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) { return; }
  if (url.pathname === PAGE) { event.respondWith(page(event.request)); }
  else if (url.pathname.startsWith("/static/")) { event.respondWith(file(event.request)); }
});

async function page(request) {
  const waiting = new Promise((resolve) => setTimeout(resolve, PATIENCE));
  const network = fetch(request);
  network.then(renew).catch(() => { /* the page that is kept stays */ });
  const kept = await read(PAGE);
  if (!kept) { return network; }
  try {
    return (await Promise.race([network, waiting])) || kept;
  } catch (away) {
    return kept;
  }
}

async function renew(answer) {
  // Kept as a copy of our own: an answer that was led elsewhere (to sign in) is not the page.
  if (wiped || !answer.ok || answer.redirected) { return; }
  const copy = answer.clone();
  await (await caches.open(KEPT)).put(PAGE, copy);
}

async function read(address) {
  try {
    return await caches.match(address, { cacheName: KEPT });  // opening would make a store anew
  } catch (unreadable) {
    return undefined;  // what cannot be read is fetched
  }
}

async function file(request) {
  return (await read(plain(request.url))) || fetch(request);
}
