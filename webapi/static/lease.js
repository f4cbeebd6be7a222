// What lies open here is held for whoever looks at it, as long as they do.
import { ask, fields } from "./server.js";

const STAY_EVERY = 60_000;
const SIGNS = ["keydown", "pointerdown", "scroll"];

export function hold({ stay, release }, open) {
  let active = false;
  for (const sign of SIGNS) addEventListener(sign, () => { active = true; }, { passive: true });
  setInterval(() => {
    if (active) ask(stay, fields()).catch(() => {}); // the next decision says so aloud
    active = false;
  }, STAY_EVERY);
  // Nobody has to wait until the lease runs out.
  addEventListener("pagehide", () => {
    const places = open().map((item) => item.place).join(",");
    navigator.sendBeacon(release, fields({ comes_again: "1", places }));
  });
}
