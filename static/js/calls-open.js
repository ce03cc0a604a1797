// A call opens below its row: the chevron or Enter fetches it, Esc closes it. Without this file its links lead to the
// page of the call. Keys: n note, o outcome, t tags; c the call button and r the eye, which no key presses.
// Playing is player.js's.

const $ = (selector, from = document) => from.querySelector(selector);
const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
const detailOf = (row) => document.getElementById(row.id.replace("call-", "detail-"));
const linkOf = (row) => $(".title a", row);

// The row of the list that the focus stands on or below; a place on the page may be in none.
function rowAt(place) {
  const row = place?.closest?.("#rows tbody > tr");
  return row?.matches(".detail") ? row.previousElementSibling : row;
}

// ---- Opening and closing

async function open(row) {
  const opened = detailOf(row) ?? make(row);
  opened.hidden = false;
  mark(row, true);
  const cell = opened.cells[0];
  if (!cell.childElementCount) {
    await window.htmx.ajax("GET", `${linkOf(row).href}panel/`, { target: cell, swap: "innerHTML", source: cell });
  }
  if (!cell.childElementCount) close(row); // refused: nothing to show
  bringIntoView(row, opened);
  return opened;
}

// As much of it as there is room for between the bars (scroll-padding); the row above it always.
function bringIntoView(row, opened) {
  opened.scrollIntoView({ block: "nearest" });
  row.scrollIntoView({ block: "nearest" });
}

function make(row) {
  const detail = document.createElement("tr");
  detail.id = row.id.replace("call-", "detail-");
  detail.className = "detail";
  detail.setAttribute("role", "row");
  const cell = detail.insertCell();
  cell.setAttribute("role", "cell");
  cell.colSpan = row.cells.length;
  row.after(detail);
  return detail;
}

// What is typed and not saved is kept out of sight, and is there again when the call is opened again.
function close(row) {
  const detail = detailOf(row);
  if (!detail) return;
  if (detail.contains(document.activeElement)) linkOf(row).focus();
  if (written(detail)) detail.hidden = true;
  else detail.remove();
  mark(row, false);
}

const isWritten = (field) => field.value !== field.defaultValue;
const fields = (detail) => $$("input:not([type=hidden], [type=range]), textarea", detail);
// What was refused comes back as it was typed, and is as little saved.
const written = (detail) => fields(detail).some((field) => isWritten(field) || field.ariaInvalid === "true");

addEventListener("beforeunload", (event) => {
  if ($$("#rows .detail").some(written)) event.preventDefault();
});

function mark(row, isOpen) {
  row.classList.toggle("open", isOpen);
  $("[data-open]", row)?.setAttribute("aria-expanded", isOpen);
}

const isOpen = (row) => row.classList.contains("open");
const toggle = (row) => (isOpen(row) ? close(row) : open(row));

document.addEventListener("click", (event) => {
  const chevron = event.target.closest("#rows [data-open]");
  if (!chevron || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  toggle(rowAt(chevron));
});

// ---- Keys

// The first field of that name in what is open below the row, which is opened first if it is not.
async function write(row, name) {
  const detail = await open(row);
  $(`form [name=${name}]`, detail)?.focus();
}

// To the button that calls the person, in the row or in what is open below it. No key presses it.
async function ring(row) {
  ($("[data-call]", row) ?? $("[data-call]", await open(row)))?.focus();
}

const keys = {
  n: (row) => write(row, "note"),
  o: (row) => write(row, "disposition"),
  t: (row) => write(row, "tags"),
  c: (row) => ring(row),
  r: (row) => $("[data-reveal]", row)?.focus(),
};

function leave(event, row, typing) {
  if ($("[data-remask], :popover-open")) return; // it means those
  const opened = row && isOpen(row) ? row : $$("#rows tr.open").at(-1);
  if (!opened) return;
  event.stopImmediatePropagation();
  if (typing && row) linkOf(row).focus();
  close(opened);
}

let prefix = false;

document.addEventListener(
  "keydown",
  (event) => {
    const follows = prefix;
    prefix = event.key === "g";
    if (event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
    const typing = event.target.closest?.("input:not([type=checkbox], [type=range]), textarea, select");
    const row = rowAt(event.target);
    if (event.key === "Escape" && (row || !typing)) return leave(event, row, typing);
    if (typing || follows || !row) return;
    const act = event.key === "Enter" && event.target === linkOf(row) ? toggle : keys[event.key];
    if (!act) return;
    event.preventDefault();
    act(row);
  },
  true,
);

// After a save the focus stands where it stood: the form has come anew.
let stood = "";
document.addEventListener("htmx:before:swap", (event) => {
  const form = event.target.closest?.(".calldetail form[id]");
  stood = form?.contains(document.activeElement) ? document.activeElement.id : "";
});
document.addEventListener("htmx:after:swap", () => {
  if (stood) document.getElementById(stood)?.focus({ preventScroll: true });
  stood = "";
});
