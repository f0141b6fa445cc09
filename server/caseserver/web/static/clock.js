// Station time on the page: the server sends a moment and a rate, this module counts on from it and nothing else.
// Older than five real seconds, it stops counting, says so over the whole page and never goes on by itself.
export const STALE_AFTER_MS = 5000;

const root = document.documentElement;
const english = root.lang === "en";
const units = english ? { h: "h", m: "m", s: "s" } : { h: "小时", m: "分", s: "秒" };
const two = (n) => String(n).padStart(2, "0");

const anchor = { station: Number(root.dataset.now), rate: Number(root.dataset.rate), at: performance.now() };
const live = document.querySelector("[data-live]") !== null;

/** Takes a new moment from the server: milliseconds of station time, and station seconds to a real one. */
export function setClock(stationMs, rate) {
  anchor.station = stationMs;
  anchor.rate = rate;
  anchor.at = performance.now();
}

export const age = () => performance.now() - anchor.at;
export const stale = () => live && age() > STALE_AFTER_MS;
export const stationNow = () => anchor.station + age() * anchor.rate;

/** Figures and units, the same as wording.duration_parts on the server. */
export function parts(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
  if (h >= 10) return [[String(h), "h"]];
  if (h) return [[String(h), "h"], [two(m), "m"]];
  if (s >= 120) return [[String(m), "m"]];
  if (s >= 60) return [[String(m), "m"], [two(s % 60), "s"]];
  return [[String(s), "s"]];
}

export const words = (seconds) => parts(seconds).map(([n, u]) => `${n} ${units[u]}`).join(" ");

function write(node, seconds) {
  if (node.dataset.plain) {
    const text = words(seconds);
    if (node.textContent !== text) node.textContent = text;
    return;
  }
  const text = parts(seconds).map(([n, u]) => `${n}${units[u]}`).join("");
  if (node.textContent === text) return;
  node.replaceChildren(...parts(seconds).flatMap(([n, u]) => {
    const small = document.createElement("small");
    small.textContent = units[u];
    return [n, small];
  }));
}

function count(now) {
  for (const node of document.querySelectorAll("[data-due]")) write(node, (Number(node.dataset.due) - now) / 1000);
  for (const node of document.querySelectorAll("[data-since]")) write(node, (now - Number(node.dataset.since)) / 1000 / (node.dataset.real ? anchor.rate : 1));
}

function showClock(now) {
  const local = new Date(now + Number(root.dataset.offset) * 1000);
  for (const node of document.querySelectorAll("[data-clock]")) node.textContent = `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`;
  for (const node of document.querySelectorAll("[data-second]")) node.textContent = two(local.getUTCSeconds());
}

/** One step of the page: counts while fresh, and otherwise freezes every figure and shows for how long it has been so. */
export function tick() {
  const isStale = stale();
  document.body.classList.toggle("stale", isStale);
  for (const bar of document.querySelectorAll("[data-stale]")) bar.hidden = !isStale;
  if (isStale) {
    for (const node of document.querySelectorAll("[data-stale-for]")) node.textContent = words(age() / 1000);
  } else {
    count(stationNow());
  }
  showClock(stationNow());
}

tick();
setInterval(tick, 250);
