// Coding one transcript: marking words, putting codes on them, and showing codings as lines under the words and stripes beside them.
// Every place is a number of Unicode code points from the beginning of the text; browsers count UTF-16 units, so places are translated at the edge.
"use strict";
(() => {
const by = (id) => document.getElementById(id);
const data = JSON.parse(by("data").textContent), words = data.words;
const text = by("text"), margin = by("margin"), here = by("here"), list = by("codes"), find = by("find");
const token = by("token").querySelector("input").value;
const codes = new Map(data.codes.map((code) => [code.id, code]));
let codings = data.codings, only = null, hiddenCoders = new Set(), undo = [], current = [], active = 0;
const fill = (said, parts = {}) => Object.entries(parts).reduce((all, [key, value]) => all.replace(`{${key}}`, value), said);
const make = (tag, attributes = {}, ...children) => {
  const one = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) value === true ? one.setAttribute(key, "") : value !== false && value != null && one.setAttribute(key, value);
  one.append(...children);
  return one;
};
const tell = (said) => { by("wrong").hidden = true; by("status").textContent = said; };
const complain = (said) => { by("wrong").hidden = false; by("wrong").textContent = said; by("status").textContent = ""; };

// The text: its lines, and places in code points.
const points = (string) => { let n = 0; for (const _ of string) n++; return n; };
const paras = [...text.children].map((el) => {
  const string = el.textContent, s = Number(el.dataset.s), wide = /[\ud800-\udfff]/.test(string);
  return { el, string, s, wide, e: s + (wide ? points(string) : string.length), label: el.querySelector("b")?.textContent ?? "", marks: new Map() };
});
const byElement = new Map(paras.map((p) => [p.el, p]));
const toPoint = (p, unit) => {
  if (!p.wide) return p.s + unit;
  const inside = /[\udc00-\udfff]/.test(p.string.charAt(unit)) && /[\ud800-\udbff]/.test(p.string.charAt(unit - 1));
  return p.s + points(p.string.slice(0, inside ? unit - 1 : unit));
};
const toUnit = (p, point) => {
  if (!p.wide) return point - p.s;
  let unit = 0, left = point - p.s;
  for (const sign of p.string) { if (left-- <= 0) break; unit += sign.length; }
  return unit;
};
const paraAt = (point) => {
  let low = 0, high = paras.length - 1;
  while (low < high) { const middle = (low + high + 1) >> 1; paras[middle].s <= point ? low = middle : high = middle - 1; }
  return low;
};
const said = (start, end) => {
  const parts = [];
  for (let n = paraAt(start); n < paras.length && paras[n].s <= end; n++) {
    const p = paras[n];
    parts.push(p.string.slice(toUnit(p, Math.max(start, p.s)), toUnit(p, Math.min(end, p.e))));
  }
  return parts.join("\n");
};

// What is marked. It is remembered while somebody types in another field.
let marked = { anchor: 0, focus: 0 };
const placeOf = (node, offset) => {
  if (node === text) return offset < paras.length ? paras[offset].s : paras[paras.length - 1].e;
  const p = byElement.get((node.nodeType === 1 ? node : node.parentElement).closest("[data-s]"));
  if (!p) return null;
  const range = document.createRange();
  range.setStart(p.el, 0);
  range.setEnd(node, offset);
  return toPoint(p, range.toString().length);
};
const read = () => {
  const now = document.getSelection();
  if (!now.anchorNode || !text.contains(now.anchorNode) || !text.contains(now.focusNode)) return false;
  const anchor = placeOf(now.anchorNode, now.anchorOffset), focus = placeOf(now.focusNode, now.focusOffset);
  if (anchor === null || focus === null) return false;
  marked = { anchor, focus };
  return true;
};
const domAt = (point) => {
  const p = paras[paraAt(point)];
  let unit = toUnit(p, Math.min(point, p.e));
  const walk = document.createTreeWalker(p.el, NodeFilter.SHOW_TEXT);
  let node = null;
  while (walk.nextNode()) { node = walk.currentNode; if (unit <= node.length) return [node, unit]; unit -= node.length; }
  return node ? [node, node.length] : [p.el, 0];
};
const mark = (anchor, focus, show = true) => {
  marked = { anchor, focus };
  document.getSelection().setBaseAndExtent(...domAt(anchor), ...domAt(focus));
  if (show) {
    const range = document.createRange();
    range.setStart(...domAt(focus));
    let box = range.getBoundingClientRect();
    if (!box.height) box = paras[paraAt(focus)].el.getBoundingClientRect();
    const low = window.innerWidth < 900 ? window.innerHeight * 0.55 : window.innerHeight - 60;
    if (box.top < 60 || box.bottom > low) window.scrollBy({ top: box.top - window.innerHeight / 3 });
  }
  look();
};
const back = () => { text.focus({ preventScroll: true }); mark(marked.anchor, marked.focus, false); };
const range = () => {
  let start = Math.min(marked.anchor, marked.focus), end = Math.max(marked.anchor, marked.focus);
  const words = said(start, end), before = words.length - words.trimStart().length, after = words.length - words.trimEnd().length;
  return words.trim() ? [start + before, end - after] : [start, start];  // blanks at the edges are no words; none is outside the basic plane
};

// Words, sentences and turns.
const cutter = (kind) => ("Segmenter" in Intl ? new Intl.Segmenter(document.documentElement.lang, { granularity: kind }) : null);
const cutters = { word: cutter("word"), sentence: cutter("sentence") };
const unitsOf = (p, kind) => {
  if (p[kind]) return p[kind];
  const body = p.string.slice(p.label.length), found = [];
  const parts = cutters[kind] ? [...cutters[kind].segment(body)] : [...body.matchAll(kind === "word" ? /[\p{L}\p{N}\p{M}]+/gu : /[^.!?]+[.!?]*/g)].map((m) => ({ segment: m[0], index: m.index, isWordLike: true }));
  for (const part of parts) {
    const lead = part.segment.length - part.segment.trimStart().length, length = part.segment.trim().length;
    if (!length || (kind === "word" && !part.isWordLike)) continue;
    const at = p.label.length + part.index + lead;
    found.push([toPoint(p, at), toPoint(p, at + length)]);
  }
  return (p[kind] = found);
};
const next = (kind, test) => {
  if (kind === "turn") return data.turns.find(test);
  for (let n = Math.max(0, paraAt(Math.min(marked.anchor, marked.focus)) - 1); n < paras.length; n++) {
    const found = unitsOf(paras[n], kind).find(test);
    if (found) return found;
  }
};
const last = (kind, test) => {
  if (kind === "turn") return data.turns.findLast(test);
  for (let n = paraAt(Math.max(marked.anchor, marked.focus)); n >= 0; n--) {
    const found = unitsOf(paras[n], kind).findLast(test);
    if (found) return found;
  }
};
const select = (kind) => {
  const [start, end] = range();
  if (start === end) {
    const one = next(kind, ([, e]) => e > start) ?? last(kind, () => true);
    return one && mark(one[0], one[1]);
  }
  const head = last(kind, ([s]) => s <= start) ?? [start, start], tail = next(kind, ([, e]) => e >= end) ?? [end, end];
  const from = head[1] > start ? head[0] : start, to = tail[0] < end ? tail[1] : end;
  if (from === start && to === end) {
    const more = next(kind, ([s]) => s >= end);
    return more && mark(start, more[1]);
  }
  mark(from, to);
};
const shrink = (kind) => {
  const [start, end] = range();
  const fewer = last(kind, ([, e]) => e < end && e > start);
  mark(start, fewer ? fewer[1] : start);
};
const go = (kind, way) => {
  const at = marked.focus;
  const one = way > 0 ? next(kind, ([s]) => s > at) : last(kind, ([s]) => s < at);
  if (one) mark(one[0], one[0]);
};

// How codings look: a line under the words in the code's colour and pattern, one below the other, and a stripe with the code's name beside.
const LANES = 4, STEP = 8;
const named = (coder) => (coder === "consensus" ? words.consensus : coder);
const visible = (c) => !hiddenCoders.has(c.by) && (only === null || c.code === only);
const cover = (c) => { c.p0 = paraAt(c.s); c.p1 = paraAt(Math.max(c.s, c.e - 1)); };
const assign = (c, others) => {
  const taken = new Set(others.filter((o) => o !== c && o.s < c.e && c.s < o.e).map((o) => o.lane));
  c.lane = 0;
  while (taken.has(c.lane)) c.lane++;
};
const assignAll = () => {
  const shown = codings.filter(visible).sort((a, b) => a.s - b.s || b.e - a.e);
  let open = [];
  for (const c of shown) { open = open.filter((o) => o.e > c.s); assign(c, open); open.push(c); cover(c); }
  return shown;
};
const dress = (p, own) => {
  const cuts = [...new Set([p.s, p.e, p.s + p.label.length, ...own.flatMap((c) => [Math.max(c.s, p.s), Math.min(c.e, p.e)])])].sort((a, b) => a - b);
  const parts = document.createDocumentFragment();
  p.marks = new Map();
  let bold = null;
  for (let n = 0; n + 1 < cuts.length; n++) {
    const [from, to] = [cuts[n], cuts[n + 1]];
    let part = document.createTextNode(p.string.slice(toUnit(p, from), toUnit(p, to)));
    for (const c of own.filter((c) => c.s < to && c.e > from).sort((a, b) => a.lane - b.lane)) {
      const code = codes.get(c.code), line = make("span", { class: "coded" }, part);
      if (c.lane < LANES) {
        line.style.borderBottom = `3px ${code.pattern} ${code.color}`;
        line.style.paddingBottom = `${c.lane * 4}px`;
      }
      const ends = p.marks.get(c);
      p.marks.set(c, [ends ? ends[0] : line, line]);
      part = line;
    }
    if (to <= p.s + p.label.length) { if (!bold) parts.append((bold = make("b"))); bold.append(part); } else parts.append(part);
  }
  if (!p.string) parts.append(make("br"));
  p.el.replaceChildren(parts);
};
const dressAll = () => {
  const shown = assignAll(), own = new Map();
  for (const c of shown) for (let n = c.p0; n <= c.p1; n++) own.get(n)?.push(c) ?? own.set(n, [c]);
  paras.forEach((p, n) => { if (own.has(n) || p.marks.size) dress(p, own.get(n) ?? []); });
  measure(shown);
};
const dressOver = (c) => {
  const shown = codings.filter(visible);
  for (let n = c.p0; n <= c.p1; n++) dress(paras[n], shown.filter((o) => o.p0 <= n && n <= o.p1));
  measure(shown, true);
};
const measure = (shown, fresh = false) => {
  const base = margin.getBoundingClientRect().top;
  for (const c of shown) {
    if (fresh && c.y1) continue;  // one more coding moves no line
    const first = paras[c.p0].marks.get(c), final = paras[c.p1].marks.get(c);
    c.y0 = first ? first[0].getBoundingClientRect().top - base : 0;
    c.y1 = final ? final[1].getBoundingClientRect().bottom - base : c.y0;
  }
  stripes(shown);
};
const drawn = new Map();  // what stands in the margin, by what it is of: only what changed is drawn again
const draw = (key, tag, fields, style, kept) => {
  let one = drawn.get(key);
  if (!one) { one = { node: make(tag) }; drawn.set(key, one); margin.append(one.node); }
  for (const [name, value] of Object.entries(fields)) if (one[name] !== value) name === "text" ? (one.node.textContent = one[name] = value) : one.node.setAttribute(name, (one[name] = value));
  if (one.style !== style) one.node.style.cssText = one.style = style;
  kept.add(key);
};
const stripes = (shown) => {
  const lanes = Math.min(12, shown.reduce((most, c) => Math.max(most, c.lane + 1), 0)), kept = new Set();
  const look = `text lanes-${Math.max(1, Math.min(LANES, lanes))}`;
  if (text.className !== look) { text.className = look; for (const c of shown) c.y1 = 0; return measure(shown); }  // lines are wider apart: all has moved
  const labels = new Map();  // one for codings of the same code that begin together, with all who made them
  for (const c of [...shown].sort((a, b) => a.y0 - b.y0 || a.lane - b.lane)) {
    const code = codes.get(c.code), key = `${c.code} ${c.s}`, width = code.pattern === "double" ? 6 : 4;
    draw(`i ${c.by} ${c.id}`, "i", { "data-id": c.id, title: `${code.name} (${named(c.by)})` }, `top:${c.y0}px;height:${Math.max(6, c.y1 - c.y0)}px;left:${Math.min(c.lane, 11) * STEP}px;border-left:${width}px ${code.pattern} ${code.color}`, kept);
    labels.has(key) ? labels.get(key).coders.add(c.by) : labels.set(key, { c, code, coders: new Set([c.by]) });
  }
  let free = -Infinity;
  for (const [key, { c, code, coders }] of labels) {
    const y = Math.max(c.y0, free), alone = coders.size === 1 && coders.has(data.me);
    if (y - c.y0 > 60) continue;
    draw(`span ${key}`, "span", { "data-id": c.id, text: alone ? code.name : `${code.name} · ${[...coders].map(named).join(", ")}` }, `top:${y}px;left:${lanes * STEP + 6}px;color:${code.ink}`, kept);
    free = y + 18;
  }
  for (const [key, { node }] of drawn) if (!kept.has(key)) { node.remove(); drawn.delete(key); }
  point();
};
const point = () => { for (const { node } of drawn.values()) if (node.classList.contains("now") !== current.includes(node.dataset.id)) node.classList.toggle("now"); };

// The panel: codings on the marked words.
let told = "";
const look = () => {
  const start = Math.min(marked.anchor, marked.focus), end = Math.max(marked.anchor, marked.focus);
  const found = codings.filter((c) => visible(c) && (start === end ? c.s <= start && start <= c.e : c.s < end && start < c.e)).sort((a, b) => a.e - a.s - (b.e - b.s));
  const ids = found.map((c) => c.id).slice(0, 20);
  if (end > start && told !== `${start} ${end}`) by("status").textContent = fill(words.marked, { count: said(start, end).split(/\s+/).filter(Boolean).length });
  told = `${start} ${end}`;
  if (ids.join() === current.join() && here.childElementCount) return;
  current = ids;
  point();
  here.replaceChildren(...(found.length ? found.slice(0, 20).map(card) : [make("p", { class: "small" }, words.no_coding)]));
};
const swatch = (code) => { const one = make("span", { class: `swatch ${code.pattern}` }); one.style.color = code.color; return one; };
const card = (c) => {
  const code = codes.get(c.code), mine = data.may && c.by === data.me, name = c.by === data.me ? code.name : `${code.name} · ${named(c.by)}`;
  const one = make("div", { class: "card" }, make("p", {}, swatch(code), make("strong", {}, name)), make("p", { class: "small", dir: "auto" }, shorter(said(c.s, c.e))));
  if (c.state === "changed") one.append(make("p", { class: "small" }, words.changed));
  if (mine) {
    const id = `memo-${c.id}`, memo = make("textarea", { id, rows: 2 });
    memo.value = c.memo;
    const save = make("button", { type: "button" }, words.save), away = make("button", { type: "button" }, words.remove);
    save.onclick = () => keepMemo(c, memo.value);
    away.onclick = () => remove(c).then(back);
    memo.onkeydown = (event) => {
      if (event.key === "Escape" || (event.key === "Enter" && event.ctrlKey)) { event.preventDefault(); keepMemo(c, memo.value); back(); }
    };
    one.append(make("label", { for: id }, words.memo), memo, make("p", { class: "row" }, save, away));
  } else if (c.memo) one.append(make("p", { dir: "auto" }, c.memo));
  return one;
};
const shorter = (string) => { const line = string.replace(/\s+/g, " "); return line.length > 90 ? `${[...line].slice(0, 90).join("")}…` : line; };

// The list of codes: by number, by typing, by mouse.
const codable = () => [...codes.values()].filter((code) => code.codable && !code.gone);
const listCodes = () => {
  const typed = (find?.value ?? "").trim().toLocaleLowerCase(), counts = new Map();
  for (const c of codings) counts.set(c.code, (counts.get(c.code) ?? 0) + 1);
  const numbers = new Map(codable().slice(0, 9).map((code, n) => [code.id, n + 1]));
  const shown = [...codes.values()].filter((code) => !code.gone && (!typed || (code.codable && code.name.toLocaleLowerCase().includes(typed))));
  const rows = shown.map((code, n) => {
    const number = data.may ? numbers.get(code.id) ?? "" : "", kind = `${code.codable ? "" : "group "}depth-${typed ? 0 : Math.min(code.depth, 4)}`;
    const one = make("li", { role: "option", id: `o-${n}`, class: kind, "data-code": code.id, "aria-disabled": code.codable ? false : "true", "aria-selected": "false" });
    one.append(make("kbd", number ? {} : { class: "none" }, String(number)), ...(code.codable ? [swatch(code)] : []), make("span", { class: "name" }, code.name), make("span", { class: "n" }, String(counts.get(code.id) ?? "")));
    return one;
  });
  if (data.may && typed && !shown.some((code) => code.name.toLocaleLowerCase() === typed))
    rows.push(make("li", { role: "option", id: `o-${rows.length}`, class: "new", "data-new": find.value.trim(), "aria-selected": "false" }, fill(words.new, { name: find.value.trim() })));
  if (!rows.length) rows.push(make("li", { role: "option", id: "o-0", "aria-disabled": "true", "aria-selected": "false" }, data.may ? words.none : words.no_code));
  list.replaceChildren(...rows);
  step(0, typed ? rows.findIndex((row) => !row.hasAttribute("aria-disabled")) : -1);
};
const step = (way, to = active + way) => {
  const rows = [...list.children];
  while (way && rows[to]?.getAttribute("aria-disabled") === "true") to += way;
  if (to >= rows.length || (to < 0 && way)) return;
  rows[active]?.setAttribute("aria-selected", "false");
  active = to;
  if (!find) return;
  if (to < 0) return find.removeAttribute("aria-activedescendant");
  rows[to].setAttribute("aria-selected", "true");
  rows[to].scrollIntoView({ block: "nearest" });
  find.setAttribute("aria-activedescendant", rows[to].id);
  about(rows[to].dataset.code);
};
const about = (id) => { if (by("about")) by("about").textContent = (codes.get(id)?.said ?? []).filter(Boolean).join(" · "); };
const choose = async (row) => {
  if (!row || row.getAttribute("aria-disabled") === "true") return;
  if (!data.may) { only = only === row.dataset.code ? null : row.dataset.code; row.setAttribute("aria-selected", String(only !== null)); dressAll(); current = ["-"]; return look(); }
  if (row.dataset.new) {
    const made = await ask("/code/new", { name: row.dataset.new });
    if (!made) return;
    codes.set(made.code.id, made.code);
    row = { dataset: { code: made.code.id } };
  }
  if (find.value) { find.value = ""; listCodes(); }
  await code(row.dataset.code);
};

// What is asked of the server: one change at a time. Nothing shows as done before it is kept.
const ask = async (path, fields) => {
  try {
    const answer = await fetch(path, { method: "POST", headers: { Accept: "application/json", "X-CSRFToken": token }, body: new URLSearchParams(fields), credentials: "same-origin" });
    const found = await answer.json();
    if (answer.ok) return found;
    complain(found.wrong);
  } catch { complain(words.lost); }
  return null;
};
const put = (added) => {
  for (const c of added) {
    codings = codings.filter((other) => other.id !== c.id || other.by !== c.by);
    codings.push(c);
    cover(c);
    assign(c, codings.filter(visible));
    dressOver(c);
  }
};
const take = (id) => {
  const gone = codings.find((c) => c.id === id && c.by === data.me);
  codings = codings.filter((c) => c !== gone);
  if (gone) dressOver(gone);
  return gone;
};
const settle = (anchor, focus) => { current = ["-"]; if (document.activeElement === text || !document.activeElement.closest(".card")) mark(anchor, focus, false); else look(); listCodes(); };
const code = async (id, [start, end] = range(), memo = "", undoing = false) => {
  if (start === end) return complain(words.nothing);
  const before = { ...marked };
  const done = await ask(`${data.path}/add`, { start, end, code: id, version: data.version, speaker: undoing ? "" : by("whose")?.value ?? "", memo });
  if (!done) return;
  const fresh = done.added.filter((c) => !codings.some((other) => other.id === c.id && other.by === data.me));
  put(done.added);
  if (!undoing && fresh.length) undo.push({ remove: fresh.map((c) => c.id) });
  settle(before.anchor, before.focus);
  tell(fill(words.coded, { code: codes.get(id).name }));
};
const remove = async (c, undoing = false) => {
  if (!(await ask(`${data.path}/remove`, { id: c.id }))) return;
  take(c.id);
  if (!undoing) undo.push({ add: c });
  settle(marked.anchor, marked.focus);
  tell(fill(words.removed, { code: codes.get(c.code).name }));
};
const keepMemo = async (c, memo) => {
  if (memo === c.memo) return;
  const done = await ask(`${data.path}/memo`, { id: c.id, memo });
  if (done) { c.memo = memo; tell(words.saved); }
};
const takeBack = async () => {
  const step = undo.pop();
  if (!step) return tell(words.no_undo);
  if (step.add) await code(step.add.code, [step.add.s, step.add.e], step.add.memo, true);
  for (const id of step.remove ?? []) { const c = codings.find((one) => one.id === id && one.by === data.me); if (c) await remove(c, true); }
  tell(words.undone);
};
const own = () => codings.find((c) => c.id === current.find((id) => codings.some((o) => o.id === id && o.by === data.me)) && c.by === data.me);
const quote = async () => {
  const [start, end] = range();
  if (start === end) return complain(words.nothing);
  const done = await ask("/quotes", { transcript: data.path.split("/").pop(), start, end });
  if (done) location.href = done.to;
};
const along = (way) => {
  const at = marked.focus, sorted = codings.filter(visible).sort((a, b) => a.s - b.s);
  const c = way > 0 ? sorted.find((c) => c.s > at) : sorted.findLast((c) => c.s < at);
  if (c) mark(c.s, c.s);
};

// Keys work in the text alone, and only without Ctrl, Alt or Meta.
const keys = {
  w: () => select("word"), s: () => select("sentence"), t: () => select("turn"),
  W: () => shrink("word"), S: () => shrink("sentence"), T: () => shrink("turn"),
  j: () => go("sentence", 1), k: () => go("sentence", -1), n: () => go("turn", 1), p: () => go("turn", -1),
  ".": () => along(1), ",": () => along(-1),
  q: quote, "?": () => by("help").click(), Escape: () => mark(marked.focus, marked.focus, false),
};
const coding = {
  c: () => find.focus(), "/": () => find.focus(), Enter: () => find.focus(),
  m: () => here.querySelector("textarea")?.focus(),
  x: () => { const c = own(); c ? remove(c) : tell(words.no_coding); },
  u: takeBack,
};
coding.Delete = coding.Backspace = coding.x;
text.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") { event.preventDefault(); return data.may && takeBack(); }
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  read();
  const run = keys[event.key] ?? (data.may && coding[event.key]);
  if (run) { event.preventDefault(); return run(); }
  if (data.may && /^[1-9]$/.test(event.key)) { event.preventDefault(); const one = codable()[event.key - 1]; if (one) code(one.id); }
});
text.addEventListener("beforeinput", (event) => event.preventDefault());
text.addEventListener("dragstart", (event) => event.preventDefault());
text.addEventListener("drop", (event) => event.preventDefault());
text.addEventListener("input", () => {  // an input method may write all the same: what it wrote goes
  if (text.childElementCount !== paras.length) return location.reload();
  for (const p of paras) if (p.el.textContent !== p.string) dress(p, codings.filter((c) => visible(c) && c.p0 <= paras.indexOf(p) && paras.indexOf(p) <= c.p1));
  mark(marked.anchor, marked.focus, false);
});
let waiting = 0;
document.addEventListener("selectionchange", () => {
  cancelAnimationFrame(waiting);
  waiting = requestAnimationFrame(() => { if (read()) look(); });
});
list.addEventListener("mousedown", (event) => event.preventDefault());
list.addEventListener("click", (event) => choose(event.target.closest("li")));
list.addEventListener("mouseover", (event) => about(event.target.closest("li")?.dataset.code));
find?.addEventListener("input", listCodes);
find?.addEventListener("keydown", async (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); step(event.key === "ArrowDown" ? 1 : -1); }
  if (event.key === "Enter") { event.preventDefault(); await choose(list.children[active]); back(); }
  if (event.key === "Escape") { find.value = ""; listCodes(); back(); }
});
for (const [id, run] of Object.entries({ "do-sentence": () => select("sentence"), "do-turn": () => select("turn"), "do-undo": takeBack, "do-quote": quote })) {
  by(id)?.addEventListener("mousedown", (event) => event.preventDefault());
  by(id)?.addEventListener("click", run);
}
margin.addEventListener("click", (event) => {
  const c = codings.find((one) => one.id === event.target.dataset?.id);
  if (c) { text.focus({ preventScroll: true }); mark(c.s, c.e, false); }
});
by("by")?.addEventListener("change", (event) => { event.target.checked ? hiddenCoders.delete(event.target.value) : hiddenCoders.add(event.target.value); dressAll(); current = ["-"]; look(); });
let width = text.clientWidth;
new ResizeObserver(() => { if (text.clientWidth !== width) { width = text.clientWidth; measure(codings.filter(visible)); } }).observe(text);

dressAll();
listCodes();
look();
if (/^#\d+$/.test(location.hash)) { text.focus({ preventScroll: true }); mark(Number(location.hash.slice(1)), Number(location.hash.slice(1))); }
performance.mark("ready");
document.body.dataset.ready = "yes";
})();
