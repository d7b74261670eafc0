"use strict";
const NAME = "r-VERSION", HELD = KEPT;
self.addEventListener("install", event => event.waitUntil(caches.open(NAME).then(cache => cache.addAll(HELD)).then(() => self.skipWaiting())));
self.addEventListener("activate", event => event.waitUntil(caches.keys()
  .then(names => Promise.all(names.filter(name => name.startsWith("r-") && name != NAME && name != "r-form").map(name => caches.delete(name)))).then(() => self.clients.claim())));
self.addEventListener("fetch", event => {
  const request = event.request, url = new URL(request.url);
  if (url.origin != location.origin) return;
  if (request.mode == "navigate") event.respondWith(fetch(request).catch(() => caches.match("/offline")));
  else if (url.pathname.startsWith("/form/")) event.respondWith(caches.match(request).then(found => found || fetch(request)));
  else if (HELD.includes(url.pathname)) event.respondWith(caches.match(request).then(found => found || fetch(request)));
});
