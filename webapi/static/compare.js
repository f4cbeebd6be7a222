// Answers beside the first one to the same prompt: what differs is marked once somebody comes near.
import { showDiff } from "./diff.js";

const first = (text) => text.closest(".side-by-side").querySelector(".text");
const show = (text) => showDiff(text, first(text).textContent, text.textContent);

function mark(changes) {
  for (const { isIntersecting, target } of changes) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    // Each by itself, so that the page can be moved in between.
    setTimeout(show, 0, target);
  }
}

// A window's height before it is seen.
const near = new IntersectionObserver(mark, { rootMargin: "100%" });

for (const text of document.querySelectorAll("[data-beside]")) near.observe(text);
document.getElementById("marks")?.removeAttribute("hidden");
