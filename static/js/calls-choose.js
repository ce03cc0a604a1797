// Choosing calls of the list: a bar counts them and says what can be done with them. Without this file the form stands
// below the list, and sends the boxes that are ticked. Shift-click takes everything between; x ticks the row in focus.

import { fade } from "./shared.js";

const $ = (selector, from = document) => from.querySelector(selector);
const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
const boxes = () => $$("#rows input[name=call]");
let last = null;

function count() {
  const bar = $("#bulk");
  if (!bar) return;
  const chosen = boxes().filter((box) => box.checked);
  bar.classList.toggle("on", chosen.length > 0);
  $("[data-chosen]", bar).textContent = chosen.length ? `${chosen.length} chosen` : "";
  for (const box of boxes()) box.closest("tr").classList.toggle("chosen", box.checked);
  const all = $("#choose-all");
  if (all) all.checked = chosen.length > 0 && chosen.length === boxes().length;
  if (all) all.indeterminate = chosen.length > 0 && !all.checked;
}

function choose(all) {
  for (const box of boxes()) box.checked = all;
  count();
}

document.addEventListener("click", (event) => {
  const box = event.target.closest("#rows input[name=call]");
  if (event.target.closest("[data-choose-all]")) choose(true);
  if (event.target.closest("[data-choose-none]")) choose(false);
  if (event.target.id === "choose-all") choose(event.target.checked);
  if (!box) return;
  if (event.shiftKey && last?.isConnected) {
    const [from, to] = [boxes().indexOf(last), boxes().indexOf(box)].sort((one, other) => one - other);
    for (const between of boxes().slice(from, to + 1)) between.checked = box.checked;
  }
  last = box;
  count();
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input:not([type=checkbox]), textarea, select");
  if (event.key !== "x" || typing || event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
  const row = event.target.closest?.("#rows tr");
  $("input[name=call]", row?.matches(".detail") ? row.previousElementSibling : (row ?? undefined))?.click();
});

document.addEventListener("htmx:after:swap", () => {
  if ($(".toasts > :is([data-fades], .notice:not([data-timed]))")) $("#acts-of-bulk")?.hidePopover(); // it lies over them
  $("#bulk [aria-invalid]")?.focus();
  for (const said of $$(".toasts > .notice").slice(0, -1)) said.remove(); // the last refusal is the one that counts
  for (const toast of $$(".toast[data-fades]")) {
    delete toast.dataset.fades;
    fade(toast);
    done(toast);
  }
  for (const refusal of $$(".toasts > .notice:not([data-timed])")) {
    refusal.dataset.timed = "";
    fade(refusal);
  }
  expire();
  count();
});

// What was chosen is done; who pressed a button that is gone goes on at the toast.
function done(toast) {
  choose(false);
  if (document.activeElement === document.body || $("#bulk").contains(document.activeElement)) {
    $("button", toast)?.focus({ preventScroll: true });
  }
}

// The line below the list goes when what it says can no longer be undone.
function expire() {
  const line = $(".undo");
  if (line) setTimeout(() => line.remove(), line.dataset.left * 1000);
}

expire();
addEventListener("pageshow", count); // a page that comes back may have boxes ticked
count();
