// The list of callbacks stays when something is done in it: its rows come as they are by then, and the focus goes on where
// it stood, else in that row or in the one that follows. Key: c, to the button that calls, which no key presses.

const $ = (selector, from = document) => from.querySelector(selector);
const rows = () => [...document.querySelectorAll("#rows tbody > tr")];
const rowAt = (place) => place?.closest("#rows tbody > tr");

// "Undo" stands in a message: the address it posts to says which row it brings back.
function meant(form) {
  const [, id] = form.getAttribute?.("action")?.match(/callbacks\/([^/]+)\//) ?? [];
  return id && `callback-${id}`;
}

let stood = null;

document.addEventListener("htmx:before:swap", ({ target }) => {
  const place = document.activeElement;
  const row = rowAt(place);
  stood = row || place.closest(".toasts") ? { id: meant(target) ?? row?.id, at: rows().indexOf(row) } : null;
  if (meant(target)) $("#rows :popover-open")?.hidePopover();
});

document.addEventListener("htmx:finally:swap", () => {
  if (stood && !document.activeElement.closest("#rows, #pop")) {
    const next = rows()[Math.min(Math.max(stood.at, 0), rows().length - 1)];
    const row = document.getElementById(stood.id) ?? next;
    ((row && $(".title a", row)) ?? $("#main")).focus({ preventScroll: true });
  }
  stood = null;
});

let prefix = false;

document.addEventListener("keydown", (event) => {
  const follows = prefix; // the second key of two goes to another page
  prefix = event.key === "g";
  if (event.key !== "c" || follows || event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
  if (event.target.closest?.("input, textarea, select")) return;
  const button = $("[data-call]", rowAt(document.activeElement) ?? rows()[0] ?? document);
  button?.focus();
});
