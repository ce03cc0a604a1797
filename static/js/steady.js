// What grows and shrinks above a list, as calls come and go, does not move the list under the hand: while somebody
// points at it or writes in it, the page scrolls by as much.

const strip = document.querySelector("#live");
const inHand = () => document.querySelector("#rows:hover, #rows:focus-within");
let height = strip?.offsetHeight ?? 0;

if (strip) {
  new ResizeObserver(() => {
    const grown = strip.offsetHeight - height;
    height = strip.offsetHeight;
    if (grown && strip.isConnected && inHand()) scrollBy({ top: grown, behavior: "instant" });
  }).observe(strip);
}
