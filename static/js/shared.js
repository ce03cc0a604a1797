// What several scripts share; it does nothing by itself. Files import it by its plain name: collectstatic writes the name it
// is published under into them (`callcrm/lib/statics.py`).

// What a face says of the last thing that was done goes by itself; what waits for an answer stays.
const SAID_FOR = 6000;
const going = new WeakMap();

export function say(face, text, { stays = false } = {}) {
  const said = face.querySelector("[data-said]");
  if (!said) return;
  clearTimeout(going.get(said));
  said.textContent = text;
  if (!stays) going.set(said, setTimeout(() => (said.textContent = ""), SAID_FOR));
}

// What was said goes by itself, though not from under a hand.
export const fade = (said) => {
  setTimeout(() => (said.matches(":hover, :focus-within") ? fade(said) : said.remove()), 15_000);
};

export const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

// A recording may be shown in several places of a page: its faces share the one sound.
const of = (player) => [...document.querySelectorAll(`[data-player="${CSS.escape(player)}"]`)];
export const faces = (audio) => of(audio.closest("[data-player]").dataset.player);
export const sound = (face) => of(face.dataset.player).map((other) => other.querySelector("audio")).find(Boolean);
// Where a face stands; one that does not sound yet stands where a link leads.
export const standsAt = (face) => sound(face)?.currentTime ?? Number(face.dataset.stands ?? 0);
export const sounds = () => [...document.querySelectorAll("[data-player] audio")];
