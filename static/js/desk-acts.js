// The acts at the right of the desk by keys, and the focus where it stood once an act was carried out: the page has come
// anew by then, with the same person or, once a debt is closed, with who is due next. What is kept for that is the name of
// the act and whose it was: the answer may have been another page, and he who is looked at later somebody else.

const NAME = "desk-act";
const $ = (selector) => document.querySelector(selector);
const within = (act) => $(`[data-act="${CSS.escape(act)}"] :is(input:not([type=hidden]), select, textarea, button)`);
const acts = { o: "outcome", f: "follow-up", n: "note", c: "call" }; // by key
const place = (act) => (act === "call" ? $(".person [data-call]") : within(act));

addEventListener("submit", ({ target }) => {
  const act = target.closest(".person [data-act]")?.dataset.act ?? (target.closest(".person") && "call");
  if (act) sessionStorage.setItem(NAME, `${act} ${$(".person").dataset.lead}`);
  if (target.closest(".toasts")) sessionStorage.setItem(NAME, "debt"); // "Undo" shows whose it was again
});

const [act, lead] = (sessionStorage.getItem(NAME) ?? "").split(" ");
sessionStorage.removeItem(NAME);
const isNext = act === "debt" && !new URLSearchParams(location.search).has("lead");
if (act && (isNext || !lead || lead === $(".person")?.dataset.lead)) {
  (place(act) ?? place("call") ?? $(".queue [aria-current]"))?.focus({ preventScroll: true });
  if (matchMedia("(max-width: 900px)").matches) $(".person")?.scrollIntoView(); // the list lies above
}

let prefix = false;

document.addEventListener("keydown", (event) => {
  const follows = prefix; // the second key of two goes to another page
  prefix = event.key === "g";
  if (follows || event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
  if (event.target.closest?.("input, textarea, select")) return;
  if (!Object.hasOwn(acts, event.key)) return;
  event.preventDefault();
  const link = event.target.closest?.(".queue .title[href*='lead=']:not([aria-current])");
  if (link) open(link, acts[event.key]);
  else place(acts[event.key])?.focus();
});

// J and K go along the list and show nobody yet: an act is for whom they have reached, who is shown first.
function open(link, act) {
  const address = new URL(link.href);
  sessionStorage.setItem(NAME, `${act} ${address.searchParams.get("lead")}`);
  address.hash = ""; // a browser that goes to a place in a page takes the focus away
  location.assign(address);
}
