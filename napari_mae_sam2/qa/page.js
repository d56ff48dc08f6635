"use strict";
// The page without a network: every frame is a record of #data and a picture of its
// own. Names come from files, so they only ever become text, never markup.
const data = JSON.parse(document.getElementById("data").textContent);
const frames = data.frames;
const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const WORDS = { accept: "Accepted", reject: "Rejected", fix: "Fix later" };
// A sign beside the colour, for those who cannot tell the colours apart.
const SIGNS = { accept: "✓", reject: "✗", fix: "✎" };
const two = data.models.length > 1;
const labelled = frames.some((f) => f.t !== null);

const MEASURES = [
  { key: "area", title: "Leakage", unit: "% of the field", digits: 1, root: true },
  { key: "unsure", title: "Uncertainty", unit: "", digits: 2, ends: [0, 1] },
  { key: "score", title: "Expected IoU", unit: "", digits: 2, ends: [0, 1] },
  { key: "dye", title: "Dye", unit: "below 0: none seen", digits: 2 },
  ...(labelled ? [{ key: "diceLabel", title: "Dice with label", unit: "", digits: 2, ends: [0, 1] }] : []),
  ...(two ? [{ key: "diceOther", title: "Dice of models", unit: "", digits: 2, ends: [0, 1] }] : []),
];
const ORDERS = {
  attention: ["Needs a look first", (f) => -f.attention],
  unsure: ["Least sure first", (f) => -f.unsure],
  area: ["Most leakage first", (f) => -f.area],
  small: ["Least leakage first", (f) => f.area],
  ...(labelled ? { label: ["Least like the label first", (f) => f.diceLabel ?? 2] } : {}),
  ...(two ? { other: ["Models disagree most first", (f) => f.diceOther ?? 2] } : {}),
  name: ["By name", null],
};

// What heads told, such as the phase: a filter for each, and a line on every card.
const told = data.told.map((name) => ({ name, id: "told-" + name, words: name.replaceAll("_", " ") }));
const UNTOLD = "\u0000";  // no class is called so
function capital(words) { return words.charAt(0).toUpperCase() + words.slice(1); }
function percent(share) { return `${Math.floor(100 * share)} %`; }

const state = {
  verdicts: load(), outlines: true, errors: false, besides: false, flicker: false,
  second: false, ranges: {}, shown: [], current: -1,
};

// ---- what is kept ---------------------------------------------------------------

function storageKey() { return "napari-mae-sam2 verdicts " + data.page; }
function load() {
  try { return JSON.parse(localStorage.getItem(storageKey())) ?? {}; } catch { return {}; }
}
function keep() {
  try { localStorage.setItem(storageKey(), JSON.stringify(state.verdicts)); }
  catch { $("progress").dataset.note = "This browser does not remember verdicts: save them before you close the page."; }
}
function judge(index, verdict) {
  const id = frames[index].id;
  if (state.verdicts[id]?.verdict === verdict) delete state.verdicts[id];
  else state.verdicts[id] = { verdict, time: new Date().toISOString() };
  keep(); mark(index); tell();
  return Boolean(state.verdicts[id]);
}
function verdictOf(frame) { return state.verdicts[frame.id]?.verdict ?? ""; }
function content() {
  return {
    schema: 1, kind: "napari-mae-sam2 verdicts", page: data.page, model: data.models[0],
    fingerprint: data.fingerprint, reviewer: $("reviewer").value.trim(),
    time: new Date().toISOString(),
    verdicts: frames.filter(verdictOf).map((f) => ({
      id: f.id, frame_sha256: f.sha, ...state.verdicts[f.id],
    })),
  };
}
function save() {
  if (!$("reviewer").value.trim()) {
    askForCode(true);
    $("reviewer").focus();
    return;
  }
  const file = new Blob([JSON.stringify(content(), null, 1)], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = "verdicts.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
function askForCode(asked) {
  $("missing").hidden = !asked;
  $("reviewer").setAttribute("aria-invalid", asked);
}
async function take(file) {
  let found;
  try { found = JSON.parse(await file.text()); } catch { found = null; }
  // Of the gallery, or of a page that was made earlier or with a label: what counts is
  // that the same weights answered the same frames.
  const said = found?.fingerprint === data.fingerprint && Array.isArray(found.verdicts) ? found.verdicts : [];
  const shas = new Map(frames.map((f) => [f.id, f.sha]));
  const ours = said.filter((one) => one.verdict in WORDS && shas.get(one.id) === one.frame_sha256);
  if (!ours.length) {
    $("progress").dataset.note = "This file contains no verdicts on these predictions."; tell(); return;
  }
  delete $("progress").dataset.note;
  for (const one of ours) state.verdicts[one.id] = { verdict: one.verdict, time: one.time };
  keep(); frames.forEach((_, index) => mark(index)); refresh();
}

const REVIEWER = "napari-mae-sam2 reviewer";
function remember() {
  if ($("reviewer").value.trim()) askForCode(false);
  try { localStorage.setItem(REVIEWER, $("reviewer").value); } catch { /* keep() says it */ }
}
try { $("reviewer").value = localStorage.getItem(REVIEWER) ?? ""; } catch { /* so too */ }

// ---- pictures -------------------------------------------------------------------

function element(name, attributes = {}, text = "") {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}
function drawn(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
let clips = 0;
function mask(look, d) {
  return drawn("path", { class: look, d, transform: `scale(${data.unit})` });
}
function picture(index, lines, errors) {
  const frame = frames[index];
  const [width, height] = frame.size;
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
  svg.setAttribute("aria-label", frame.name);
  const image = drawn("image", { width, height });
  image.setAttribute("href", "data:image/webp;base64," + $("p" + index).textContent);
  svg.append(image);
  // Right and wrong of the model whose lines are asked for; where it or the label has
  // nothing to compare, the lines themselves.
  const model = frame[lines.includes("a") ? "a" : "b"];
  const compared = errors && frame.t !== null && model !== null;
  if (compared) {
    const id = "c" + clips++, clip = drawn("clipPath", { id });
    const inside = mask("clip", frame.t || "M0 0");
    inside.setAttribute("clip-rule", "evenodd");
    clip.append(inside);
    // The clip is on a group of its own: on the path it would be scaled twice.
    const area = drawn("g", { class: "area" }), both = drawn("g", { "clip-path": `url(#${id})` });
    both.append(mask("tp", model));
    area.append(clip, mask("fn", frame.t), mask("fp", model), both);
    svg.append(area);
  }
  for (const which of compared ? "" : lines) {
    if (frame[which]) svg.append(mask("line " + which, frame[which]));
  }
  return svg;
}

// ---- the contact sheet ----------------------------------------------------------

function classOf(frame, name) {
  return Object.hasOwn(frame.told, name) ? frame.told[name][0] : UNTOLD;
}
function toldOf(frame) {
  return told.filter((t) => Object.hasOwn(frame.told, t.name)).map((t) => {
    const [value, share] = frame.told[t.name];
    return [t.words, `${value} ${percent(share)}`];
  });
}
const cards = frames.map((frame, index) => {
  const card = element("article", { class: "card", tabindex: "0" });
  const text = element("div", { class: "text" });
  const figures = `${frame.area.toFixed(1)} % · ${frame.lesions} lesion${frame.lesions === 1 ? "" : "s"}`;
  text.append(element("div", { class: "name", dir: "auto", title: frame.source }, frame.name),
    element("div", { class: "numbers" }, figures),
    ...(told.length ? [element("div", { class: "numbers told" }, toldOf(frame).map(([, value]) => value).join(" · ") || "–")] : []),
    element("div", { class: "why" }, frame.reasons.join(", ")));
  card.append(element("div", { class: "picture" }), text);
  card.addEventListener("click", () => open(index));
  card.addEventListener("focus", () => { state.current = index; });
  return card;
});
// Pictures are put in when a card comes near, and taken out when it is far.
const watch = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const index = cards.indexOf(entry.target), place = entry.target.firstChild;
    if (!entry.isIntersecting) place.replaceChildren();
    else if (!place.firstChild) place.append(picture(index, "ta", false));
  }
}, { rootMargin: "800px" });

function mark(index) {
  const card = cards[index], verdict = verdictOf(frames[index]);
  card.querySelector(".stamp")?.remove();
  card.className = "card" + (verdict ? ` done is-${verdict}` : "");
  if (verdict) card.append(element("span", { class: "stamp " + verdict }, `${SIGNS[verdict]} ${WORDS[verdict]}`));
}
function fits(frame) {
  const part = $("search").value.trim().toLowerCase();
  const reason = $("reason").value, verdict = $("verdict").value;
  if (part && !`${frame.source} ${frame.name}`.toLowerCase().includes(part)) return false;
  if (reason && !frame.reasons.includes(reason)) return false;
  if (verdict && (verdictOf(frame) || "open") !== verdict) return false;
  for (const { name, id } of told) {
    const wanted = $(id).value;
    if (wanted && classOf(frame, name) !== wanted) return false;
  }
  return Object.entries(state.ranges).every(([key, [low, high]]) =>
    frame[key] !== null && frame[key] >= low && frame[key] <= high);
}
function refresh() {
  const order = ORDERS[$("sort").value][1];
  const byName = (i, j) => frames[i].name.localeCompare(frames[j].name, undefined, { numeric: true });
  state.shown = frames.map((_, index) => index).filter((index) => fits(frames[index]));
  state.shown.sort((i, j) => (order ? order(frames[i]) - order(frames[j]) : 0) || byName(i, j));
  // No key may judge what nobody sees.
  if (!large.open && !state.shown.includes(state.current)) state.current = -1;
  $("sheet").replaceChildren(...state.shown.map((index) => cards[index]));
  $("none").hidden = state.shown.length > 0;
  tell(); plots.forEach((plot) => plot.draw());
}
function tell() {
  const count = (verdict) => frames.filter((f) => verdictOf(f) === verdict).length;
  const note = $("progress").dataset.note ?? "";
  $("progress").textContent = `${state.shown.length} of ${frames.length} frames shown · ` +
    `${count("accept")} accepted, ${count("reject")} rejected, ${count("fix")} to fix, ` +
    `${count("")} without a verdict` + (note ? ` · ${note}` : "");
  $("save").disabled = count("") === frames.length;
}
function focusCard(index) {
  state.current = index;
  cards[index].focus();
  cards[index].scrollIntoView({ block: "nearest" });
}
function step(from, by) {
  const at = state.shown.indexOf(from);
  if (at < 0) return state.shown[0] ?? -1;
  return state.shown[Math.min(Math.max(at + by, 0), state.shown.length - 1)] ?? -1;
}
function nextOpen(from) {
  const at = state.shown.indexOf(from), count = state.shown.length;
  for (let n = 1; n <= count; n++) {
    const index = state.shown[(at + n) % count];
    if (!verdictOf(frames[index])) return index;
  }
  return -1;
}

// ---- one frame, large -----------------------------------------------------------

const large = $("large");
const [first, second] = large.querySelectorAll(".stage");
let ticking = 0;
function tool(key, words, act, pressed, possible = true) {
  const button = element("button", {}, words + " ");
  button.append(element("kbd", {}, key));
  button.addEventListener("click", act);
  return { button, pressed, possible };
}
const tools = [
  tool("O", "Outlines", () => { state.outlines = !state.outlines; look(); }, () => state.outlines),
  ...(labelled ? [tool("E", "Agreement and errors", () => { state.errors = !state.errors; look(); }, () => state.errors)] : []),
  ...(two ? [
    tool("V", "Flicker", flicker, () => state.flicker),
    tool("S", "Side by side", beside, () => state.besides),
  ] : []),
];
large.querySelector(".tools").append(...tools.map((one) => one.button));

function open(index) {
  state.current = index;
  if (!large.open) { large.showModal(); large.focus(); }
  look();
}
function stage(place, index, lines, words) {
  place.replaceChildren(picture(index, state.outlines ? lines : "", state.errors && state.outlines));
  if (words) place.append(element("span", {}, words));
}
function look() {
  document.body.classList.toggle("plain", !state.outlines);
  $("outlines").setAttribute("aria-pressed", state.outlines);
  tools.forEach((one) => one.button.setAttribute("aria-pressed", one.pressed()));
  if (!large.open) return;
  const index = state.current, frame = frames[index];
  second.hidden = !state.besides;
  if (state.besides) {
    stage(first, index, "ta", data.models[0]);
    stage(second, index, "tb", data.models[1]);
  } else if (state.flicker) {
    stage(first, index, state.second ? "tb" : "ta", data.models[state.second ? 1 : 0]);
  } else stage(first, index, "tba", "");
  $("name").textContent = frame.name;
  $("source").textContent = `${state.shown.indexOf(index) + 1} of ${state.shown.length} · ${frame.source}`;
  $("reasons").textContent = frame.reasons.join(", ");
  const rows = MEASURES.filter((m) => frame[m.key] !== null).map((m) =>
    [m.title, frame[m.key].toFixed(m.digits) + (m.key === "area" ? " %" : "")]);
  rows.splice(1, 0, ["Lesions", String(frame.lesions)]);
  rows.unshift(...toldOf(frame).map(([words, value]) => [capital(words), value]));
  $("figures").replaceChildren(...rows.flatMap(([title, value]) =>
    [element("dt", {}, title), element("dd", {}, value)]));
  const compared = state.errors && frame.t !== null;
  $("key").replaceChildren(...(!state.outlines ? [] : compared ? areas() :
    lines().filter(([, which]) => frame[which] !== null).map(([key]) => key)));
  for (const button of large.querySelectorAll("[data-verdict]")) {
    button.setAttribute("aria-pressed", button.dataset.verdict === verdictOf(frame));
  }
}
function flicker() {
  state.flicker = !state.flicker; state.besides = false;
  clearInterval(ticking);
  if (state.flicker) ticking = setInterval(() => { state.second = !state.second; look(); }, 600);
  look();
}
function beside() {
  if (state.flicker) flicker();
  state.besides = !state.besides;
  look();
}
function go(index) {
  if (index < 0) return;
  if (large.open) open(index); else focusCard(index);
}
function decide(verdict) {
  if (state.current < 0) return;
  const here = state.current;
  if (judge(here, verdict)) go(step(here, 1));
  if (large.open) look();
}

// ---- distributions --------------------------------------------------------------

class Plot {
  constructor(measure) {
    this.measure = measure;
    this.values = frames.map((frame) => frame[measure.key]);
    const known = this.values.filter((value) => value !== null).map((v) => this.scale(v));
    [this.low, this.high] = measure.ends ?? [Math.min(...known), Math.max(...known)];
    if (this.low === this.high) { this.low -= 0.5; this.high += 0.5; }
    this.figure = element("figure");
    const caption = element("figcaption");
    caption.append(element("strong", {}, measure.title), element("span", {}, measure.unit));
    this.canvas = element("canvas", { role: "img", "aria-label":
      `Distribution of ${measure.title}: drag to filter, click a dot to see the frame` });
    this.ends = element("figcaption");
    const end = (value) => element("span", {}, this.back(value).toFixed(measure.digits));
    this.ends.append(end(this.low), end(this.high));
    this.figure.append(caption, this.canvas, this.ends);
    this.canvas.addEventListener("pointerdown", (event) => this.press(event));
  }
  // Areas crowd near nothing; on a root scale the small ones come apart.
  scale(value) { return this.measure.root ? Math.sqrt(value) : value; }
  back(value) { return this.measure.root ? value * value : value; }
  draw() {
    const { canvas } = this, width = canvas.clientWidth, height = canvas.clientHeight;
    if (!width) return;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = width * ratio; canvas.height = height * ratio;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const bins = Math.max(10, Math.floor(width / 9)), stacks = new Array(bins).fill(0);
    const place = (value) => (this.scale(value) - this.low) / (this.high - this.low);
    const range = state.ranges[this.measure.key];
    if (range) {
      const [from, to] = range.map((value) => 4 + place(value) * (width - 8));
      pen.fillStyle = "#d5e6f3"; pen.fillRect(from, 0, Math.max(to - from, 2), height);
    }
    const bin = this.values.map((value) => value === null ? -1 :
      Math.min(bins - 1, Math.floor(place(value) * bins)));
    bin.forEach((b) => { if (b >= 0) stacks[b]++; });
    const tall = Math.min(8, (height - 6) / Math.max(...stacks, 1));
    const at = new Array(bins).fill(0), shown = new Set(state.shown);
    this.dots = [];
    bin.forEach((b, index) => {
      if (b < 0) return;
      const x = 4 + (b + 0.5) * (width - 8) / bins, y = height - 3 - (at[b]++ + 0.5) * tall;
      this.dots.push({ x, y, index });
      const on = shown.has(index);
      pen.fillStyle = !on ? "#d3d9df" : frames[index].flags.length ? "#b84300" : "#3c6e95";
      pen.beginPath(); pen.arc(x, y, Math.max(1, Math.min(3.4, tall / 2)), 0, 7); pen.fill();
    });
  }
  press(start) {
    const { canvas } = this, box = canvas.getBoundingClientRect();
    const value = (x) => {
      const share = Math.min(Math.max((x - box.left - 4) / (box.width - 8), 0), 1);
      return this.back(this.low + share * (this.high - this.low));
    };
    canvas.setPointerCapture(start.pointerId);
    let dragged = false;
    const move = (event) => {
      if (Math.abs(event.clientX - start.clientX) < 5 && !dragged) return;
      dragged = true;
      const ends = [value(start.clientX), value(event.clientX)].sort((p, q) => p - q);
      // At the very ends rounding must not lose the outermost frame.
      state.ranges[this.measure.key] = [ends[0] - 1e-9, ends[1] + 1e-9];
      refresh();
    };
    const stop = (event) => {
      canvas.removeEventListener("pointermove", move);
      canvas.removeEventListener("pointerup", stop);
      canvas.removeEventListener("pointercancel", stop);
      if (dragged || event.type === "pointercancel") return;
      const near = this.near(event.clientX - box.left, event.clientY - box.top);
      if (near >= 0) open(near);
      else { delete state.ranges[this.measure.key]; refresh(); }
    };
    canvas.addEventListener("pointermove", move);
    canvas.addEventListener("pointerup", stop);
    canvas.addEventListener("pointercancel", stop);
  }
  near(x, y) {
    let best = -1, least = 81;
    for (const dot of this.dots) {
      const far = (dot.x - x) ** 2 + (dot.y - y) ** 2;
      if (far < least) { least = far; best = dot.index; }
    }
    return best;
  }
}
const plots = MEASURES.filter((m) => frames.some((f) => f[m.key] !== null)).map((m) => new Plot(m));

// ---- start ----------------------------------------------------------------------

function options(select, pairs) {
  $(select).replaceChildren(...pairs.map(([value, words]) => element("option", { value }, words)));
}
function keyed(look, colour, words) {
  const whole = element("span", { class: "word" }), key = element("span", { class: look });
  key.style.color = `var(${colour})`;
  whole.append(key, words);
  return whole;
}
function lines() {
  return [
    [keyed("key", "--model", data.models[0]), "a"],
    ...(two ? [[keyed("key", "--other", data.models[1]), "b"]] : []),
    ...(labelled ? [[keyed("key", "--truth", "label"), "t"]] : []),
  ];
}
function areas() {
  return [["--both", "both"], ["--model", "model alone (false positive)"], ["--truth", "label alone (missed)"]]
    .map(([colour, words]) => keyed("key area", colour, words));
}
function clear() {
  state.ranges = {};
  for (const id of ["search", "reason", "verdict", ...told.map((t) => t.id)]) $(id).value = "";
  delete $("progress").dataset.note;
  refresh();
}
const ACTS = {
  a: () => decide("accept"), r: () => decide("reject"), f: () => decide("fix"),
  n: () => go(nextOpen(state.current)),
  o: () => { state.outlines = !state.outlines; look(); },
  e: () => { if (labelled) { state.errors = !state.errors; if (!large.open) go(state.current); look(); } },
  v: () => { if (two && large.open) flicker(); },
  s: () => { if (two && large.open) beside(); },
  arrowright: () => go(step(state.current, 1)), arrowleft: () => go(step(state.current, -1)),
  arrowdown: () => go(step(state.current, large.open ? 1 : perRow())),
  arrowup: () => go(step(state.current, large.open ? -1 : -perRow())),
  "?": () => help(),
  enter: () => { if (state.current >= 0 && !large.open) open(state.current); },
};
function help(shown = $("keys").hidden) {
  // An enlarged frame covers the page: there the list goes into its side panel.
  if (large.open) large.querySelector(".side").append($("keys"));
  else $("hint").after($("keys"));
  $("keys").hidden = !shown;
  $("help").setAttribute("aria-expanded", shown);
  if (shown) $("keys").scrollIntoView({ block: "nearest" });
}
function perRow() {
  return getComputedStyle($("sheet")).gridTemplateColumns.split(" ").length;
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const target = event.target;
  if (target.matches("input, select")) return;
  const key = event.key.toLowerCase();
  if (key === "enter" && target.matches("button, summary, label")) return;
  if (!(key in ACTS)) return;
  event.preventDefault();
  ACTS[key]();
});
large.addEventListener("close", () => {
  if (state.flicker) flicker();
  help(false);
  if (state.shown.includes(state.current)) focusCard(state.current);
  else state.current = -1;
});
for (const button of large.querySelectorAll("[data-verdict]")) {
  button.addEventListener("click", () => decide(button.dataset.verdict));
}
$("back").addEventListener("click", () => go(step(state.current, -1)));
$("next").addEventListener("click", () => go(step(state.current, 1)));
$("close").addEventListener("click", () => large.close());
$("outlines").addEventListener("click", ACTS.o);
$("help").addEventListener("click", () => help());
$("filter").addEventListener("click", () => {
  $("filter").setAttribute("aria-expanded", $("filters").classList.toggle("open"));
});
$("clear").addEventListener("click", clear);
$("save").addEventListener("click", save);
$("load").addEventListener("change", (event) => {
  if (event.target.files[0]) take(event.target.files[0]);
  event.target.value = "";  // else the same file could not be chosen again
});
$("reviewer").addEventListener("input", remember);
for (const { name, id, words } of told) {
  $("sort").before(element("select", { id, "aria-label": capital(words) }));
  const counts = new Map();
  frames.forEach((f) => { const value = classOf(f, name); counts.set(value, (counts.get(value) ?? 0) + 1); });
  const shown = [...counts].sort(([p], [q]) => (p === UNTOLD) - (q === UNTOLD) || p.localeCompare(q, undefined, { numeric: true }));
  options(id, [["", `Any ${words}`], ...shown.map(([value, n]) => [value, `${value === UNTOLD ? `No ${words}` : value} (${n})`])]);
}
for (const id of ["search", "reason", "verdict", "sort", ...told.map((t) => t.id)]) $(id).addEventListener("input", refresh);
window.addEventListener("resize", () => plots.forEach((plot) => plot.draw()));
$("plots").addEventListener("toggle", () => plots.forEach((plot) => plot.draw()));

$("title").textContent = two ? `${data.models[0]} and ${data.models[1]}` : data.models[0];
$("software").textContent = data.software;
const reasons = new Map();
frames.forEach((f) => f.reasons.forEach((why) => reasons.set(why, (reasons.get(why) ?? 0) + 1)));
options("reason", [["", "Any reason"], ...[...reasons].sort((p, q) => q[1] - p[1]).map(([why, n]) => [why, `${why} (${n})`])]);
for (const line of document.querySelectorAll("#keys [data-needs]")) {
  line.hidden = line.dataset.needs === "two" ? !two : !labelled;
}
options("verdict", [["", "Any verdict"], ["open", "No verdict yet"], ...Object.entries(WORDS)]);
options("sort", Object.entries(ORDERS).map(([key, [words]]) => [key, words]));
$("legend").append(...lines().map(([key]) => key), ...(labelled ? areas() : []));
document.querySelector(".plots").append(...plots.map((plot) => plot.figure));
if (window.innerWidth < 700) $("plots").open = false;
frames.forEach((_, index) => { mark(index); watch.observe(cards[index]); });
refresh();
