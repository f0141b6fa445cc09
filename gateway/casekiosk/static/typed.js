// What a hand has typed, and where it types, stays when news put the same screen anew.
const nameOf = (input) => JSON.stringify([input.form?.id, { ...input.form?.dataset }, input.name, input.defaultValue]);
const isTouched = (input) => input.value !== input.defaultValue || input.checked !== input.defaultChecked;

/** What differs from what the gateway wrote, by its form and field. */
export function typedIn(place) {
  const inputs = [...place.querySelectorAll("input")];
  const focused = inputs.find((input) => input === document.activeElement);
  const values = inputs.filter(isTouched).map((input) => [nameOf(input), [input.value, input.checked]]);
  return { values: new Map(values), focused: focused && nameOf(focused) };
}

/** Puts it back where the same is still asked of the same person. */
export function keepTyped(place, { values, focused }) {
  for (const input of place.querySelectorAll("input")) {
    const name = nameOf(input);
    if (values.has(name)) [input.value, input.checked] = values.get(name);
    if (name === focused) input.focus({ preventScroll: true });
  }
}
