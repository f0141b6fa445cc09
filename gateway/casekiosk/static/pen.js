// A field for a signature: strokes of pen, finger or mouse as whole numbers in 600 x 300, drawn while they are made.
const WIDTH = 600, HEIGHT = 300, STEP = 2, POINTS_MAX = 3500;
const strokes = new WeakMap();

export function bindPads(place) {
  for (const pad of place.querySelectorAll("svg[data-ink]")) {
    strokes.set(pad, []);
    pad.addEventListener("pointerdown", (event) => begin(pad, event));
    pad.addEventListener("pointermove", (event) => draw(pad, event));
  }
}

/** The pads that somebody has begun to write on, by whose they are. */
export function inkOf(place) {
  const pads = [...place.querySelectorAll("svg[data-ink]")].filter((pad) => strokes.get(pad)?.length);
  return new Map(pads.map((pad) => [pad.dataset.ink, pad]));
}

/** Puts such pads back where the same name is still to be written. */
export function keepInk(place, ink) {
  for (const pad of place.querySelectorAll("svg[data-ink]")) {
    const begun = ink.get(pad.dataset.ink);
    if (!begun) continue;
    pad.replaceWith(begun);
    begun.parentElement.classList.add("inked");
    if (strokes.get(begun).some((stroke) => stroke.length > 3)) document.dispatchEvent(new Event("pen"));
  }
}

export function strokesOf(place, part) {
  const pad = place.querySelector(`svg[data-ink="${CSS.escape(part)}"]`);
  return (pad && strokes.get(pad)) ?? [];
}

function point(pad, event) {
  const box = pad.getBoundingClientRect();
  const x = Math.round(((event.clientX - box.left) / box.width) * WIDTH);
  const y = Math.round(((event.clientY - box.top) / box.height) * HEIGHT);
  return [Math.min(WIDTH, Math.max(0, x)), Math.min(HEIGHT, Math.max(0, y))];
}

function begin(pad, event) {
  pad.setPointerCapture(event.pointerId);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  pad.append(path);
  strokes.get(pad).push([point(pad, event)]);
  pad.parentElement.classList.add("inked");
}

function draw(pad, event) {
  if (!pad.hasPointerCapture(event.pointerId)) return;
  const all = strokes.get(pad), stroke = all[all.length - 1], last = stroke[stroke.length - 1], next = point(pad, event);
  if (Math.hypot(next[0] - last[0], next[1] - last[1]) < STEP || all.reduce((sum, one) => sum + one.length, 0) > POINTS_MAX) return;
  stroke.push(next);
  pad.lastElementChild.setAttribute("d", "M" + stroke.map((p) => p.join(",")).join(" "));
  if (stroke.length > 3) document.dispatchEvent(new Event("pen"));
}
