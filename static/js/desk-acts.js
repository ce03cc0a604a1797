// The acts at the right of the desk by keys, and the focus where it stood once an act was carried out: the page has come
// anew by then, with the same person or, once a debt is closed, with who is due next. What is kept for that is the name of
// the act and whose it was: the answer may have been another page, and he who is looked at later somebody else.

const NAME = "desk-act";
const $ = (selector) => document.querySelector(selector);
const within = (act) => $(`[data-act="${CSS.escape(act)}"] :is(input:not([type=hidden]), select, textarea, button)`);

addEventListener("submit", ({ target }) => {
  const act = target.closest(".person [data-act]")?.dataset.act;
  if (act) sessionStorage.setItem(NAME, `${act} ${$(".person").dataset.lead}`);
});

const [act, lead] = (sessionStorage.getItem(NAME) ?? "").split(" ");
sessionStorage.removeItem(NAME);
const isNext = act === "debt" && !new URLSearchParams(location.search).has("lead");
if (act && (isNext || lead === $(".person")?.dataset.lead)) {
  (within(act) ?? $(".person [data-call]") ?? $(".queue [aria-current]"))?.focus({ preventScroll: true });
}

const keys = {
  o: () => within("outcome"),
  f: () => within("follow-up"),
  n: () => within("note"),
  c: () => $(".person [data-call]"),
};

let prefix = false;

document.addEventListener("keydown", (event) => {
  const follows = prefix; // the second key of two goes to another page
  prefix = event.key === "g";
  if (follows || event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
  if (event.target.closest?.("input, textarea, select")) return;
  const place = keys[event.key]?.();
  if (!place) return;
  event.preventDefault();
  place.focus();
});
