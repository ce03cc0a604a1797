// Who was asked whether to call goes on where he pressed: the button becomes "Stop" and, once that is over, the button
// again, each time as a new piece of the page, and the focus would be lost. It stays until he goes somewhere else.

let path = []; // the ids around the button, the nearest first

const isMeant = (place) => place.closest?.("#pop, [data-calling], [data-stop], [data-call]");
const first = (selector, ids) => ids.map((id) => document.getElementById(id)?.querySelector(selector)).find(Boolean);

document.addEventListener("click", ({ target }) => {
  const asks = target.closest("[data-asks]");
  if (!asks) return;
  path = [];
  const named = "[id]:not(#revealing)"; // which the place of the question is for a moment, and may be still
  for (let at = asks.parentElement.closest(named); at; at = at.parentElement.closest(named)) path.push(at.id);
});

for (const moment of ["focusin", "pointerdown"]) {
  document.addEventListener(moment, ({ target }) => {
    if (!isMeant(target)) path = [];
  });
}

// A list that is not of calls follows one only where it says "Stop": else it would come again with every call there is.
document.body.addEventListener("live:call.changed", ({ detail }) => {
  const shown = [...document.querySelectorAll("[data-calling]")];
  if (shown.some((one) => !detail?.id || one.dataset.calling === detail.id)) {
    document.body.dispatchEvent(new Event("live:calling.changed"));
  }
});

// One call of his is on its way at most, so its "Stop" may stand further out; the button is that of the same place.
document.addEventListener("htmx:finally:swap", () => {
  if (!path.length || document.activeElement !== document.body || document.querySelector("#pop:popover-open")) return;
  const calling = first("[data-calling], [data-stop]", path);
  const place = calling ? calling.querySelector("button") : first("[data-call]", path.slice(0, 1));
  place?.focus({ preventScroll: true });
});
