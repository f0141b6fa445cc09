// Keys on the screen for number and PIN, beside a keyboard. A PIN of six digits is sent by itself.
const PIN = 6;

export function bindKeys(place, send) {
  const form = place.querySelector("[data-pin]");
  if (!form) return;
  const inputs = [...form.querySelectorAll("input")];
  let at = inputs[0];
  at.focus();
  const sent = () => { if (form.elements.pin.value.length === PIN) send(form); };
  for (const input of inputs) input.addEventListener("focus", () => { at = input; });
  form.elements.pin.addEventListener("input", sent);
  form.addEventListener("submit", () => { if (at !== inputs[inputs.length - 1]) inputs[inputs.length - 1].focus(); });
  for (const button of place.querySelectorAll("[data-key]")) {
    button.addEventListener("click", () => {
      const key = button.dataset.key;
      if (key === "back") at.value = at.value.slice(0, -1);
      else if (key === "next") inputs[inputs.length - 1].focus();
      else if (at.value.length < at.maxLength) at.value += key;
      if (at.name === "pin") sent();
    });
  }
}
