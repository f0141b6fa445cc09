// The plan's editor. The numbers of the form are the drawing; this module moves the shapes with them, and them with the shapes.
// What is allowed is the server's to say: here a place is only brought near it (grid, walls of one's own rooms).
const form = document.querySelector("[data-floor]");
const svg = form.querySelector("svg.floor");
const sheet = svg.querySelector(".sheet");
const AT_MAX = 10000;
const HISTORY_MAX = 200;

const elements = new Map();
for (const node of svg.querySelectorAll("[data-el]")) {
  const row = form.querySelector(`[data-row="${CSS.escape(node.dataset.el)}"]`);
  elements.set(node.dataset.el, {
    key: node.dataset.el, node, row, inputs: [...row.querySelectorAll("input")], name: node.dataset.name,
    kind: node.dataset.el.split(":")[0], homes: node.dataset.homes.split(" ").filter(Boolean),
  });
}
const said = form.querySelector("[data-said]");
const shownName = form.querySelector("[data-chosen]");
const grip = document.createElementNS(svg.namespaceURI, "rect");
for (const [name, value] of Object.entries({ class: "grip", width: "1.4em", height: "1.4em", x: "-0.7em", y: "-0.7em" })) grip.setAttribute(name, value);
let chosen = null;
let past = [];
let coming = [];
let last = snapshot();

function snapshot() {
  return [...elements.values()].map((e) => e.inputs.map((i) => i.value));
}

/** Its numbers; null while it is not on the plan, or something else than a number stands there. */
function placeOf(element, texts = element.inputs.map((i) => i.value)) {
  return texts.every((t) => /^\s*\d{1,5}\s*$/.test(t)) ? texts.map(Number) : null;
}

function write(element, place) {
  element.inputs.forEach((input, n) => { input.value = place === null ? "" : String(place[n]); });
}

const within = (value, least, most) => Math.min(Math.max(value, least), Math.max(least, most));
const step = () => Number(form.querySelector("[data-grid]").value);
const toGrid = (value) => Math.round(value / step()) * step();
const room = (id) => elements.get(`room:${id}`);
const boxesOf = (element) => element.homes.map((id) => placeOf(room(id))).filter(Boolean);

/** The nearest point of the walls of these rooms. */
function onWall(boxes, [x, y]) {
  let best = null;
  for (const [left, top, w, h] of boxes) {
    const cx = within(x, left, left + w), cy = within(y, top, top + h);
    for (const [px, py] of [[left, cy], [left + w, cy], [cx, top], [cx, top + h]]) {
      const far = (px - x) ** 2 + (py - y) ** 2;
      if (best === null || far < best.far) best = { far, at: [px, py] };
    }
  }
  return best === null ? [x, y] : best.at;
}

function inRoom(boxes, [x, y]) {
  if (boxes.length === 0 || boxes.some(([l, t, w, h]) => x >= l && x <= l + w && y >= t && y <= t + h)) return [x, y];
  const [l, t, w, h] = boxes[0];
  return [within(x, l, l + w), within(y, t, t + h)];
}

/** Where it may stand, nearest to the place that was asked for. */
function settled(element, place) {
  if (element.kind === "room") {
    const w = within(place[2], 1, AT_MAX), h = within(place[3], 1, AT_MAX);
    return [within(place[0], 0, AT_MAX), within(place[1], 0, AT_MAX), w, h];
  }
  const boxes = boxesOf(element), at = [within(place[0], 0, AT_MAX), within(place[1], 0, AT_MAX)];
  return element.kind === "door" ? onWall(boxes, at) : inRoom(boxes, at);
}

/** Moves one thing; what is in a room, or in its walls, goes with it. */
function move(element, place) {
  const before = placeOf(element), after = settled(element, place);
  write(element, after);
  if (element.kind === "room" && before !== null) carry(element.key.slice(5), before, after);
}

function carry(id, before, after) {
  const [dx, dy] = [after[0] - before[0], after[1] - before[1]];
  for (const other of elements.values()) {
    const at = placeOf(other);
    if (other.kind === "room" || at === null || !other.homes.includes(id)) continue;
    const [l, t, w, h] = before;
    const isIn = at[0] >= l && at[0] <= l + w && at[1] >= t && at[1] <= t + h;
    const moved = isIn ? [at[0] + dx, at[1] + dy] : at;
    const inside = [within(moved[0], after[0], after[0] + after[2]), within(moved[1], after[1], after[1] + after[3])];
    write(other, settled(other, isIn ? inside : moved));
  }
}

function isUpright(element, [x, y]) {
  return boxesOf(element).some(([l, t, w, h]) => (x === l || x === l + w) && y >= t && y <= t + h);
}

function over(one, other) {
  return [0, 1].every((axis) => one[axis] < other[axis] + other[axis + 2] && other[axis] < one[axis] + one[axis + 2]);
}

/** Everything as the numbers say. */
function draw() {
  const rooms = [...elements.values()].filter((e) => e.kind === "room" && placeOf(e) !== null);
  for (const element of elements.values()) {
    const place = placeOf(element);
    element.node.toggleAttribute("hidden", place === null);
    element.row.classList.toggle("off", element.inputs.every((i) => i.value.trim() === ""));
    if (place === null) continue;
    const turn = element.kind === "door" && isUpright(element, place) ? " rotate(90)" : "";
    element.node.setAttribute("transform", `translate(${place[0]} ${place[1]})${turn}`);
    element.node.setAttribute("aria-label", `${element.name} ${place.join(", ")}`);
    if (element.kind !== "room") continue;
    for (const part of element.node.querySelectorAll(":scope > .ground, :scope > svg")) {
      part.setAttribute("width", place[2]);
      part.setAttribute("height", place[3]);
    }
    element.node.classList.toggle("over", rooms.some((r) => r !== element && over(place, placeOf(r))));
  }
  for (const details of form.querySelectorAll("details:has(.row)")) {
    const rows = details.querySelectorAll(".row");
    details.querySelector(".count").textContent = `${rows.length - details.querySelectorAll(".row.off").length} / ${rows.length}`;
  }
  const place = chosen && placeOf(chosen);
  grip.toggleAttribute("hidden", !place || chosen.kind !== "room");
  if (place && chosen.kind === "room") grip.setAttribute("transform", `translate(${place[0] + place[2]} ${place[1] + place[3]})`);
  for (const button of form.querySelectorAll("[data-act]")) {
    const act = button.dataset.act, isSize = ["narrower", "wider", "lower", "higher"].includes(act);
    button.disabled = act === "undo" ? past.length === 0 : act === "redo" ? coming.length === 0 : !place || (isSize && chosen.kind !== "room");
  }
}

/** The paper is as large as what is on it. */
function fit() {
  const corners = [...elements.values()].map((e) => placeOf(e)).filter(Boolean).flatMap((p) => [[p[0], p[1]], [p[0] + (p[2] ?? 0), p[1] + (p[3] ?? 0)]]);
  if (corners.length === 0) return;
  const [xs, ys] = [corners.map((c) => c[0]), corners.map((c) => c[1])];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [w, h] = [Math.max(1, Math.max(...xs) - left), Math.max(1, Math.max(...ys) - top)];
  const margin = Math.max(w, h) * 0.04, width = w + 2 * margin;
  svg.setAttribute("viewBox", `${left - margin} ${top - margin} ${width} ${h + 2 * margin}`);
  sheet.setAttribute("font-size", (width * 0.018).toFixed(3));
  sheet.setAttribute("stroke-width", (width * 0.018 / 8).toFixed(3));
}

/** One step that can be undone, if something changed. */
function commit() {
  const now = snapshot();
  if (JSON.stringify(now) !== JSON.stringify(last)) {
    past.push(last);
    if (past.length > HISTORY_MAX) past.shift();
    coming = [];
    last = now;
    tell();
  }
  draw();
  fit();
}

function tell() {
  if (chosen) said.textContent = `${chosen.name} ${(placeOf(chosen) ?? []).join(", ")}`;
}

function fill(state) {
  [...elements.values()].forEach((e, n) => e.inputs.forEach((input, k) => { input.value = state[n][k]; }));
}

function restore(state) {
  fill(state);
  last = state;
  draw();
  fit();
  tell();
}

function undo() {
  if (past.length === 0) return;
  coming.push(last);
  restore(past.pop());
}

function redo() {
  if (coming.length === 0) return;
  past.push(last);
  restore(coming.pop());
}

function choose(element, isFocused = false) {
  for (const [other, is] of [[chosen, false], [element, true]]) {
    if (!other) continue;
    other.node.classList.toggle("chosen", is);
    other.node.setAttribute("aria-pressed", String(is));
    other.row.classList.toggle("is-chosen", is);
  }
  chosen = element;
  if (element.kind === "room") sheet.insertBefore(element.node, sheet.querySelector(".el:not(.room)"));  // its edge over its neighbours'
  for (const each of elements.values()) each.node.setAttribute("tabindex", each === element ? "0" : "-1");
  shownName.textContent = element.name;
  draw();
  tell();
  if (isFocused) element.node.focus();
}

const MOVES = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] };
const SIZES = { narrower: [-1, 0], wider: [1, 0], lower: [0, -1], higher: [0, 1] };

function act(name) {
  const place = chosen && placeOf(chosen);
  if (name === "undo") return undo();
  if (name === "redo") return redo();
  if (!place) return undefined;
  const [dx, dy] = MOVES[name] ?? SIZES[name];
  const by = step();
  if (MOVES[name]) move(chosen, [place[0] + dx * by, place[1] + dy * by, ...place.slice(2)]);
  else if (chosen.kind === "room") move(chosen, [place[0], place[1], place[2] + dx * by, place[3] + dy * by]);
  return commit();
}

/** The place nearest to the middle of a room at which no other device stands. */
function free(box, middle) {
  const taken = [...elements.values()].filter((e) => e.kind !== "room").map((e) => placeOf(e)).filter(Boolean);
  const apart = Math.max(1, Number(sheet.getAttribute("font-size")) * 2);
  const isFree = ([x, y]) => taken.every((at) => Math.hypot(at[0] - x, at[1] - y) >= apart);
  if (isFree(middle) || !box) return middle;
  const [l, t, w, h] = box, by = Math.max(1, Math.ceil(apart)), found = [];
  for (let x = l + by; x < l + w; x += by) for (let y = t + by; y < t + h; y += by) found.push([x, y]);
  const far = ([x, y]) => Math.hypot(x - middle[0], y - middle[1]);
  return found.filter(isFree).sort((one, other) => far(one) - far(other))[0] ?? middle;
}

/** Where something begins that was not on the plan. */
function beginning(element) {
  const boxes = boxesOf(element);
  if (element.kind === "room") {
    const placed = [...elements.values()].filter((e) => e.kind === "room").map((e) => placeOf(e)).filter(Boolean);
    const below = Math.max(0, ...placed.map((p) => p[1] + p[3]));
    const left = placed.length ? Math.min(...placed.map((p) => p[0])) : 0;
    const width = placed.length ? Math.max(...placed.map((p) => p[0] + p[2])) - left : 100;
    return [left, below, Math.max(2, Math.round(width / 4)), Math.max(2, Math.round(width / 6))];
  }
  const [l, t, w, h] = boxes[0] ?? [0, 0, 0, 0];
  const middle = [Math.round(l + w / 2), Math.round(t + h / 2)];
  if (element.kind !== "door") return free(boxes[0], middle);
  if (boxes.length < 2) return onWall(boxes, [middle[0], t + h]);
  const [l2, t2, w2, h2] = boxes[1];
  return onWall([boxes[0]], [Math.round((Math.max(l, l2) + Math.min(l + w, l2 + w2)) / 2), Math.round((Math.max(t, t2) + Math.min(t + h, t2 + h2)) / 2)]);
}

function takeOff(element) {
  write(element, null);
  if (element.kind !== "room") return;
  for (const other of elements.values()) {  // without its room a thing has no place
    const place = placeOf(other);
    if (place === null || !other.homes.includes(element.key.slice(5))) continue;
    write(other, boxesOf(other).length ? settled(other, place) : null);
  }
}

const KEYS = { ArrowLeft: ["left", "narrower"], ArrowRight: ["right", "wider"], ArrowUp: ["up", "lower"], ArrowDown: ["down", "higher"] };

svg.addEventListener("keydown", (event) => {
  const element = elements.get(event.target.closest("[data-el]")?.dataset.el);
  if (!element) return;
  if (element !== chosen) choose(element);
  if (event.key in KEYS) act(KEYS[event.key][event.shiftKey ? 1 : 0]);
  else if (event.key === "PageDown" || event.key === "PageUp") next(event.key === "PageDown" ? 1 : -1);
  else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") event.shiftKey ? redo() : undo();
  else return;
  event.preventDefault();
});

function next(way) {
  const placed = [...elements.values()].filter((e) => placeOf(e) !== null);
  const at = placed.indexOf(chosen);
  choose(placed[(at + way + placed.length) % placed.length], true);
}

function pointOf(event) {
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  return [at.x, at.y];
}

let drag = null;
svg.addEventListener("pointerdown", (event) => {
  const element = event.target === grip ? chosen : elements.get(event.target.closest("[data-el]")?.dataset.el);
  if (!element || event.button !== 0) return;
  // by touch the first tap chooses, so that the page can be scrolled over the drawing; then it is moved
  const isMoved = event.pointerType !== "touch" || element === chosen;
  choose(element, true);
  if (!isMoved) return;
  drag = { from: pointOf(event), place: placeOf(element), isSize: event.target === grip, id: event.pointerId };
  svg.setPointerCapture(event.pointerId);
});

svg.addEventListener("pointermove", (event) => {
  if (drag === null || event.pointerId !== drag.id) return;
  const [x, y] = pointOf(event), p = drag.place;
  fill(last);  // each picture from where the drag began: what was pushed on the way is not pushed for good
  const [dx, dy] = [toGrid(x - drag.from[0]), toGrid(y - drag.from[1])];
  move(chosen, drag.isSize ? [p[0], p[1], p[2] + dx, p[3] + dy] : [p[0] + dx, p[1] + dy, ...p.slice(2)]);
  draw();
});

// A finger on what is chosen moves it and not the page; `touch-action` is not heeded on parts of an SVG.
svg.addEventListener("touchstart", (event) => {
  if (event.target.closest(".chosen, .grip")) event.preventDefault();
}, { passive: false });

for (const name of ["pointerup", "pointercancel"]) {
  svg.addEventListener(name, (event) => {
    if (drag === null || event.pointerId !== drag.id) return;
    drag = null;
    commit();
  });
}

form.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act], button[data-do]");
  if (!button) return;
  if (button.dataset.act) {
    act(button.dataset.act);
    return;
  }
  const element = elements.get(button.closest("[data-row]").dataset.row);
  if (button.dataset.do === "place") write(element, settled(element, beginning(element)));
  if (button.dataset.do === "off") takeOff(element);
  choose(element);
  commit();
  if (button.offsetParent === null) element.row.querySelector(button.dataset.do === "off" ? "[data-do=place]" : "[data-do=off]").focus();
});

form.addEventListener("change", (event) => {
  const element = elements.get(event.target.closest("[data-row]")?.dataset.row);
  if (!element) return;
  const before = placeOf(element, last[[...elements.keys()].indexOf(element.key)]), after = placeOf(element);
  if (element.kind === "room" && before !== null && after !== null) carry(element.key.slice(5), before, after);
  choose(element);
  commit();
});

// Enter in a number takes it; it does not send the form.
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches(".fields input")) {
    event.preventDefault();
    event.target.dispatchEvent(new Event("change", { bubbles: true }));
  }
});

sheet.append(grip);
form.querySelectorAll("[data-tools], [data-row-acts]").forEach((node) => { node.hidden = false; });
form.querySelectorAll("[data-do=choose]").forEach((node) => { node.disabled = false; });
const first = [...elements.values()].find((e) => placeOf(e) !== null);
if (first) first.node.setAttribute("tabindex", "0");
draw();
