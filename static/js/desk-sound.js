// A tone when a call begins to ring, on the Desk. It is off until somebody switches it on in this browser; the click is
// what browsers want before a page may sound, and it plays the tone once, so that he knows it. After a reload the first
// click or key wakes it, and until then the switch says so. The strip says the ring in words, whatever is heard.

const NAME = "ring-tone";
const button = document.querySelector("[data-sound]");
const wanted = () => localStorage.getItem(NAME) === "on";
const ringing = () => [...document.querySelectorAll("#live [data-ringing]")].map((call) => call.id);
let speaker = null;
let known = new Set(ringing()); // what rang before the page was opened is no news

// Two short notes, up and soft at the edges: it is heard in an office and frightens nobody.
function tone() {
  [[659, 0], [880, 0.18]].forEach(([pitch, after]) => {
    const at = speaker.currentTime + after;
    const voice = new OscillatorNode(speaker, { type: "sine", frequency: pitch });
    const volume = new GainNode(speaker, { gain: 0 });
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.25, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.3);
    voice.connect(volume).connect(speaker.destination);
    voice.start(at);
    voice.stop(at + 0.32);
  });
}

// Of several tabs one sounds: whichever holds the lock for as long as the tone lasts.
function sound() {
  if (speaker?.state !== "running") return;
  if (!navigator.locks) return tone();
  navigator.locks.request("ring tone", { ifAvailable: true }, (lock) => lock && new Promise((done) => {
    tone();
    setTimeout(done, 2000);
  }));
}

function mark() {
  const asleep = wanted() && speaker?.state !== "running";
  const state = asleep ? "on after a click" : wanted() ? "on" : "off";
  button.setAttribute("aria-pressed", wanted());
  button.querySelector("[data-sound-words]").textContent = `Sound: ${state}`;
}

async function wake() {
  speaker ??= new AudioContext();
  speaker.onstatechange = mark;
  if (speaker.state !== "running") await speaker.resume();
  mark();
}

if (button) {
  button.addEventListener("click", async () => {
    if (wanted()) localStorage.removeItem(NAME);
    else localStorage.setItem(NAME, "on");
    mark();
    if (!wanted()) return;
    await wake();
    sound();
  });
  for (const gesture of ["pointerup", "keydown"]) addEventListener(gesture, () => wanted() && wake(), true);
  document.addEventListener("htmx:finally:swap", () => {
    const now = ringing();
    if (wanted() && now.some((call) => !known.has(call))) sound();
    known = new Set([...known, ...now]);
  });
  if (wanted()) wake();
  mark();
}
