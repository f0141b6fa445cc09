// Three families, two urgencies each, told apart by rhythm. Web Audio only; no files. Silent until somebody has pressed
// a button on this page, as browsers ask; the wall says so by its sound button.
const PATTERN = {
  "law-act": { notes: [[660, 0], [660, .22], [660, .44], [660, .66], [880, .88]], length: .16, wave: "triangle", every: 3 },
  "law-soon": { notes: [[660, 0], [660, .44]], length: .16, wave: "triangle", every: 15 },
  "person-act": { notes: [[523, 0], [659, .14], [784, .28], [523, .56], [659, .7], [784, .84]], length: .13, wave: "sine", every: 2.5 },
  "person-soon": { notes: [[523, 0], [784, .3]], length: .24, wave: "sine", every: 15 },
  "equip-act": { notes: [[392, 0], [392, .12], [392, .5], [392, .62]], length: .09, wave: "square", every: 3 },
  "equip-soon": { notes: [[392, 0], [392, .12]], length: .09, wave: "square", every: 20 },
};
const ORDER = ["person-act", "law-act", "equip-act", "person-soon", "law-soon", "equip-soon"];
const MUTE_MS = 60000;
const APART_MS = 1000; // one burst is over before the same sound begins again, however many alarms ask for it
const LEVEL = .4;

let audio = null;
const muted = new Map();
const heardOnce = new Set();
const SILENCE = { name: "", say: "", once: "", bursts: 0, next: 0 };
let playing = SILENCE;
let begun = -APART_MS;

function night() {
  return document.documentElement.dataset.theme === "night";
}

/** Plays one burst; night changes the timbre, never the level. */
export function play(name) {
  if (!audio) return;
  const pattern = PATTERN[name], start = audio.currentTime + .02;
  for (const [hz, at] of pattern.notes) {
    const tone = audio.createOscillator(), gain = audio.createGain();
    tone.type = night() ? "sine" : pattern.wave;
    tone.frequency.value = hz;
    gain.gain.setValueAtTime(0, start + at);
    gain.gain.linearRampToValueAtTime(LEVEL, start + at + .01);
    gain.gain.setValueAtTime(LEVEL, start + at + pattern.length - .03);
    gain.gain.linearRampToValueAtTime(0, start + at + pattern.length);
    tone.connect(gain).connect(audio.destination);
    tone.start(start + at);
    tone.stop(start + at + pattern.length + .02);
  }
}

function say(words) {
  if (!("speechSynthesis" in window)) return;
  const speech = new SpeechSynthesisUtterance(words);
  speech.lang = document.documentElement.lang;
  speechSynthesis.speak(speech);
}

/** The loudest alarm nobody has taken decides what is heard; a warning is heard once. */
export function hear(nodes) {
  const now = performance.now();
  const open = [...nodes].filter((node) => (muted.get(node.dataset.sound) ?? 0) < now && !heardOnce.has(node.dataset.alarm));
  open.sort((a, b) => ORDER.indexOf(a.dataset.sound) - ORDER.indexOf(b.dataset.sound));
  const first = open[0];
  for (const button of document.querySelectorAll(".tools [data-mute]")) button.hidden = nodes.length === 0;
  if (!first) {
    playing = SILENCE;
    return;
  }
  if (first.dataset.sound !== playing.name || first.dataset.say !== playing.say) {
    const once = "once" in first.dataset ? first.dataset.alarm : "";
    const next = first.dataset.sound === playing.name ? Math.max(now, begun + APART_MS) : now;
    playing = { name: first.dataset.sound, say: first.dataset.say, once, bursts: 0, next };
  }
  beat();
}

function beat() {
  if (!playing.name || !audio || performance.now() < playing.next) return;
  play(playing.name);
  begun = performance.now();
  playing.bursts += 1;
  if (playing.once) {
    heardOnce.add(playing.once);
    playing = SILENCE;
    return;
  }
  playing.next = performance.now() + PATTERN[playing.name].every * 1000;
  if (playing.bursts === 2 && playing.say) say(playing.say);
}

function allow() {
  audio ??= new AudioContext();
  audio.resume();
  for (const button of document.querySelectorAll("[data-sound-test]")) {
    if (button.dataset.on) button.textContent = button.dataset.on;
    button.classList.add("on");
  }
}

document.addEventListener("pointerdown", allow);
document.addEventListener("keydown", allow);
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-sound-test]")) {
    allow();
    ["law-act", "person-act", "equip-act"].forEach((name, index) => setTimeout(() => play(name), index * 1600));
  }
  const mute = event.target.closest("[data-mute]");
  if (mute) {
    const until = performance.now() + MUTE_MS;
    for (const node of document.querySelectorAll("[data-sound]")) muted.set(node.dataset.sound, until);
    hear(document.querySelectorAll("[data-sound]"));
  }
});
hear(document.querySelectorAll("[data-sound]"));
setInterval(beat, 200);
