"use strict";
// The questionnaire without the net: the same rules as on the server, from a table. Nothing leaves this page but what is encrypted to the server.
const main = document.getElementById("page"), T = value => value === true ? "true" : value === false ? "false" : String(value);
const N = value => typeof value == "string" ? (/^\s*-?(\d+(\.\d*)?|\.\d+)\s*$/.test(value) ? +value : NaN) : +value;
const B = value => typeof value == "number" ? value != 0 && !isNaN(value) : !!value;
const split = text => text.split(/\s+/).filter(Boolean), whole = value => isFinite(value) ? Math.trunc(value) : value;
const least = (values, choose) => { const numbers = values.map(N); return numbers.some(isNaN) ? NaN : choose(...numbers); };
const FUNCTIONS = {
  "selected": (said, name) => split(T(said)).includes(T(name)), "selected-at": (said, place) => split(T(said))[whole(N(place))] || "",
  "count-selected": said => split(T(said)).length, "coalesce": (a, b) => ["", "NaN"].includes(T(a)) ? b : a, "if": (test, yes, no) => B(test) ? yes : no,
  "not": value => !B(value), "true": () => true, "false": () => false, "boolean": B, "number": N, "int": value => whole(N(value)),
  "round": (value, digits = 0) => {
    const places = whole(N(digits)), number = N(value), scale = 10 ** Math.max(-15, Math.min(15, places));
    return !isFinite(places) ? NaN : isFinite(number * scale) ? Math.floor(number * scale + .5) / scale || (number < 0 ? -0 : 0) : number;
  },
  "floor": value => Math.floor(N(value)), "ceiling": value => Math.ceil(N(value)), "abs": value => Math.abs(N(value)),
  "min": (...values) => least(values, Math.min), "max": (...values) => least(values, Math.max), "string": T, "string-length": value => [...T(value)].length,
  "normalize-space": value => split(T(value)).join(" "), "concat": (...values) => values.map(T).join(""), "contains": (a, b) => T(a).includes(T(b)),
  "starts-with": (a, b) => T(a).startsWith(T(b)), "ends-with": (a, b) => T(a).endsWith(T(b)),
  "substr": (text, start, end = Infinity) => [...T(text)].slice(whole(N(start)) || 0, whole(N(end)) || 0).join(""),
};
function value(rule, at) {
  const [sign, a, b] = rule;
  switch (sign) {
    case "v": return a;
    case "r": return T(at.answers[a] ?? "");
    case ".": return T(at.current ?? "");
    case "a": return at.row?.[a] ?? "";
    case "f": return FUNCTIONS[a](...rule.slice(2).map(part => value(part, at)));
    case "and": return B(value(a, at)) && B(value(b, at));
    case "or": return B(value(a, at)) || B(value(b, at));
  }
  const x = value(a, at), y = value(b, at);
  if (sign == "=" || sign == "!=") {
    const some = kind => typeof x == kind || typeof y == kind;
    return (some("boolean") ? B(x) == B(y) : some("number") ? N(x) == N(y) : x == y) == (sign == "=");
  }
  const m = N(x), n = N(y);
  return { "<": () => m < n, "<=": () => m <= n, ">": () => m > n, ">=": () => m >= n, "+": () => m + n, "-": () => m - n, "*": () => m * n, "div": () => m / n, "mod": () => m % n }[sign]();
}
const names = rule => !Array.isArray(rule) ? [] : rule[0] == "r" ? [rule[1]] : rule[0] == "v" ? [] : rule.flatMap(names);
function ordered(items) {
  const done = new Set(), known = new Set(items.map(item => item.n)), found = [];
  let waiting = items;
  while (waiting.length) {
    const later = [];
    for (const item of waiting)
      if ([...names(item.r), ...names(item.x), ...names(item.f).filter(name => name != item.n)].every(name => done.has(name) || !known.has(name))) { done.add(item.n); found.push(item); } else later.push(item);
    if (later.length == waiting.length) return found.concat(later);
    waiting = later;
  }
  return found;
}
function effective(items, answers) {
  const values = {}, applies = {};
  for (const item of ordered(items)) {
    applies[item.n] = !item.r || B(value(item.r, { answers: values }));
    if (!applies[item.n]) continue;
    if (item.x) { const found = value(item.x, { answers: values }); values[item.n] = typeof found == "number" && !isNaN(found) ? found : found !== found ? "" : T(found); }
    else if (item.n in answers) {
      values[item.n] = answers[item.n];
      if (item.f) {
        const there = offered(item, values).map(choice => choice[0]), left = split(T(answers[item.n])).filter(name => there.includes(name)).join(" ");
        if (left) values[item.n] = left; else delete values[item.n];
      }
    }
  }
  return { values, applies };
}
let table, fill, words, redraw = () => {};
const word = (key, put = {}) => Object.entries(put).reduce((text, [name, said]) => text.replace(`{${name}}`, said), words[key] || key);
// The same, marked where another language lends it.
const say = (key, put) => table?.lent?.includes(key) ? node("span", { lang: table.lender, dir: "ltr" }, word(key, put)) : word(key, put);
const offered = (item, answers) => table.scales[item.s].filter(([name, , row]) => !item.f || B(value(item.f, { answers, row: { name, ...row } })));
// What was typed or chosen, without the rules: {value} or {wrong}.
function heard(item, said) {
  if (!said.length || item.k == "note") return {};
  if (item.s) {
    const there = table.scales[item.s].map(choice => choice[0]);
    if (said.some(name => !there.includes(name))) return { wrong: say("wrong.choice") };
    return { value: item.k == "many" ? there.filter(name => said.includes(name)).join(" ") : said[0] };
  }
  if (item.k != "number") return { value: said[0] };
  const plain = said[0].replace(/\s/g, "").replace(/[,٫]/, ".").replace(/[٠-٩۰-۹]/g, digit => digit.charCodeAt(0) & 15);
  return /^-?\d{1,9}(\.\d{1,6})?$/.test(plain) ? { value: +plain } : { wrong: say("wrong.number") };
}
// The same held against the form's rules.
function understood(item, said, answers) {
  const got = heard(item, said), found = got.value;
  if (!("value" in got)) return got;
  const now = { answers: effective(table.items, { ...answers, [item.n]: found }).values, current: found };
  if (item.f) { const there = offered(item, now.answers).map(choice => choice[0]); if (said.some(name => !there.includes(name))) return { wrong: say("wrong.choice") }; }
  if ((item.lo != null && found < item.lo) || (item.hi != null && found > item.hi)) return { wrong: item.m || (item.lo != null && item.hi != null ? say("wrong.range", { low: item.lo, high: item.hi }) : say("wrong.rule")) };
  return item.c && !B(value(item.c, now)) ? { wrong: item.m || say("wrong.rule") } : got;
}
const typed = () => { const found = {}; for (const item of table.items) if (item.n in fill.answers) { const got = heard(item, [].concat(fill.answers[item.n]).map(T)); if ("value" in got) found[item.n] = got.value; } return found; };
// Whether an item has an answer that counts as the others stand now.
const stands = item => item.n in values() && "value" in understood(item, answered(item.n), typed());
const kept = () => Object.fromEntries(Object.keys(typed()).map(name => [name, fill.answers[name]]));
function pages() {
  const { applies } = effective(table.items, typed());
  return table.items.filter(item => applies[item.n] && !item.x && (!fill.short || table.short.includes(item.n)));
}
function node(kind, put = {}, ...inner) {
  const made = document.createElement(kind);
  for (const [name, said] of Object.entries(put)) if (name == "on") made.onclick = said; else if (said !== false) made.setAttribute(name, said === true ? "" : said);
  made.append(...inner.filter(part => part != null));
  return made;
}
const button = (key, on, kind = "", put) => node("button", { type: "button", class: kind, on }, say(key, put));
function show(heading, ...inner) {
  main.replaceChildren(...inner.filter(Boolean));
  const focus = main.querySelector(".wrong") || main.querySelector("h1");
  if (focus) { focus.tabIndex = -1; focus.focus(); }
  document.title = heading || table?.title || document.title;
  scrollTo(0, 0);
}
const values = () => effective(table.items, typed()).values;
const piped = text => text.replace(/\$\{\s*([\w.-]+)\s*\}/g, (_, name) => {
  const item = table.items.find(one => one.n == name), said = T(values()[name] ?? "");
  return item?.s ? split(said).map(word => table.scales[item.s].find(choice => choice[0] == word)?.[1] || word).join(", ") : said;
});
const wide = () => matchMedia(`(min-width:${document.documentElement.className ? 66 : 48}rem)`).matches;
// The rows of the item's table, where the screen is wide enough for one.
const rowsOf = item => { const rows = item.g && wide() ? pages().filter(one => one.g == item.g) : []; return rows.length > 1 ? rows : [item]; };
const answered = name => [].concat(fill.answers[name] ?? []).map(T);
const hint = text => text ? node("p", { class: "hint" }, text) : null;
function fields(item, said) {
  const head = node("h1", { class: item.k == "note" ? "ask note" : "ask" }, item.s || item.k == "note" ? piped(item.l) : node("label", { for: "a" }, piped(item.l)));
  if (item.k == "note") return [head, hint(piped(item.h || ""))];
  if (item.s) return [node("fieldset", {}, node("legend", {}, head), hint(piped(item.h || "")), hint(item.k == "many" && say("choose_many")),
    ...offered(item, values()).map(([name, text]) => node("label", { class: "pick" }, node("input", { type: item.k == "many" ? "checkbox" : "radio", name: "a", value: name, checked: said.includes(name) }), node("span", {}, text))))];
  return [head, hint(piped(item.h || "")), hint(say(item.k == "number" ? "number_hint" : "text_hint")),
    item.k == "number" ? node("input", { id: "a", name: "a", class: "number", inputmode: "decimal", autocomplete: "off", value: said[0] || "" }) : node("textarea", { id: "a", name: "a", rows: 5, maxlength: 2000 }, said[0] || "")];
}
function grid(rows) {
  const choices = table.scales[rows[0].s];
  return [node("h1", { class: "ask" }, table.grids[rows[0].g] || table.title), node("table", {}, node("thead", {}, node("tr", {}, node("td"), ...choices.map(([name, text]) => node("th", { scope: "col", id: "c" + name }, text)))),
    node("tbody", {}, ...rows.map(row => node("tr", {}, node("th", { scope: "row", id: "r" + row.p }, piped(row.l)), ...choices.map(([name]) => node("td", {}, node("label", {},
      node("input", { type: "radio", name: "g" + row.p, value: name, "aria-labelledby": `r${row.p} c${name}`, checked: answered(row.n).includes(name) }))))))))];
}
function ask(item, wrong = "", said = answered(item.n)) {
  const list = pages(), rows = rowsOf(item), left = list.filter(one => one.k != "note" && one.p >= rows[0].p).length, go = step => move(item, step);
  fill.at = item.n;
  redraw = () => { hear(item); ask(item); };
  show(piped(item.l), node("p", { class: "left" }, item.k == "note" ? say("read") : left == 1 ? say("left_one") : say("left_many", { left })), wrong ? node("p", { class: "wrong", role: "alert" }, wrong) : null,
    ...(rows.length > 1 ? grid(rows) : fields(item, said)),
    node("div", { class: "go" }, button("next", () => go("next"), "main"), list[0]?.n == rows[0].n ? null : button("back", () => go("back")), item.k == "note" || rows.some(one => one.q) ? null : button("skip", () => go("skip"))));
  form.className = rows.length > 1 ? "table" : "";
  form.onsubmit = event => { event.preventDefault(); go("next"); };
  aloud(word("aloud"));
  touched();
}
// Keep what stands on the page; says what is wrong with it.
function hear(item) {
  const rows = rowsOf(item), typing = new FormData(form);
  if (rows.length > 1) {
    for (const row of rows) if (typing.get("g" + row.p)) fill.answers[row.n] = [typing.get("g" + row.p)];
    return rows.every(row => row.n in fill.answers) ? "" : say("wrong.rows");
  }
  const said = typing.getAll("a").filter(Boolean), got = understood(item, said, typed());
  if ("value" in got) fill.answers[item.n] = said; else if (!got.wrong) delete fill.answers[item.n];
  return got.wrong || (item.k != "note" && !("value" in got) ? say(item.q ? "wrong.required" : "wrong.none") : "");
}
function move(item, step) {
  const rows = rowsOf(item), said = new FormData(form).getAll("a").filter(Boolean), wrong = hear(item);
  if (step == "next" && wrong) return ask(item, wrong, said);
  if (step == "skip" && rows.length < 2) delete fill.answers[item.n];
  go(rows.at(step == "back" ? 0 : -1), step == "back" ? -1 : 1);
}
async function go(item, step) {
  const list = pages(), to = step < 0 ? list.filter(one => one.p < item.p).pop() : list.find(one => one.p > item.p);
  fill.at = to ? to.n : "";
  if (!tablet) await saveFill(fill);
  if (to) ask(to); else if (step < 0) ask(item); else last();
}
function last() {
  const list = pages(), open = list.find(item => item.q && item.k != "note" && !stands(item));
  if (open) return ask(open, say("wrong.required"));
  form.onsubmit = event => event.preventDefault();
  redraw = last;
  show("", node("h1", {}, say("send.title")), node("p", {}, say("send.answered", { count: list.filter(stands).length })), node("p", {}, say("send.about")),
    node("div", { class: "go" }, button("send.go", finish, "main"), button("back", () => ask(list[list.length - 1]))));
}
async function finish() {
  const content = { ticket: fill.ticket, entry: fill.entry, token: fill.token, answers: kept(), short: fill.short, language: table.code, consent: table.consent };
  const body = await toServer(content, table.key);
  await wait((await store("q", "readwrite")).add(body));
  await forget(); fill = null;
  let left = 1;
  try { left = await flush(); } catch { /* still without the net */ }
  document.querySelector(".wait:not(.queue)")?.remove();
  thank(left);
  await said(left, 0);
}
function thank(left) {
  redraw = () => thank(left);
  show("", node("h1", {}, say(!left ? "thanks.title" : tablet ? "send.title" : "offline.saved_title")), node("p", {}, say(!left ? "thanks.about" : tablet ? "offline.saved_tablet" : "offline.saved")), table.results ? node("p", {}, table.results) : null,
    tablet ? node("div", { class: "go" }, button("thanks.next_person", begin, "main")) : left ? null : node("p", {}, say("thanks.close")));
}
const without = () => node("p", { class: "wait" }, node("strong", {}, say("offline.title"), ". "), say("offline.about"));
async function begin() {
  const entry = await get("entry");
  redraw = begin;
  if (!entry || !table) return show("", node("h1", {}, say("offline.title")), node("p", {}, say("offline.need")));
  const start = short => async () => {
    fill = { answers: {}, entry, token: [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, "0")).join(""), short };
    if (!tablet) { await saveFill(fill); await put("entry"); }
    ask(pages()[0]);
  };
  show("", node("h1", {}, say("start.title")), table.terms ? node("p", {}, table.terms) : null, node("ul", { class: "terms" }, ...["voluntary", "kept", "sealed", "withdraw"].map(key => node("li", {}, say("start." + key)))),
    without(), node("div", { class: "go one" }, button("start.yes", start(false), "main"), table.short.length ? button("start.short", start(true), "", { count: table.short.length }) : null));
}
// Back on the net: what was answered here goes into the form that was begun there.
async function online() {
  if (!fill?.ticket || document.querySelector(".online")) return;
  main.before(node("p", { class: "wait online", role: "status" }, say("offline.online"), " ", button("offline.back_online", async () => {
    const answers = kept();
    const done = await send("/merge", await toServer({ ticket: fill.ticket, answers }, table.key));
    if (done.ok) location.href = fill.at ? "/q/" + table.items.find(item => item.n == fill.at).p : "/send";
  })));
}
// A browser that thought all along that it had the net does not say when it is back: so the server is asked, as long as a form that was begun there waits.
async function look() {
  if (!fill?.ticket || document.querySelector(".online")) return;
  try { if ((await fetch("/sw.js", { cache: "no-store" })).ok) await online(); } catch { /* still without the net */ }
  setTimeout(look, LOOK);
}
// The same page in another language, of those that were fetched with the net; or in larger letters.
async function speak(path) {
  try { table = await (await caches.match(path)).json(); } catch { table ??= null; }
  words = table ? table.words : JSON.parse(document.body.dataset.words);
  if (table) { document.documentElement.lang = table.lang; document.documentElement.dir = table.dir; await put("form", path); await put("words", words); }
  const there = [], resize = async () => { const large = document.documentElement.className ? "" : "large"; document.documentElement.className = large; await put("large", large); await head(); redraw(); };
  for (const [code, name, at] of await get("forms") || []) if (await caches.match(at)) there.push(node("button", { type: "button", lang: code, "aria-current": code == table?.code && "true", on: async () => { await speak(at); redraw(); } }, name));
  async function head() {
    document.querySelector("header").replaceChildren(...(there.length > 1 ? [node("details", {}, node("summary", {}, say("languages")), node("div", { class: "menu" }, ...there))] : []),
      button(document.documentElement.className ? "normal" : "larger", resize), button("leave", async () => { await forget(); main.replaceChildren(); location.replace(document.body.dataset.leave); }, "leave"));
    document.querySelector("footer p").replaceChildren(say("nobody"));
  }
  await head();
}
// A shared tablet that nobody touches: hidden after five minutes, erased after as long again.
let waiting, shown;
function touched() {
  if (!tablet || shown) return;
  clearTimeout(waiting);
  if (fill) waiting = setTimeout(hide, WAIT);
}
function hide() {
  shown = [...main.childNodes];
  const back = () => { clearTimeout(waiting); main.replaceChildren(...shown); shown = null; touched(); }, fresh = () => { clearTimeout(waiting); shown = fill = null; begin(); };
  show("", node("h1", {}, say("again.title")), node("p", {}, say("again.about")), node("div", { class: "go one" }, button("again.go_on", back, "main"), button("again.new", fresh)));
  waiting = setTimeout(fresh, WAIT);
}
const WAIT = 300_000, LOOK = 5_000;
let tablet = false;
async function boot() {
  document.documentElement.className = await get("large") || "";
  tablet = !!await get("tablet");
  await speak(await get("form"));
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, touched);
  // A tablet takes over what was on the page a moment ago, in this window, and from here on in memory alone.
  fill = table && (!tablet || Date.now() - sessionStorage.at < WAIT) ? await readFill() : null;
  if (tablet) await forget();
  addEventListener("online", online);
  look();
  if (!fill) await begin();
  else {
    main.before(without());
    const here = table.items.find(item => item.n == fill.at), pressed = fill.pressed;
    delete fill.pressed;
    if (!here) last();
    else if (pressed == "again") { ask(here); hide(); }
    else if (pressed == "back") await go(rowsOf(here)[0], -1);
    else if (pressed == "skip" || (pressed == "next" && rowsOf(here).every(row => "value" in understood(row, answered(row.n), typed())))) await go(here, 1);
    else ask(here);
  }
  try { await flush(); } catch { /* without the net */ }
}
if (safe && document.body.dataset.shell !== undefined) boot();
