// What several scripts share; it does nothing by itself. Files import it by its plain name: collectstatic writes the name it
// is published under into them (`callcrm/lib/statics.py`).

export const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

// A recording may be shown in several places of a page: its faces share the one sound.
const of = (player) => [...document.querySelectorAll(`[data-player="${CSS.escape(player)}"]`)];
export const faces = (audio) => of(audio.closest("[data-player]").dataset.player);
export const sound = (face) => of(face.dataset.player).map((other) => other.querySelector("audio")).find(Boolean);
// Where a face stands; one that does not sound yet stands where a link leads.
export const standsAt = (face) => sound(face)?.currentTime ?? Number(face.dataset.stands ?? 0);
export const sounds = () => [...document.querySelectorAll("[data-player] audio")];
