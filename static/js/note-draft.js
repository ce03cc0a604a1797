// What somebody is writing is kept with the server while he writes, sealed and for him alone, and stands in the box again
// after whatever happens to the page. In this browser nothing of it is kept. Without this file a note is kept when added.

const AFTER = 1000; // since the last key
const form = document.querySelector("form[data-draft]");
const field = form?.elements.body;
const said = form?.querySelector("[data-draft-said]");
let kept = field?.defaultValue;
let timer = 0;
let sending = null;

async function keep() {
  clearTimeout(timer);
  if (field.value === kept) return;
  const typed = field.value;
  sending?.abort(); // what was typed before is no news
  sending = new AbortController();
  const { signal } = sending;
  const body = new URLSearchParams(new FormData(form));
  try {
    const answer = await fetch(form.dataset.draft, { method: "POST", body, redirect: "manual", keepalive: true, signal });
    if (answer.status !== 204) throw new Error("refused"); // logged out, say
    kept = typed;
    said.textContent = typed.trim() ? "Draft kept" : "";
  } catch {
    if (!signal.aborted) said.textContent = "Draft not kept";
  }
}

if (form) {
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, AFTER);
  });
  field.addEventListener("blur", keep);
  addEventListener("pagehide", keep);
  form.addEventListener("submit", () => {
    kept = field.value; // from here on it is a note
    clearTimeout(timer);
    sending?.abort();
  });
}
