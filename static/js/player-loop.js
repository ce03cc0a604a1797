// Repeating a part of a recording: pressed once where it begins, again where it ends, and once more to go on. The part
// is kept with the sound (`data-a`, `data-b`, in seconds) and drawn over every face of it.

import { clock, faces, say, sound } from "./shared.js";

const SHORTEST = 0.5; // seconds
const isSet = (audio) => "b" in audio.dataset;

// The three presses. What the button says next is what the next press does.
function press(audio) {
  const { dataset, currentTime } = audio;
  const edges = [Number(dataset.a), currentTime].sort((one, other) => one - other);
  if (isSet(audio)) return clear(audio);
  if (!("a" in dataset)) {
    dataset.a = currentTime.toFixed(1);
    return show(audio, `Repeats from ${clock(currentTime)}: now to where?`);
  }
  if (edges[1] - edges[0] < SHORTEST) return sayAll(audio, "Too short to repeat");
  [dataset.a, dataset.b] = edges.map((edge) => edge.toFixed(1));
  audio.currentTime = edges[0];
  show(audio, `Repeats ${clock(edges[0])} to ${clock(edges[1])}`);
}

function clear(audio) {
  delete audio.dataset.a;
  delete audio.dataset.b;
  show(audio, "Repeats no more");
}

function show(audio, said = "") {
  for (const face of faces(audio)) {
    draw(face, audio.dataset);
    const button = face.querySelector("[data-loop]");
    button?.setAttribute("aria-pressed", isSet(audio));
    if (button) button.querySelector("[data-loop-words]").textContent = words(audio.dataset);
  }
  if (said) sayAll(audio, said);
}

function words({ a, b }) {
  if (b) return `Repeat ${clock(a)} to ${clock(b)}`;
  return a ? `Repeat ${clock(a)} to here` : "Repeat from here";
}

function draw(face, { a, b }) {
  const wave = face.querySelector(".wave");
  const share = (seconds) => `${Math.min(100, (Number(seconds) / (Number(face.dataset.seconds) || 1)) * 100)}%`;
  wave.classList.toggle("loop", Boolean(a));
  wave.style.setProperty("--a", share(a ?? 0));
  wave.style.setProperty("--b", share(b ?? a ?? 0));
}

// Where it begins is half a wish: what is still to be done stays.
function sayAll(audio, text) {
  const stays = "a" in audio.dataset && !isSet(audio);
  for (const face of faces(audio)) say(face, text, { stays });
}

function back(audio) {
  audio.currentTime = Number(audio.dataset.a);
}

// What happens to a sound that repeats; media events do not bubble.
function heard(type, act) {
  document.addEventListener(type, ({ target }) => {
    if (target.matches?.("[data-player] audio") && isSet(target)) act(target);
  }, true);
}

heard("timeupdate", (audio) => {
  if (!audio.seeking && audio.currentTime >= Number(audio.dataset.b)) back(audio);
});
heard("ended", (audio) => {
  back(audio);
  audio.play();
});
// Who goes beyond its end on purpose wants to hear what is there.
heard("seeking", (audio) => {
  if (audio.currentTime > Number(audio.dataset.b) + SHORTEST) clear(audio);
});

document.addEventListener("click", (event) => {
  const face = event.target.closest("[data-loop]")?.closest("[data-player]");
  if (!face) return;
  const audio = sound(face);
  if (audio) press(audio);
  else say(face, "Play it first");
});

document.addEventListener("player:loop", ({ target }) => press(target));

document.addEventListener("htmx:after:swap", () => {
  for (const audio of document.querySelectorAll("[data-player] audio[data-a]")) show(audio);
});
