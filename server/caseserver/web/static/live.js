// Keeps a page live: the server sends finished fragments by server-sent events, this module only puts them in place.
import { setClock, tick } from "./clock.js";
import { hear } from "./sound.js";
import { tell } from "./tell.js";

const host = document.querySelector("[data-live]");

/** How to find the focused link or control again in a fragment that replaces its own; null when there is none. */
function placeOf(node) {
  const focused = document.activeElement;
  if (!focused || !node.contains(focused)) return null;
  const href = focused.getAttribute("href");
  if (href !== null) return `a[href="${CSS.escape(href)}"]`;
  const form = focused.closest("form");
  const name = focused.getAttribute("name");
  const what = focused.tagName.toLowerCase() + (name ? `[name="${CSS.escape(name)}"]` : "");
  return form ? `form[action="${CSS.escape(form.getAttribute("action") ?? "")}"] ${what}` : null;
}

/** Puts a fragment in place unless somebody is in the middle of filling in a form of that region. */
export function swap(region, html) {
  const node = document.querySelector(`[data-region="${CSS.escape(region)}"]`);
  if (!node) return;
  const form = node.querySelector("form[data-keep]");
  if (form && form.querySelector("input:checked")) return;
  const place = placeOf(node);
  const scrolled = node.scrollTop;
  node.innerHTML = html;
  node.scrollTop = scrolled;
  if (place) node.querySelector(place)?.focus();
}

function take(event) {
  const message = JSON.parse(event.data);
  setClock(message.now, message.rate);
  for (const [region, html] of Object.entries(message.regions ?? {})) swap(region, html);
  tick();
  tell(document.querySelectorAll("[data-tell]"));
  hear(document.querySelectorAll("[data-sound]"));
}

if (host?.dataset.live) {
  const source = new EventSource(host.dataset.live);
  source.addEventListener("picture", take);
  // Signed out or no longer allowed: the page says so by going to the sign-in page, never by standing still.
  source.addEventListener("leave", () => location.reload());
}
