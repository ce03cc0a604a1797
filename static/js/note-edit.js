// A note of a recording that is being changed: Esc leaves it as it is and goes back to its pencil. Before anybody else
// hears of it: Esc would close the call that is open in a list.

addEventListener(
  "keydown",
  (event) => {
    const note = event.key === "Escape" && event.target.closest?.(".noting[open]");
    if (!note) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    note.querySelector("form").reset();
    note.open = false;
    note.querySelector("summary").focus({ preventScroll: true });
  },
  true,
);
