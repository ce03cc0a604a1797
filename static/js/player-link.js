// A link to the moment where a recording stands: "Copy link at 1:23". It is the call's own address with a place in it
// (`#t=83`, which no server hears of), so it asks for log-in and for the right to listen like any other.

import { clock, say, standsAt } from "./shared.js";

function address(button, at) {
  const link = new URL(button.dataset.link, location.origin);
  if (at > 0) link.hash = `t=${at}`;
  return link.href;
}

async function copy(button) {
  const face = button.closest("[data-player]");
  const at = Math.floor(standsAt(face));
  const field = face.querySelector("[data-link-field]");
  field.value = field.defaultValue = address(button, at); // nobody has to save it: `calls-open.js` asks
  try {
    await navigator.clipboard.writeText(field.value);
    field.hidden = true;
    say(face, `Link at ${clock(at)} copied`);
    return true;
  } catch { // refused, or no https: the person copies it by hand
    field.hidden = false;
    field.select();
    say(face, "Copy it from the field", { stays: true });
    return false;
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-link]");
  if (button) copyAndGoOn(button, event.detail > 0);
});

// Who points at it goes on listening: keys mean the player again. Who presses it by key stays where he is.
async function copyAndGoOn(button, isPointed) {
  if (!(await copy(button)) || !isPointed || document.activeElement !== button) return;
  const player = button.closest("[data-player]");
  (player.querySelector("[data-seek]:enabled") ?? player.querySelector("[data-play]")).focus({ preventScroll: true });
}

function label(face) {
  const words = face.querySelector("[data-link-words]");
  const now = `Copy link at ${clock(standsAt(face))}`;
  if (words && words.textContent !== now) words.textContent = now;
}

document.addEventListener("player:painted", ({ target }) => label(target));
document.querySelectorAll("[data-player]").forEach(label);
