// "Why do you listen?", where a business asks it: the question stands in the place of the controls. Esc takes
// it away again and goes back to the button that was pressed; Enter sends. Without this file a page of its own asks.

let pressed = null;

function ask(form) {
  form.dataset.asked = "";
  form.querySelector("select").focus({ preventScroll: true });
}

function cancel(form) {
  const face = form.closest("[data-player]");
  form.remove();
  (pressed?.isConnected ? pressed : face.querySelector("[data-play]")).focus({ preventScroll: true });
}

document.addEventListener("click", ({ target }) => {
  pressed = target.closest("[data-play]") ?? pressed;
  if (target.closest("[data-why-cancel]")) cancel(target.closest(".why-played"));
});

document.addEventListener("htmx:after:swap", () => {
  const form = document.querySelector(".asked > form:not([data-asked])");
  if (form) ask(form);
});

// Before anybody else hears of it: Esc would close the call that is open in a list.
addEventListener(
  "keydown",
  (event) => {
    const form = event.target.closest?.(".asked > form");
    const act = { Escape: () => cancel(form), Enter: () => form.requestSubmit() }[event.key];
    if (!form || !act || (event.key === "Enter" && !event.target.matches("select"))) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    act();
  },
  true,
);
