// For screen readers: what is new is said once, and what stands is not said again. Fragments are put anew and figures run
// all the time, so no region that does either is a live region; these two, at the foot of the page, are.
const TOLD_MAX = 3;

let known = new Map(told(document.querySelectorAll("[data-tell]")));

function told(nodes) {
  return [...nodes].map((node) => [node.dataset.alarm, node]);
}

/** Says those of the nodes that were not there before, the first few of each urgency; the rest stands in the list. */
export function tell(nodes) {
  const now = new Map(told(nodes));
  const fresh = [...now].filter(([id]) => !known.has(id)).map(([, node]) => node);
  known = now;
  for (const place of document.querySelectorAll("[data-told]")) {
    const isUrgent = place.dataset.told === "urgent";
    const words = fresh.filter((node) => ("urgent" in node.dataset) === isUrgent).slice(0, TOLD_MAX);
    if (words.length) place.textContent = words.map((node) => node.dataset.tell).join(" ");
  }
}
