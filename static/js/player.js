// Playing a recording: native <audio>, a native range input over a drawing that the server has made. Without this file
// a button leads to a page that plays. The player comes with its sound once somebody has asked for it (and that is
// written down); what is done here asks nothing more. Keys work while something plays, or where the focus stands on something to play.

import { clock, faces, sound, sounds } from "./shared.js";

const SPEEDS = [1, 1.25, 1.5, 2, 0.75];
const typing = (event) => event.target.closest?.("input:not([type=range], [type=checkbox]), textarea, select");

// What the keys mean: what plays; else what the focus stands on, a row of a list or what is open below it; else the last.
function current() {
  const playing = sounds().find((audio) => !audio.paused) ?? null;
  const row = document.activeElement?.closest("tr");
  const stood = (row?.matches(".detail") ? row.previousElementSibling : row)?.querySelector("[data-player]");
  return playing?.closest("[data-player]") ?? stood ?? sounds().at(-1)?.closest("[data-player]");
}

function bind(audio) {
  audio.dataset.bound = "";
  audio.addEventListener("timeupdate", () => paint(audio));
  for (const event of ["play", "pause", "ended"]) audio.addEventListener(event, () => mark(audio));
  audio.addEventListener("error", () => fail(audio));
  const button = audio.closest("[data-player]").querySelector("[data-play]");
  if (document.activeElement === document.body) button.focus({ preventScroll: true }); // it came in the place of the one pressed
  begin(audio);
}

// Who points into a wave listens from there; one that does not sound yet is asked for first.
const pointed = new Map();

function point(event, face) {
  const { left, width } = event.target.closest(".wave").getBoundingClientRect();
  const at = ((event.clientX - left) / width) * Number(face.dataset.seconds);
  const audio = sound(face);
  if (audio) audio.currentTime = at;
  else {
    pointed.set(face.dataset.player, at);
    toggle(face);
  }
}

// A link at a moment (#t=83) begins there, and is shown before anything sounds; a browser that wants a click first shows the
// button to press. What is no moment is the beginning, and what lies behind the end is the end.
function linked(face) {
  const text = new URLSearchParams(location.hash.slice(1)).get("t") ?? "";
  return /^[0-9]{1,9}([.][0-9]{1,3})?$/.test(text) ? Math.min(Number(text), Number(face.dataset.seconds)) : 0;
}

function show() {
  for (const face of document.querySelectorAll("[data-player]:has([data-seek])")) {
    const [at, field] = [linked(face), momentField(face)];
    const isNew = face.dataset.stands !== String(at) || (field && !typed.has(field));
    if (isNew && !sound(face)) paintFace(face, (face.dataset.stands = at));
  }
}

// The field of a note's moment follows the player until somebody types in it, and again once he has emptied it. It stands
// still while a note is begun: from `n` or the first letter on, until the note is left empty.
const momentField = (face) => face.parentElement.querySelector("[data-at-input]");
const typed = new WeakMap();
const begun = new WeakSet();

function follow(field, at) {
  if (!field) return;
  if (field.ariaInvalid === "true" && !typed.has(field)) typed.set(field, true); // refused as it was typed
  if (typed.get(field) || begun.has(field) || field.form.elements.body.value || document.activeElement === field) return;
  typed.set(field, false);
  field.value = clock(at);
}

function note(audio) {
  const field = momentField(audio.closest("[data-player]"));
  if (!field) return;
  begun.add(field);
  field.form.elements.body.focus();
}

document.addEventListener("focusout", ({ target }) => {
  if (target.name === "body" && target.form?.elements.at) begun.delete(target.form.elements.at);
});

function begin(audio) {
  const face = audio.closest("[data-player]");
  const { player } = face.dataset;
  const at = pointed.get(player) ?? linked(face);
  pointed.delete(player);
  if (at > 0) audio.currentTime = at;
  play(audio);
}

// One sound at a time.
function play(audio) {
  for (const other of sounds()) if (other !== audio) other.pause();
  audio.play().catch(() => mark(audio));
}

// A face shows what is so, also one that came after the sound.
function dress(audio) {
  for (const face of faces(audio)) {
    for (const control of face.querySelectorAll("[data-seek], [data-speed]")) {
      control.disabled = control.hidden = false;
    }
  }
  mark(audio);
  paint(audio);
}

function mark(audio) {
  for (const face of faces(audio)) {
    const button = face.querySelector("[data-play]");
    const use = button.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, audio.paused ? "#play" : "#pause"));
    button.setAttribute("aria-label", audio.paused ? "Play recording" : "Pause recording");
    button.classList.toggle("on", !audio.paused);
    const speed = face.querySelector("[data-speed]");
    if (speed) speed.textContent = `${audio.playbackRate}×`;
  }
}

function paint(audio) {
  for (const face of faces(audio)) paintFace(face, audio.currentTime);
}

function paintFace(face, at) {
  const seek = face.querySelector("[data-seek]");
  const share = at / (Number(face.dataset.seconds) || 1);
  if (seek) seek.value = at;
  seek?.setAttribute("aria-valuetext", clock(at));
  face.querySelector("[data-at]").textContent = clock(at);
  face.querySelector(".wave").style.setProperty("--played", `${Math.min(100, share * 100)}%`);
  follow(momentField(face), at);
  face.dispatchEvent(new CustomEvent("player:painted", { bubbles: true })); // `player-link.js`
}

function fail(audio) {
  for (const face of faces(audio)) {
    const said = face.matches(".mini") ? "Over" : "This playback is over. Load the page to listen again.";
    face.querySelector("[data-at]").textContent = said;
  }
}

// Where nothing sounds yet, the button asks for it.
function toggle(face) {
  const audio = sound(face);
  if (!audio) face.querySelector("[data-play]")?.click();
  else if (audio.paused) play(audio);
  else audio.pause();
}

function step(audio, seconds) {
  audio.currentTime = Math.max(0, Math.min(audio.duration || 0, audio.currentTime + seconds));
}

function faster(audio, by) {
  const sorted = [...SPEEDS].sort();
  const at = sorted.indexOf(audio.playbackRate) + by;
  setSpeed(audio, sorted[Math.max(0, Math.min(sorted.length - 1, at))]);
}

function setSpeed(audio, speed) {
  audio.playbackRate = speed;
  mark(audio);
}

document.addEventListener("click", (event) => {
  const face = event.target.closest("[data-player]");
  const audio = face && sound(face);
  const moment = event.target.closest("[data-moment]");
  if (audio && event.target.closest("[data-play]")) {
    event.preventDefault(); // another face holds the sound: it is not asked for again
    toggle(face);
  }
  if (audio && event.target.closest("[data-speed]")) {
    setSpeed(audio, SPEEDS[(SPEEDS.indexOf(audio.playbackRate) + 1) % SPEEDS.length]);
  }
  if (face && event.target.closest(".wave") && !event.target.matches("[data-seek]")) point(event, face);
  if (moment) jump(moment);
});

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-at-input]")) typed.set(event.target, event.target.value !== "");
  const audio = event.target.matches("[data-seek]") && sound(event.target.closest("[data-player]"));
  if (!audio) return;
  audio.currentTime = Number(event.target.value);
  paint(audio);
}, true);

// A note's moment: there, if it plays already; else the player is asked for and begins there.
function jump(moment) {
  const face = moment.closest(".box, .playable")?.querySelector("[data-player]");
  history.replaceState(null, "", `#t=${moment.dataset.moment}`);
  if (!face) return;
  const audio = sound(face);
  if (audio) {
    audio.currentTime = Number(moment.dataset.moment);
    play(audio);
  } else toggle(face);
}

const KEYS = {
  ArrowLeft: (audio) => step(audio, -5),
  ArrowRight: (audio) => step(audio, 5),
  "[": (audio) => faster(audio, -1),
  "]": (audio) => faster(audio, 1),
  a: (audio) => audio.dispatchEvent(new CustomEvent("player:loop", { bubbles: true })), // `player-loop.js`
  n: note,
};

document.addEventListener("keydown", (event) => {
  const face = current();
  const audio = face && sound(face);
  const busy = typing(event) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]");
  // On the wave a key means what it means beside it: five seconds are a step there too.
  const presses = event.key === " " && event.target.closest?.("button, summary, input:not([data-seek])");
  const means = event.key === " " ? face : audio && event.key in KEYS;
  if (!means || busy || presses) return;
  event.preventDefault();
  if (event.key === " ") toggle(face);
  else KEYS[event.key](audio);
});

document.addEventListener("htmx:after:swap", () => {
  for (const audio of sounds()) {
    if (!("bound" in audio.dataset)) bind(audio);
    dress(audio);
  }
  show(); // what was drawn anew
});

// What plays stays in sight while one scrolls on, and goes back to its place with it.
addEventListener("scroll", () => {
  const playing = sounds().find((audio) => !audio.paused);
  const gone = playing && !faces(playing).some((face) => isSeen(face.parentElement));
  for (const audio of sounds()) dock(audio.closest("[data-player]"), gone && audio === playing);
}, { capture: true, passive: true });

function isSeen(place) {
  const { top, bottom } = place.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

// Above the page, as a popover: what lies around a row holds it otherwise.
function dock(face, docked) {
  if (face.matches(":popover-open") === Boolean(docked)) return;
  face.parentElement.style.minHeight = docked ? `${face.parentElement.offsetHeight}px` : "";
  face.popover = docked ? "manual" : null;
  if (docked) face.showPopover();
}

// What is deleted sounds no more, however much of it was loaded: it goes before anything asks who is listening.
document.addEventListener("live:recording.changed", ({ detail }) => {
  if (detail?.state !== "deleted") return;
  for (const face of document.querySelectorAll(`[data-player="${CSS.escape(detail.id)}"]`)) face.remove();
}, true);

addEventListener("hashchange", () => {
  show();
  if (!location.hash.startsWith("#t=")) return;
  for (const audio of sounds()) audio.currentTime = linked(audio.closest("[data-player]"));
});
show();
