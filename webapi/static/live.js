// Parts of a page marked data-live are fetched again every two seconds, from the same address, and swapped in place.
import { read } from "./page.js";

const PAUSE = 2000;

async function refresh() {
  const { answer, page } = await read(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
  if (!answer.ok) return;
  for (const part of document.querySelectorAll("[data-live]")) {
    const newer = page.getElementById(part.id);
    // What somebody is about to press stays where it is.
    if (newer && !part.contains(document.activeElement) && part.innerHTML !== newer.innerHTML) {
      part.replaceWith(newer);
    }
  }
}

async function keepFresh() {
  while (document.querySelector('[data-live="on"]')) {
    await new Promise((done) => setTimeout(done, PAUSE));
    if (!document.hidden) await refresh().catch(() => {}); // away for a moment: the next round tries again
  }
}

keepFresh();
