// Playing a recording: native <audio>, a native range input over a drawing that the server has made. Without this file
// a button leads to a page that plays. The player comes with its sound once somebody has asked for it (and that is
// written down); what is done here asks nothing more. Keys work while something plays and nobody types.

const SPEEDS = [1, 1.25, 1.5, 2, 0.75];
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
const players = () => [...document.querySelectorAll("[data-player]:has(audio)")];
const current = () => players().find((player) => !sound(player).paused) ?? players().at(-1);
const sound = (player) => player.querySelector("audio");
const typing = (event) => event.target.closest?.("input:not([type=range]), textarea, select");

function bind(player) {
  const audio = sound(player);
  const seek = player.querySelector("[data-seek]");
  player.dataset.bound = "";
  seek.disabled = false;
  audio.addEventListener("timeupdate", () => paint(player));
  for (const event of ["play", "pause", "ended"]) audio.addEventListener(event, () => mark(player));
  audio.addEventListener("error", () => fail(player));
  seek.addEventListener("input", () => {
    audio.currentTime = Number(seek.value);
    paint(player);
  });
  begin(player);
}

// A link at a moment (#t=83) begins there; a browser that wants a click first shows the button to press.
function begin(player) {
  const at = Number(new URLSearchParams(location.hash.slice(1)).get("t"));
  if (at > 0) sound(player).currentTime = at;
  for (const other of players()) if (other !== player) sound(other).pause();
  sound(player).play().catch(() => mark(player));
}

function mark(player) {
  const button = player.querySelector("[data-play]");
  const playing = !sound(player).paused;
  const use = button.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, playing ? "#pause" : "#play"));
  button.setAttribute("aria-label", playing ? "Pause recording" : "Play recording");
  button.classList.toggle("on", playing);
}

function paint(player) {
  const { currentTime } = sound(player);
  const seek = player.querySelector("[data-seek]");
  const share = currentTime / (Number(seek.max) || 1);
  seek.value = currentTime;
  seek.setAttribute("aria-valuetext", clock(currentTime));
  player.querySelector("[data-at]").textContent = clock(currentTime);
  player.querySelector(".wave").style.setProperty("--played", `${Math.min(100, share * 100)}%`);
  const moment = player.parentElement.querySelector("[data-at-input]");
  if (moment && document.activeElement !== moment) moment.value = clock(currentTime);
}

function fail(player) {
  player.querySelector("[data-at]").textContent = "This playback is over. Load the page to listen again.";
}

function toggle(player) {
  const audio = sound(player);
  if (audio.paused) audio.play();
  else audio.pause();
}

function step(player, seconds) {
  const audio = sound(player);
  audio.currentTime = Math.max(0, Math.min(audio.duration || 0, audio.currentTime + seconds));
}

function faster(player, by) {
  const audio = sound(player);
  const sorted = [...SPEEDS].sort();
  const at = sorted.indexOf(audio.playbackRate) + by;
  setSpeed(player, sorted[Math.max(0, Math.min(sorted.length - 1, at))]);
}

function setSpeed(player, speed) {
  sound(player).playbackRate = speed;
  player.querySelector("[data-speed]").textContent = `${speed}×`;
}

document.addEventListener("click", (event) => {
  const player = event.target.closest("[data-player]:has(audio)");
  const moment = event.target.closest("[data-moment]");
  if (player && event.target.closest("[data-play]")) toggle(player);
  if (player && event.target.closest("[data-speed]")) {
    setSpeed(player, SPEEDS[(SPEEDS.indexOf(sound(player).playbackRate) + 1) % SPEEDS.length]);
  }
  if (moment) jump(moment);
});

// A note's moment: there, if it plays already; else the player is asked for and begins there.
function jump(moment) {
  const player = moment.closest(".box, .playable")?.querySelector("[data-player]");
  history.replaceState(null, "", `#t=${moment.dataset.moment}`);
  if (!player) return;
  if (sound(player)) {
    sound(player).currentTime = Number(moment.dataset.moment);
    sound(player).play();
  } else player.querySelector("form")?.requestSubmit();
}

const KEYS = {
  " ": toggle,
  ArrowLeft: (player) => step(player, -5),
  ArrowRight: (player) => step(player, 5),
  "[": (player) => faster(player, -1),
  "]": (player) => faster(player, 1),
  n: (player) => player.parentElement.querySelector("[name=body]")?.focus(),
};

document.addEventListener("keydown", (event) => {
  const player = current();
  const busy = typing(event) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]");
  const presses = event.key === " " && event.target.closest?.("button, a, summary");
  const slides = event.key.startsWith("Arrow") && event.target.closest?.("[type=range]");
  if (!player || busy || presses || slides || !(event.key in KEYS)) return;
  event.preventDefault();
  KEYS[event.key](player);
});

document.addEventListener("htmx:after:swap", () => players().filter((one) => !("bound" in one.dataset)).forEach(bind));
