// Parts of a page marked data-live are fetched again every two seconds, from the same address, and swapped in place.
import { loadAll } from "./later.js";
import { read, replace, replacedSoFar } from "./page.js";

const PAUSE = 2000;

const isLive = () => Boolean(document.querySelector('[data-live="on"]'));

async function refresh() {
  const before = replacedSoFar();
  const { page } = await read(location.href);
  // What somebody has done meanwhile is shown already, and this page may not know of it.
  if (replacedSoFar() !== before) return;
  for (const part of document.querySelectorAll("[data-live]")) {
    const newer = page.getElementById(part.id);
    // What somebody is about to press stays where it is.
    if (newer && !part.contains(document.activeElement) && part.innerHTML !== newer.innerHTML) replace(part, newer);
  }
}

async function keepFresh() {
  if (!isLive()) return;
  while (isLive()) {
    await new Promise((done) => setTimeout(done, PAUSE));
    if (!document.hidden) await refresh().catch(() => {}); // away for a moment: the next round tries again
  }
  // What was counted meanwhile is old.
  loadAll();
}

keepFresh();
