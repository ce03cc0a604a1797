// The switch for shortcuts of a single key: who speaks to his computer, or rests a hand on it, turns them off (WCAG 2.1.4).
// It is kept in this browser. While they are off, no other file here hears of a single key; typing goes on as ever.

const NAME = "keys";
const box = document.querySelector("[data-single-keys]");
let on = localStorage.getItem(NAME) !== "off";

if (box) {
  box.checked = on;
  box.addEventListener("change", () => {
    on = box.checked;
    if (on) localStorage.removeItem(NAME);
    else localStorage.setItem(NAME, "off");
  });
}

addEventListener(
  "keydown",
  (event) => {
    const single = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!on && single) event.stopImmediatePropagation();
  },
  true,
);
