// Several words in one field, with commas between: what is suggested is the last of them, after those that stand there.
// Without this file suggestions replace what was typed.

document.addEventListener("input", ({ target }) => {
  if (!target.list || !("words" in target.list.dataset)) return;
  const before = target.value.slice(0, target.value.lastIndexOf(",") + 1);
  const there = new Set(before.split(",").map((word) => word.trim()));
  for (const option of target.list.options) {
    const { word } = option.dataset;
    option.value = before ? `${before} ${word}` : word;
    option.disabled = there.has(word);
  }
});
