// The screen at a cabinet. The gateway makes every screen; this module sends what is touched, puts the answer in place,
// asks for news, and holds camera, pen and keys. Nothing is decided here, and nothing stays here.
import { startCamera, stopCamera, takePhoto } from "./camera.js";
import { bindPads, inkOf, keepInk, strokesOf } from "./pen.js";
import { bindKeys } from "./keys.js";
import { keepTyped, typedIn } from "./typed.js";
import { follow } from "./door.js";

const root = document.documentElement;
const place = document.getElementById("screen");
const cut = document.querySelector(".cut");
const base = `/c/${encodeURIComponent(root.dataset.cabinet)}`;
const AGAIN_MS = 1000;
let version = Number(root.dataset.version);
let turn = Promise.resolve(); // touches are answered one after another
let inHand = "", look = 0;
const CLICK_MS_MAX = 300;
let isDown = false, lifting = 0, later = null; // a finger lies on the screen: nothing is put under it meanwhile
let isElsewhere = false; // another screen has this cabinet now: this one stands still until it is touched

/** Station time now, milliseconds: as the gateway said last, counted on by this machine's steady clock. */
const clock = { at: performance.now(), now: Number(root.dataset.now), rate: Number(root.dataset.rate) };
const stationNow = () => clock.now + (performance.now() - clock.at) * clock.rate;

function show(answer) {
  Object.assign(clock, { at: performance.now(), now: answer.now, rate: answer.rate });
  if (answer.version === version || (answer.version < version && !isElsewhere)) return; // news may be overtaken by an answer
  if (isDown && !isElsewhere) {
    if (!later || later.version < answer.version) later = answer;
    return;
  }
  version = answer.version;
  const focused = document.activeElement?.dataset?.act;
  const camera = place.querySelector("video.camera"), ink = inkOf(place), typed = typedIn(place);
  place.innerHTML = answer.html;
  if (camera) place.querySelector("video.camera")?.replaceWith(camera); // the picture goes on while the list grows
  if (focused) place.querySelector(`[data-act="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  bind();
  keepInk(place, ink); // and so does a name that is half written
  keepTyped(place, typed);
}

function bind() {
  bindPads(place);
  bindKeys(place, sendPin);
  follow(place.querySelector("[data-since]"), stationNow);
  if (place.querySelector('[data-wants-camera="1"]')) {
    const mine = ++look; // a picture that was replaced meanwhile says nothing of this one
    startCamera(place.querySelector("video")).then(() => mine === look && blind(false), () => mine === look && blind(true));
  } else {
    look += 1;
    blind(false);
    stopCamera();
  }
}

/** Without a camera the frame says so, to the eye and to a screen reader. */
function blind(is) {
  document.body.classList.toggle("blind", is);
  say(is ? "nocamera" : "");
}
const say = (key) => { const node = document.getElementById("said"); node.textContent = node.dataset[key] ?? ""; };

/** One request; an answer that is not a screen means that this page is of before, or that the gateway is not there. */
async function ask(path, options = {}) {
  const response = await fetch(`${base}/${path}`, { ...options, headers: { "x-kiosk-token": root.dataset.token, ...options.headers } });
  if (response.status === 403) { location.reload(); throw new Error("a page of before"); }
  if (response.status !== 200 && response.status !== 409) throw new Error(String(response.status));
  isElsewhere = response.status === 409;
  return response.json();
}

const screenNow = () => place.firstElementChild?.className;

/** Sends a touch after those before it. A second tap of the same finger, or a touch on a screen that is gone by then, is none. */
async function send(path, body, type) {
  const touch = `${version} ${path} ${typeof body === "string" ? body : ""}`, touched = screenNow(), before = turn;
  if (touch === inHand) return;
  inHand = touch;
  let go;
  turn = new Promise((done) => { go = done; });
  await before;
  document.body.classList.add("busy");
  try {
    if (screenNow() === touched) {
      show(await ask(path, { method: "POST", body, headers: { "content-type": type } }));
      mend();
    }
  } catch (error) {
    broken();
  } finally {
    if (inHand === touch) inHand = "";
    document.body.classList.remove("busy");
    go();
  }
}

const act = (action, fields = {}) => send("act", JSON.stringify({ action, fields }), "application/json");

function sendPin(form) {
  const officer = form.dataset.officer || form.elements.officer.value;
  const pin = form.elements.pin.value;
  form.elements.pin.value = "";
  act(form.dataset.pin, { officer, pin });
}

function broken() { cut.hidden = false; document.body.classList.add("iscut"); }
function mend() { cut.hidden = true; document.body.classList.remove("iscut"); }

/** Asks for news for ever. Nothing is shown as present that the gateway has not said within the last seconds. */
async function watch() {
  while (!isElsewhere) {
    try {
      show(await ask(`wait?version=${version}`));
      mend();
    } catch (error) {
      broken();
      await new Promise((go) => setTimeout(go, AGAIN_MS));
    }
  }
}

const OWN = new Set(["act", "form", "ask", "into", "labels"]);
function fieldsOf(button) {
  const fields = Object.fromEntries(Object.entries(button.dataset).filter(([key]) => !OWN.has(key)));
  if (button.dataset.form) {
    const form = document.getElementById(button.dataset.form);
    for (const [key, value] of new FormData(form)) fields[key] = value;
  }
  return fields;
}

place.addEventListener("click", async (event) => {
  if (isElsewhere) { location.reload(); return; }
  const button = event.target.closest("button");
  if (!button || button.disabled) return;
  const { act: action, append, add, photo, sign } = button.dataset;
  if (append !== undefined) {
    const input = button.closest("form").elements.features;
    input.value = input.value ? `${input.value}，${append}` : append;
  } else if (add !== undefined && action === undefined) {
    const input = button.parentElement.querySelector("input");
    input.value = String(Math.max(1, Number(input.value || 0) + Number(add)));
  } else if (photo !== undefined) {
    const picture = await takePhoto(place.querySelector("video")).catch(() => null);
    blind(!picture);
    if (picture) await send("photo", picture, "image/jpeg");
  } else if (sign !== undefined) {
    const strokes = strokesOf(place, sign);
    if (strokes.length) await send("sign", JSON.stringify({ part: sign, strokes }), "application/json");
  } else if (action !== undefined) {
    if (button.dataset.ask) typed(button);
    else act(action, fieldsOf(button));
  }
});
place.addEventListener("pointerdown", () => { clearTimeout(lifting), isDown = true; });
// After the click that it makes, which comes some milliseconds after a finger is up; a finger that slid makes none.
for (const [end, ms] of [["pointerup", CLICK_MS_MAX], ["click", 0], ["pointercancel", 0]]) {
  addEventListener(end, () => { clearTimeout(lifting), lifting = setTimeout(lifted, ms); });
}
function lifted() {
  const answer = later;
  isDown = false, later = null;
  if (answer) show(answer);
}
place.addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("pen", () => { const button = place.querySelector("[data-sign]"); if (button) button.disabled = false; });

/** A word that no chip has: one field in the place of the chip. */
function typed(button) {
  const form = document.createElement("form");
  const input = Object.assign(document.createElement("input"), { maxLength: 40, className: "chipb typed" });
  input.setAttribute("aria-label", button.dataset.ask);
  input.placeholder = button.dataset.ask;
  form.append(input);
  form.addEventListener("submit", () => { if (input.value.trim()) act(button.dataset.act, { [button.dataset.into]: input.value.trim() }); });
  input.addEventListener("blur", () => form.requestSubmit());
  button.replaceWith(form);
  input.focus();
}

bind();
watch();
