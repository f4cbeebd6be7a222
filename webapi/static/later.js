// Parts that take longer than the page come after it: each says where it is, and which part of that page it takes.
import { read } from "./page.js";

export async function load(part) {
  const { page } = await read(part.dataset.later);
  const found = page.querySelector(part.dataset.part);
  if (found && part.isConnected) part.replaceChildren(...found.childNodes);
}

export function loadAll(within = document) {
  // Whoever wants to know follows the link that stands there meanwhile.
  for (const part of within.querySelectorAll("[data-later]")) load(part).catch(() => {});
}

// What is folded is loaded when somebody opens it.
document.addEventListener(
  "toggle",
  ({ target }) => {
    if (target.open) for (const part of target.querySelectorAll("[data-when-open]")) wake(part);
  },
  true,
);

function wake(part) {
  part.dataset.later = part.dataset.whenOpen;
  delete part.dataset.whenOpen;
  load(part).catch(() => {});
}

loadAll();
