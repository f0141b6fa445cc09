// How long the door stands open: seconds, a bar, and a tone that grows once it has stood open too long.
let timer = 0, sound = null;

export function follow(node, now) {
  clearInterval(timer);
  if (!node) return quiet();
  const since = Number(node.dataset.since), limit = Number(node.dataset.tone);
  const step = () => {
    const seconds = Math.max(0, (now() - since) / 1000);
    node.querySelector("[data-count]").textContent = String(Math.floor(seconds));
    node.querySelector("[data-bar]").setAttribute("width", `${Math.min(100, (seconds / limit) * 100).toFixed(1)}%`);
    if (seconds > limit) tone(seconds - limit);
  };
  step();
  timer = setInterval(step, 500);
}

function tone(late) {
  sound ??= new AudioContext();
  const gain = sound.createGain(), wave = sound.createOscillator(), at = sound.currentTime;
  wave.frequency.value = 620 + Math.min(400, late * 10);
  gain.gain.setValueAtTime(Math.min(0.4, 0.04 + late * 0.01), at);
  gain.gain.linearRampToValueAtTime(0, at + 0.25);
  wave.connect(gain).connect(sound.destination);
  wave.start(at);
  wave.stop(at + 0.26);
}

function quiet() { sound?.close(); sound = null; }
