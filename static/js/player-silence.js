// Skipping silence: where nobody says anything is known from the picture of the sound, and comes with the player
// (`data-silences`, "from-to" in seconds, the edges left on). The wish is kept in this browser.

const NAME = "skip-silence";
const skips = () => localStorage.getItem(NAME) === "on";

function stretches(audio) {
  const { silences = "" } = audio.closest("[data-player]")?.dataset ?? {};
  return silences.trim().split(" ").filter(Boolean).map((stretch) => stretch.split("-").map(Number));
}

function mark() {
  for (const button of document.querySelectorAll("[data-skip]")) button.setAttribute("aria-pressed", skips());
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-skip]");
  if (!button) return;
  if (skips()) localStorage.removeItem(NAME);
  else localStorage.setItem(NAME, "on");
  mark();
});

// While it plays: who drags into the silence and stands still hears it from there once he plays, and is taken on.
document.addEventListener("timeupdate", ({ target: audio }) => {
  if (!skips() || audio.paused || audio.seeking) return;
  const here = stretches(audio).find(([start, end]) => start <= audio.currentTime && audio.currentTime < end);
  const repeatsUntil = Number(audio.dataset.b ?? Infinity);
  if (here && here[1] < repeatsUntil) [, audio.currentTime] = here;
}, true);

document.addEventListener("htmx:after:swap", mark);
mark();
