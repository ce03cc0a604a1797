// The editor of a call flow: says that something on the page is not saved yet, lets it be published, and says at a number
// that it is out of bounds before it is sent. Without this file a draft is saved first, and then published, and the server
// says what is wrong. What a caller meets, and what is to be fixed, is drawn anew by htmx when a field has been changed.

const form = document.querySelector("#flow-form");
const publish = document.querySelector("[data-flow-publish]");
const publishable = !publish.disabled; // as it was drawn

function differs(field) {
  if (field.type === "checkbox") return field.checked !== field.defaultChecked;
  if (!field.matches("select")) return field.value !== field.defaultValue;
  const drawn = [...field.options].find((option) => option.defaultSelected) ?? field.options[0];
  return field.value !== drawn.value;
}

function look() {
  const typed = form.dataset.unsaved === "yes" || [...form.querySelectorAll("input, select, textarea")].some(differs);
  document.querySelector("[data-flow-unsaved]").hidden = !typed;
  document.querySelector("[data-flow-saved]").hidden = typed;
  document.querySelector("[data-flow-dot]").className = `dot ${typed || publishable ? "warn" : "ok"}`;
  publish.disabled = !typed && !publishable;
  publish.classList.toggle("primary", !document.querySelector("#flow-fix > *"));
}

form.addEventListener("input", look);
// To put a step back would take what has been typed since.
form.addEventListener("input", () => document.querySelector(".toast:has(form)")?.remove(), { once: true });
document.addEventListener("htmx:after:swap", look);
addEventListener("pageshow", look); // a browser that goes back fills the page in as it was left

// ---- Who saves stays where he was; a new step, and what was refused, have a place of their own.

const place = `flow ${location.pathname}`;
const was = sessionStorage.getItem(place);
sessionStorage.removeItem(place);
if (was && !location.hash && !document.querySelector("#flow-form [autofocus]")) scrollTo(0, Number(was));
form.addEventListener("submit", (event) => {
  if (!event.submitter?.formNoValidate) sessionStorage.setItem(place, scrollY);
});

// ---- Numbers that are out of bounds: in our words, at the field.

const isWrong = (field) => field.value === "" || !field.validity.valid;

function judge(field) {
  const id = `${field.id}_error`;
  const wrong = isWrong(field);
  document.getElementById(id)?.remove();
  field.toggleAttribute("aria-invalid", false);
  field.removeAttribute("aria-describedby");
  if (!wrong) return;
  const said = document.querySelector("#flow-wrong").content.firstElementChild.cloneNode(true);
  said.id = id;
  said.lastElementChild.textContent = field.dataset.wrong;
  field.closest(".field").append(said);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", id);
}

form.addEventListener("change", ({ target }) => target.matches("[data-wrong]") && judge(target));
form.addEventListener("submit", (event) => {
  if (event.submitter?.formNoValidate) return;
  const numbers = [...form.querySelectorAll("[data-wrong]")];
  const first = numbers.find(isWrong);
  if (!first) return;
  event.preventDefault();
  numbers.forEach(judge);
  first.focus();
});
