// The list of calls follows the live feed, and no row moves under the hand: rows that are shown change in place, new
// ones wait behind "3 new calls" until somebody brings them in. Without this file the list stays as it was loaded.

const GAP = 2000; // between two looks, however much happens
const PATIENCE = 5000; // after a look that failed
const MOST = 50; // rows of a page, and ids of a question
const $ = (selector, from = document) => from.querySelector(selector);
const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
const list = () => $("#rows");
const rows = (from = list()) => $$("tbody > tr[id^=call-]", from);
const idOf = (row) => row.id.slice("call-".length);

const told = { call: new Set(), recording: new Set(), callback: new Set() };
let everything = false; // somebody was away: anything may have changed
let last = 0;
let timer = 0;
let looking = false;

// ---- What the feed says

function hear(kind, id) {
  if (id) told[kind].add(id);
  else everything = true;
  soon();
}

const hearAll = () => hear("call");

for (const kind of Object.keys(told)) {
  document.body.addEventListener(`live:${kind}.changed`, ({ detail }) => {
    if (detail?.now) last = 0; // done here: who has pressed looks at the row
    hear(kind, detail?.id);
  });
}

const isTold = () => everything || Object.values(told).some((ids) => ids.size);

function soon() {
  if (timer || document.hidden || !isTold() || !list().dataset.rows) return; // no list: the address was not understood
  timer = setTimeout(look, Math.max(100, last + GAP - Date.now()));
}

async function look() {
  timer = 0;
  if (looking) return;
  looking = true;
  last = Date.now();
  document.body.dispatchEvent(new Event("calls:news")); // to the counts of the tabs
  try {
    const questions = ask();
    if (rows().length) await Promise.all([...questions.map(change), count()]);
    else show(await page());
  } catch {
    // No answer, or none to be shown: what was told is not known any more, so all that is shown is asked for again.
    everything = true;
    last = Date.now() + PATIENCE;
  } finally {
    looking = false;
    soon();
  }
}

// Which rows to ask for: a call by itself, if it is shown; recordings and debts by theirs, the server knows whose.
function ask() {
  const isMeant = (row) => everything || told.call.has(idOf(row)) || told.call.has($("[data-calling]", row)?.dataset.calling);
  const calls = rows().filter(isMeant).map(idOf);
  const asked = { call: calls, recording: [...told.recording], callback: [...told.callback] };
  everything = false;
  for (const ids of Object.values(told)) ids.clear();
  return Object.entries(asked).flatMap(([kind, ids]) => parts(ids).map((part) => `${kind}=${part.join(",")}`));
}

function parts(ids) {
  return Array.from({ length: Math.ceil(ids.length / MOST) }, (_, at) => ids.slice(at * MOST, (at + 1) * MOST));
}

async function get(url) {
  const answer = await fetch(url, { headers: { "HX-Request": "true" } });
  if (answer.redirected) location.reload(); // logged out meanwhile
  if (answer.redirected || !answer.ok) throw new Error(`${answer.status} for the list of calls`);
  return answer.text();
}

// ---- Rows that are shown

async function change(question) {
  const holder = document.createElement("template");
  holder.innerHTML = await get(`${list().dataset.rows}?${question}`);
  for (const fresh of $$("tr", holder.content)) put(fresh);
}

function put(fresh) {
  const row = document.getElementById(fresh.id);
  if (!row) return;
  [...fresh.cells].forEach((cell, at) => {
    const old = row.cells[at];
    if (!old || "keep" in old.dataset || old.innerHTML === cell.innerHTML) return;
    if (isInUse(old)) held.add(idOf(row));
    else replace(old, cell);
  });
}

// What somebody looks at, listens to, has open or has marked stays; it is asked for again once he is done.
const held = new Set();
const inUse = ".masked.open, #revealing, .htmx-request, :popover-open, .noting[open], audio, .why-played";

function isInUse(cell) {
  const marked = getSelection();
  return $(inUse, cell) || (!marked.isCollapsed && marked.containsNode(cell, true));
}

setInterval(() => {
  for (const id of held) {
    const row = document.getElementById(`call-${id}`);
    if (row && [...row.cells].some(isInUse)) continue;
    held.delete(id);
    hear("call", id);
  }
}, 1000);

function replace(old, cell) {
  const places = (from) => $$("a, button, input", from);
  const focused = places(old).indexOf(document.activeElement);
  for (const box of $$("input[type=checkbox]", cell)) box.checked = $("input[type=checkbox]", old)?.checked;
  old.replaceWith(cell);
  window.htmx?.process(cell);
  places(cell)[focused]?.focus({ preventScroll: true });
}

// ---- New ones: only the first page has any

async function count() {
  const { news } = list().dataset;
  if (!news) return;
  const query = new URLSearchParams(location.search);
  query.set("shown", rows().slice(0, MOST).map(idOf).join(","));
  const said = (await get(`${news}?${query}`)).trim();
  const holder = document.createElement("template");
  holder.innerHTML = said;
  if ($("#news").textContent !== holder.content.textContent) $("#news").replaceChildren(holder.content);
}

async function page() {
  return new DOMParser().parseFromString(await get(location.pathname + location.search), "text/html");
}

// More new ones than a page has leave a gap below them: then the list begins anew, with a question where somebody writes.
async function bringIn() {
  const found = await page();
  const hadFocus = $("#news").contains(document.activeElement);
  const known = rows(found).some((row) => document.getElementById(row.id));
  if (!known && $("tr.detail", list())) return location.reload();
  if (known) insert($$("tbody > tr", found)); // and the days above them
  show(found, known ? ["#today"] : undefined);
  $("#news").replaceChildren();
  if (hadFocus) $(".title a", rows()[0])?.focus();
}

// From the last to the first, each above the row that follows it; an open row below its call stays where it is.
function insert(found) {
  const full = rows().length >= MOST;
  for (const row of $$("tr.fresh")) row.classList.remove("fresh");
  let next = null;
  for (const fresh of found.reverse()) {
    const row = document.getElementById(fresh.id);
    if (row) put(fresh);
    else if (next || !full) {
      $("tbody", list()).insertBefore(fresh, next);
      fresh.classList.add("fresh");
      window.htmx?.process(fresh);
    }
    next = row ?? (fresh.isConnected && fresh.ownerDocument === document ? fresh : next);
  }
}

// Parts of the page as they are now, whole.
function show(found, parts = ["#rows", "#today"]) {
  for (const part of parts) {
    const [old, fresh] = [$(part), $(part, found)];
    if (!old || !fresh) continue;
    old.replaceWith(fresh);
    window.htmx?.process(fresh);
  }
}

// At midnight where the business is, what was "Today" has another name: all rows come again, and the days above them.
setTimeout(() => {
  hearAll();
  setInterval(hearAll, 86_400_000);
}, list().dataset.dayEnds * 1000);

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-bring-in]")) bringIn().catch(hearAll);
});

document.addEventListener("keydown", (event) => {
  const busy = event.target.closest?.("input, textarea, select") || $("dialog[open]");
  if (event.key !== "." || busy || event.ctrlKey || event.metaKey || event.altKey) return;
  if ($("#news [data-bring-in]")) bringIn().catch(hearAll);
});

document.addEventListener("visibilitychange", soon);
