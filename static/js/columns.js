// The columns menu: an arrow moves a column in the list, and all of it is saved together. Without this file each press
// of an arrow saves.

document.addEventListener("click", (event) => {
  const arrow = event.target.closest("[data-move]");
  if (!arrow) return;
  event.preventDefault();
  const row = arrow.closest("li");
  const other = arrow.dataset.move < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (arrow.dataset.move < 0) other?.before(row);
  else other?.after(row);
  arrow.focus();
});
