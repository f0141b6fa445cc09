// Keeps the page as things stand, and sends its forms without leaving it. Without this script the forms work by themselves.
const state = document.getElementById("state");
const said = document.getElementById("said");
const PERIOD_MS = 700;
let shown = state.innerHTML;

function show(html) {
  if (html === shown) return;
  const focused = document.activeElement?.id;
  state.innerHTML = shown = html;
  if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus();
}

async function look() {
  try {
    const answer = await fetch(`/state${location.search}`);
    if (answer.ok) show(await answer.text());
  } catch {
    // The demo has ended or is busy: the next look tells.
  }
  setTimeout(look, PERIOD_MS);
}

document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = new URLSearchParams(new FormData(event.target));
  const answer = await fetch("/act", { method: "POST", body, headers: { accept: "text/plain" } });
  said.textContent = await answer.text();
});

look();
