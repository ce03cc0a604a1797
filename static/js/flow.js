// The editor of a call flow: says that something on the page is not saved yet, and lets it be published. Without this file
// a draft is saved first, and then published. What a caller meets is drawn anew by htmx when a field has been changed.

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
}

form.addEventListener("input", look);
addEventListener("pageshow", look); // a browser that goes back fills the page in as it was left
