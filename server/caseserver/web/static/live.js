// Keeps a page live: the server sends finished fragments by server-sent events, this module only puts them in place.
import { setClock, tick } from "./clock.js";
import { hear } from "./sound.js";
import { tell } from "./tell.js";

const HELD_MS_MAX = 2000; // no hand keeps news from a page for longer
const host = document.querySelector("[data-live]");
const held = new Map(); // region -> the newest fragment that came while something was pressed
const CLICK_MS_MAX = 100; // by touch a click comes some milliseconds after the finger is up; one that slid makes none
let pressed = 0; // the timer of what is pressed now, 0: nothing
let lifted = 0; // the timer of the click that is to come

/** How to find the focused link or control again in a fragment that replaces its own; null when there is none. */
function placeOf(node) {
  const focused = document.activeElement;
  if (!focused || !node.contains(focused)) return null;
  if (focused.matches("summary")) return `${nameOf(focused.parentElement)} > summary`;
  const href = focused.getAttribute("href");
  if (href !== null) return `a[href="${CSS.escape(href)}"]`;
  const form = focused.closest("form");
  const name = focused.getAttribute("name");
  const what = focused.tagName.toLowerCase() + (name ? `[name="${CSS.escape(name)}"]` : "");
  return form ? `form[action="${CSS.escape(form.getAttribute("action") ?? "")}"] ${what}` : null;
}

/** Finds a part that opens, again, in a fragment that replaces its own. */
function nameOf(details) {
  const card = details.closest("[data-alarm]");
  return (card ? `[data-alarm="${CSS.escape(card.dataset.alarm)}"] ` : "") + ["details", ...details.classList].join(".");
}

/** Puts a fragment in place unless somebody is in the middle of filling in a form of that region, and after what is pressed. */
export function swap(region, html) {
  const node = document.querySelector(`[data-region="${CSS.escape(region)}"]`);
  if (!node || node.querySelector("form[data-keep] input:checked")) return;
  if (pressed) {
    held.set(region, html);
    return;
  }
  const place = placeOf(node);
  const scrolled = node.scrollTop;
  const opened = [...node.querySelectorAll("details[open]")].map(nameOf);
  node.innerHTML = html;
  for (const name of opened) node.querySelector(name)?.setAttribute("open", "");
  node.scrollTop = scrolled;
  if (place) node.querySelector(place)?.focus();
}

function take(event) {
  const message = JSON.parse(event.data);
  setClock(message.now, message.rate);
  for (const [region, html] of Object.entries(message.regions ?? {})) swap(region, html);
  show();
}

/** Counts, says and sounds what stands on the page now. */
function show() {
  tick();
  tell(document.querySelectorAll("[data-tell]"));
  hear(document.querySelectorAll("[data-sound]"));
}

/** What is pressed is not taken from under the finger: a click is one only when it ends on what it began on. */
function press() {
  clearTimeout(lifted);
  pressed ||= setTimeout(release, HELD_MS_MAX);
}

function release() {
  clearTimeout(pressed);
  pressed = 0;
  if (!held.size) return;
  const news = [...held];
  held.clear();
  for (const [region, html] of news) swap(region, html);
  show();
}

addEventListener("pointerdown", press);
for (const [end, ms] of [["pointerup", CLICK_MS_MAX], ["click", 0], ["pointercancel", 0]]) {
  addEventListener(end, () => { clearTimeout(lifted), lifted = setTimeout(release, ms); });
}

if (host?.dataset.live) {
  const source = new EventSource(host.dataset.live);
  source.addEventListener("picture", take);
  // Signed out or no longer allowed: the page says so by going to the sign-in page, never by standing still.
  source.addEventListener("leave", () => location.reload());
}
