"use strict";
// What a page with scripts does more than one without: it keeps going without the net, and reads aloud. Everything works without this file.
const form = document.getElementById("f"), safe = self.crypto && crypto.subtle && "indexedDB" in self;
const wait = request => new Promise((yes, no) => { request.onsuccess = () => yes(request.result); request.onerror = () => no(request.error); });
let opened;
function keep() {
  if (!opened) {
    const request = indexedDB.open("r", 1);
    request.onupgradeneeded = () => { request.result.createObjectStore("k"); request.result.createObjectStore("q", { autoIncrement: true }); };
    opened = wait(request);
  }
  return opened;
}
async function store(name, mode = "readonly") { return (await keep()).transaction(name, mode, { durability: "strict" }).objectStore(name); }
const get = async key => wait((await store("k")).get(key));
async function put(key, value) {
  const to = await store("k", "readwrite");
  await (value === undefined ? wait(to.delete(key)) : wait(to.put(value, key)));
}
// The answers of an unfinished form, under a key that this browser can use and nobody can read out of it.
async function fillKey() {
  let key = await get("key");
  if (!key) await put("key", key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]));
  return key;
}
async function readFill() {
  const kept = await get("fill");
  if (!kept) return null;
  try {
    return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv: kept.slice(0, 12) }, await fillKey(), kept.slice(12))));
  } catch { return null; }
}
async function saveFill(fill) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const body = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await fillKey(), new TextEncoder().encode(JSON.stringify(fill)));
  await put("fill", await new Blob([iv, body]).arrayBuffer());
}
async function forget() { await put("fill"); await put("key"); }
// Encrypted to the server: from here on this device cannot read it either.
async function toServer(content, key) {
  const raw = Uint8Array.from(atob(key), sign => sign.charCodeAt(0)), curve = { name: "ECDH", namedCurve: "P-256" };
  const mine = await crypto.subtle.generateKey(curve, false, ["deriveBits"]);
  const point = await crypto.subtle.exportKey("raw", mine.publicKey);
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: await crypto.subtle.importKey("raw", raw, curve, false, []) }, mine.privateKey, 256);
  const from = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: point, info: new TextEncoder().encode("royst answer") };
  const secret = await crypto.subtle.deriveKey(how, from, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return new Blob([point, iv, await crypto.subtle.encrypt({ name: "AES-GCM", iv }, secret, new TextEncoder().encode(JSON.stringify(content)))]).arrayBuffer();
}
const send = (path, body) => fetch(path, { method: "POST", body, headers: { "Content-Type": "application/octet-stream" } });
// Send what waits. What the server has taken, or can never take, is erased here; the rest waits on.
async function flush() {
  const from = await store("q"), [keys, bodies] = await Promise.all([wait(from.getAllKeys()), wait(from.getAll())]);
  let left = keys.length, sent = 0, late = 0;
  for (const [place, body] of bodies.entries()) {
    let status = 0;
    try { status = (await send("/take", body)).status; } catch { break; }
    if ([200, 400, 403, 409, 410, 413, 422].includes(status)) { await wait((await store("q", "readwrite")).delete(keys[place])); left--; if (status == 200) sent++; else late++; }
  }
  await said(left, sent, late);
  return left;
}
async function said(left, sent, late = 0) {
  self.onbeforeunload = left ? event => event.preventDefault() : null;
  let bar = document.querySelector(".queue");
  if (!left && !sent && !late) return bar && bar.remove();
  const words = await get("words") || {}, put = (key, count) => (words["offline." + key] || "").replace("{count}", count);
  if (!bar) { bar = document.createElement("p"); bar.className = "wait queue"; bar.setAttribute("role", "status"); bar.dir = "auto"; document.querySelector("main").prepend(bar); }
  bar.textContent = [late && put("refused", late), left ? put("waits", left) : sent && put("sent")].filter(Boolean).join(" ");
}
async function prepare() {
  const data = form.dataset, body = document.body.dataset, inside = "item" in data, shared = "tablet" in body;
  if (data.entry) await put("entry", data.entry);
  await put("tablet", shared || undefined);
  if (inside ? shared : !("keep" in data)) await forget();
  const sent = shared && !inside && flush().catch(() => {});
  if (sent) first(Promise.race([sent, new Promise(yes => setTimeout(yes, 3000))]));
  if (inside) {
    const fill = await readFill() || { answers: {} };
    if (fill.ticket != data.ticket) { fill.answers = {}; fill.ticket = data.ticket; }
    Object.assign(fill.answers, JSON.parse(data.answers));
    fill.at = data.item; fill.short = "short" in data; delete fill.pressed;
    if (!shared) await saveFill(fill);
    let saved = false;
    form.addEventListener("submit", async event => {
      const button = event.submitter;
      if (saved || !button || button.value == "leave") return;
      event.preventDefault(); saved = true;
      const typed = new FormData(form), said = typed.getAll("a").filter(Boolean), rows = JSON.parse(data.fields || "{}"), whole = button.value.endsWith("-all");
      if (!whole) if (button.value == "skip" || !said.length) delete fill.answers[data.item]; else fill.answers[data.item] = said;
      for (const [field, name] of Object.entries(rows)) if ((whole || name != data.item) && typed.get(field)) fill.answers[name] = [typed.get(field)];
      fill.pressed = button.value.replace("-all", "");
      if (whole) fill.at = Object.values(rows).at(fill.pressed == "back" ? 0 : -1);
      // Should this fail, the page goes on as it would without scripts.
      try { await saveFill(fill); sessionStorage.at = Date.now(); } catch {}
      self.onbeforeunload = null;
      button.click();
      setTimeout(() => { saved = false; }, 3000);
    });
  }
  await navigator.serviceWorker.register("/sw.js");
  if (data.entry || inside) {
    const forms = JSON.parse(body.forms);
    await put("form", body.form); await put("forms", forms); await put("large", document.documentElement.className);
    await put("words", (await (await formAt(body.form)).json()).words);
    // The other languages once the first question is there, so that they can be chosen without the net.
    if (inside) for (const [, , path] of forms) await formAt(path);
  }
  await (sent || flush());
}
// A button waits for what is under way: on a shared tablet, what waits is sent before the next person's beginning erases a draft that it may belong to.
function first(underway) {
  let done = false;
  form.addEventListener("submit", event => {
    const button = event.submitter;
    if (done || !button) return;
    event.preventDefault();
    underway.then(() => setTimeout(() => { done = true; button.click(); })); // not while this press is still being told of
  });
}
async function formAt(path) {
  const there = await caches.match(path);
  if (there) return there;
  const asked = await fetch(path);
  if (asked.ok) await (await caches.open("r-form")).put(path, asked.clone());
  return asked;
}
function aloud(label = form.dataset.aloud) {
  if (!("speechSynthesis" in self) || !label) return;
  const lang = document.documentElement.lang.slice(0, 2), known = lang == "nb" || lang == "nn" ? ["nb", "no", "nn"] : [lang];
  const voice = speechSynthesis.getVoices().find(one => one.localService && known.includes(one.lang.slice(0, 2)));
  const before = document.querySelector(".left");
  if (!voice || !before || document.querySelector(".aloud")) return;
  const button = document.createElement("button");
  button.type = "button"; button.className = "aloud"; button.textContent = label;
  button.onclick = () => {
    speechSynthesis.cancel();
    const text = [...document.querySelectorAll(".ask,.hint,.pick span,thead th,tbody th")].filter(part => part.offsetParent).map(part => part.textContent).join(". "), speech = new SpeechSynthesisUtterance(text);
    speech.voice = voice; speech.lang = voice.lang; speech.rate = .9; speechSynthesis.speak(speech);
  };
  before.after(button);
}
// A shared tablet that nobody touches: what stands on the page is kept, and the page hidden.
function idle(seconds) {
  const pressed = form.querySelector("[value=again]");
  let timer;
  const touched = () => { clearTimeout(timer); timer = setTimeout(() => pressed.click(), seconds * 1000); };
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, touched);
  touched();
}
if (document.body.dataset.waits) idle(+document.body.dataset.waits);
const shell = document.body.dataset.shell !== undefined;
if (safe && "serviceWorker" in navigator && !shell) prepare().catch(() => {});
if ("speechSynthesis" in self && !shell) { aloud(); speechSynthesis.onvoiceschanged = () => aloud(); }
