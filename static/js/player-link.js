// A link to the moment where a recording stands: "Copy link at 1:23". It is the call's own address with a place in it
// (`#t=83`, which no server hears of), so it asks for log-in and for the right to listen like any other.

import { clock, standsAt } from "./shared.js";

function address(button, at) {
  const link = new URL(button.dataset.link, location.origin);
  if (at > 0) link.hash = `t=${at}`;
  return link.href;
}

async function copy(button) {
  const face = button.closest("[data-player]");
  const at = Math.floor(standsAt(face));
  const field = face.querySelector("[data-link-field]");
  const said = face.querySelector("[data-said]");
  field.value = field.defaultValue = address(button, at); // nobody has to save it: `calls-open.js` asks
  try {
    await navigator.clipboard.writeText(field.value);
    field.hidden = true;
    said.textContent = `Link at ${clock(at)} copied`;
  } catch { // refused, or no https: the person copies it by hand
    field.hidden = false;
    field.select();
    said.textContent = "Copy it from the field";
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-link]");
  if (button) copy(button);
});

function label(face) {
  const words = face.querySelector("[data-link-words]");
  const now = `Copy link at ${clock(standsAt(face))}`;
  if (words && words.textContent !== now) words.textContent = now;
}

document.addEventListener("player:painted", ({ target }) => label(target));
document.querySelectorAll("[data-player]").forEach(label);
