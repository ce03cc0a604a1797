// What pages do beyond HTML. Every page reads, links and submits without this file; nothing here is the only way.
// Sections: theme, hidden values, live fragments, ringing, clocks, small things, unsaved work, keyboard, live feed. htmx 4 does the fetching and swapping.

import { clock, fade } from "./shared.js";

const root = document.documentElement;
const $ = (selector, from = document) => from.querySelector(selector);
const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
root.classList.add("js");

// ---- Theme: the server draws it from the cookie, so that no page flashes; "" follows the system.

function setTheme(theme) {
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
  document.cookie = `theme=${theme};path=/;max-age=${theme ? 31536000 : 0};samesite=lax`;
  markTheme();
}

function markTheme() {
  for (const button of $$("[data-theme-set]")) {
    button.setAttribute("aria-pressed", button.dataset.themeSet === (root.dataset.theme ?? ""));
  }
}

function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

markTheme();

// ---- Hidden values. The eye fetches a list of reasons into #pop; a reason fetches the value into the eye's place,
// for as long as the server says. What was there before is put back from `covered`; the plain value is kept nowhere.

const ASKS = "[data-reveal], [data-asks]";
const pop = $("#pop");
const covered = new WeakMap();
let eye = null;

function askReason() {
  const place = eye.closest(".masked, form"); // or the button that asks before it calls
  const clean = place.cloneNode(true);
  $("[data-reveal]", clean)?.classList.remove("htmx-request"); // it rests the eye, and is taken off the first one only
  covered.set(place.parentElement, clean.outerHTML);
  place.id = "revealing";
  pop.showPopover({ source: eye });
  $("button, a, select", pop)?.focus();
}

function show(value) {
  const until = Date.now() + Number(value.dataset.remask) * 1000;
  value.dataset.ticking = "";
  if (pop?.matches(":popover-open")) pop.hidePopover();
  $("[data-remask-now]", value)?.focus({ preventScroll: true });
  const timer = setInterval(() => {
    const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    const label = $(".left", value);
    if (label) label.textContent = clock(left);
    if (left === 0 || !value.isConnected) hide(value);
  }, 500);
  value.addEventListener("remask", () => clearInterval(timer), { once: true });
}

function hide(value) {
  const home = value.parentElement;
  const hadFocus = value.contains(document.activeElement);
  value.dispatchEvent(new Event("remask"));
  if (!home) return;
  if (covered.has(home)) value.outerHTML = covered.get(home);
  else value.remove();
  window.htmx?.process(home);
  if (hadFocus) $("[data-reveal]", home)?.focus({ preventScroll: true });
  catchUp();
}

pop?.addEventListener("toggle", (event) => {
  if (event.newState === "open") return;
  $("#revealing")?.removeAttribute("id");
  pop.replaceChildren();
  if (document.activeElement === document.body) eye?.focus({ preventScroll: true }); // Esc: go on where one asked
  catchUp();
});

// A page kept for the back button must not keep a number with it.
addEventListener("pagehide", () => $$("[data-remask]").forEach(hide));

// ---- Fragments that follow the live feed: they wait while a person looks at a number, is asked why he listens or
// types in them, and in hidden tabs. A player that sounds is left out of what changes (hx-morph-skip); another recording
// may take its place in #latest alone, which waits.

let missed = false;
let asking = false; // between a click on an eye and its list of reasons
const reading = () => document.hidden || asking || $(".masked.open, #revealing, [data-refetch] :is(:popover-open, .noting[open])");
const heard = (fragment) => $$("#latest audio, .why-played", fragment).some((one) => one.closest("[data-refetch]") === fragment);
const typed = (fragment) => $$("textarea, [data-keep]", fragment).some((field) => field.value !== field.defaultValue);
// What somebody has to see at once waits for nobody: a call that rings.
const waits = (fragment) => fragment.dataset.refetch !== "always" && (reading() || heard(fragment) || typed(fragment));

function catchUp() {
  if (missed && !reading()) refetch();
}

// Before the swap too: an answer may come in that was asked for before the person began to read.
for (const moment of ["htmx:before:request", "htmx:before:swap"]) {
  document.addEventListener(moment, (event) => {
    if (event.target.matches?.("[data-refetch]") && waits(event.target)) {
      missed = true;
      event.preventDefault();
    }
  });
}

document.addEventListener("htmx:finally:request", (event) => {
  if (event.target.matches?.(ASKS)) asking = false;
});

document.addEventListener("htmx:after:swap", (event) => {
  const target = event.detail.ctx.target;
  if (target === pop && !pop.matches(":popover-open") && eye?.isConnected) askReason();
  if (!pop?.firstElementChild) pop?.hidePopover(); // answered
  $$("[data-remask]:not([data-ticking])").forEach(show);
});

// ---- A call that rings marks the tab, for who looks at another one. The strip says it too, in its status region.

const title = document.title;

function markRinging() {
  document.title = $("#live [data-ringing]") ? `● Ringing · ${title}` : title;
}

markRinging();
document.addEventListener("htmx:finally:swap", markRinging); // after htmx has set the title of what it fetched

// ---- Clocks of running calls: all by this browser's time, at once where a fragment brings one.

function tick() {
  for (const shown of $$("[data-since]")) shown.textContent = clock(Math.max(0, (Date.now() - Date.parse(shown.dataset.since)) / 1000));
}

tick();
setInterval(tick, 1000);
document.addEventListener("htmx:finally:swap", tick);

// ---- Small things.

async function copy(button) {
  const value = $(".value", button.closest(".masked, [data-copy-from]"));
  try {
    await navigator.clipboard.writeText(value.textContent);
    button.setAttribute("aria-label", "Copied");
  } catch { // no clipboard outside https: select it, the person presses Ctrl+C
    getSelection().selectAllChildren(value);
  }
}

document.addEventListener("click", (event) => {
  const hit = (selector) => event.target.closest(selector);
  if (hit(ASKS)) {
    eye = hit(ASKS);
    asking = true;
  }
  if (hit("[data-theme-toggle]")) setTheme(isDark() ? "light" : "dark");
  if (hit("[data-theme-set]")) setTheme(hit("[data-theme-set]").dataset.themeSet);
  if (hit("[data-remask-now]")) hide(hit("[data-remask]"));
  if (hit("[data-copy]")) copy(hit("[data-copy]"));
  if (hit("[data-dismiss]")) hit(".toast, .undo").remove();
  if (hit("[data-keys]")) $("#keys").showModal();
});

const drawn = $$(".toasts .toast"); // those that come later say themselves how long they stay
setTimeout(() => drawn.filter((toast) => !$("form", toast)).forEach((toast) => toast.remove()), 8000);
drawn.forEach(fade);
document.addEventListener("htmx:after:swap", () => $$(".toast[data-brief], .toasts > .notice").forEach(fade));
if (location.hash === "#search") $("#search")?.focus();

// ---- Unsaved work: a form that asks for it is not left by mistake. Sending any form of the page is leaving on purpose.

let unsaved = Boolean($("[data-unsaved='yes']"));
document.addEventListener("input", (event) => {
  unsaved ||= Boolean(event.target.closest("[data-unsaved]"));
});
addEventListener("submit", (event) => {
  if (!event.defaultPrevented) unsaved = false; // what htmx sends leaves no page
});
addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault();
});

// ---- Keyboard. Single keys rest while a person types; no key ever shows a hidden value.

let prefix = "";

function move(step) {
  const rows = $$("tbody .title a, .queue .title");
  const row = document.activeElement.closest("tr");
  const here = row?.matches(".detail") ? row.previousElementSibling : row; // what is open belongs to the row above
  const focused = rows.findIndex((link) => link === document.activeElement || (here && link.closest("tr") === here));
  const at = focused < 0 ? rows.findIndex((row) => row.matches("[aria-current]")) : focused;
  rows[Math.max(0, Math.min(rows.length - 1, at + step))]?.focus();
}

const keys = {
  "?": () => $("#keys")?.showModal(),
  "/": () => ($("#search") ?? $("[data-key-search]"))?.focus(),
  j: () => move(1),
  k: () => move(-1),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && typing) return typing.form?.requestSubmit();
  if (event.key === "Escape") return typing ? typing.blur() : $$("[data-remask]").forEach(hide);
  if (typing || event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
  const link = prefix === "g" && $(`[data-go="${CSS.escape(event.key)}"]`);
  prefix = event.key === "g" ? "g" : "";
  if (link) return link.click();
  if (!(event.key in keys)) return;
  event.preventDefault();
  keys[event.key]();
});

// ---- Live feed: one stream per browser. The tab that holds the lock reads it and tells the others; when it closes,
// the next one takes over. A frame `call.changed` becomes the event `live:call.changed` on <body>, which fragments
// name in hx-trigger. Without the feed the page says so, and asks again every five seconds.

const KINDS = ["call.changed", "message.changed", "recording.changed", "callback.changed", "lead.changed", "export.changed"];
const GRACE = 2000; // a broken stream usually comes back at once
const POLL = 5000;
let away = 0;
let poll = 0;

function dispatch(kind, detail) {
  document.body.dispatchEvent(new CustomEvent(`live:${kind}`, { detail }));
}

function refetch() {
  missed = false;
  KINDS.forEach((kind) => dispatch(kind));
}

function paused() {
  const status = $(".feed");
  root.dataset.feed = "away";
  if (status) status.textContent = status.dataset.away;
  poll = setInterval(refetch, POLL);
  refetch();
}

function resumed() {
  clearTimeout(away);
  clearInterval(poll);
  away = 0;
  delete root.dataset.feed;
  if ($(".feed")) $(".feed").textContent = "";
  refetch(); // what happened while nobody listened
}

function hear({ kind, data, feed }) {
  if (kind) dispatch(kind, data);
  else if (feed === "open") resumed();
  else away ||= setTimeout(paused, GRACE);
}

function follow(url) {
  const others = "BroadcastChannel" in window ? new BroadcastChannel(`live ${url}`) : null;
  let feed = "";
  const tell = (news) => {
    feed = news.feed ?? feed;
    hear(news);
    others?.postMessage(news);
  };
  const connect = () => {
    const stream = new EventSource(url);
    stream.onopen = () => tell({ feed: "open" });
    stream.onerror = () => {
      tell({ feed: "away" });
      if (stream.readyState === EventSource.CLOSED) setTimeout(connect, POLL);
    };
    for (const kind of KINDS) stream.addEventListener(kind, ({ data }) => tell({ kind, data: JSON.parse(data) }));
  };
  others?.addEventListener("message", ({ data }) => {
    if (!data.ask) hear(data);
    else if (feed) others.postMessage({ feed });
  });
  others?.postMessage({ ask: true });
  if (!navigator.locks || !others) connect(); // plain http: every tab for itself
  else navigator.locks.request(`live ${url}`, () => new Promise(connect));
}

const live = $("[data-live]")?.dataset.live;
if (live) follow(live);
document.addEventListener("visibilitychange", catchUp);
