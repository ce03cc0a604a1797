// What grows and shrinks above a list, as calls come and go, does not move the list under the hand. Where it is out of
// sight the browser sees to that by itself (scroll anchoring); where it is seen, the page is scrolled by as much while
// somebody points at the list or writes in it.

const strip = document.querySelector("#live");
const inHand = () => document.querySelector("#rows:hover, #rows:focus-within");
let height = strip?.offsetHeight ?? 0;

function follow(grown) {
  document.documentElement.classList.add("steady"); // or the browser would scroll once more
  scrollBy({ top: grown, behavior: "instant" });
  requestAnimationFrame(() => requestAnimationFrame(() => document.documentElement.classList.remove("steady")));
}

if (strip) {
  new ResizeObserver(() => {
    const grown = strip.offsetHeight - height;
    height = strip.offsetHeight;
    const wasSeen = strip.getBoundingClientRect().bottom - grown > 0;
    if (grown && wasSeen && inHand()) follow(grown);
  }).observe(strip);
}
