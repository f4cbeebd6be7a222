// Choosing between answers: the next prompt takes the place of the one before, without loading the page.
import { listen } from "./keys.js";
import { sent, swap } from "./page.js";
import { say, sayNothing } from "./said.js";
import { turns } from "./turns.js";

const KEYS = [..."0123456uj"];
const inTurn = turns(() => say("The server can't be reached. Nothing was chosen."));

// What somebody has pressed is what they saw, also where the next prompt has come meanwhile.
async function press(key, button = document.querySelector(`#choice [data-key="${key}"]`)) {
  if (!button) return;
  const done = await swap(["choice"], button.form ? sent(button.form, button) : [button.href]);
  if (!done) return;
  sayNothing();
  history.replaceState(null, "", done.answer.url);
  done.parts[0].querySelector("h1").focus();
}

// A key that is held down skips nothing.
listen(Object.fromEntries(KEYS.map((key) => [key, (button) => press(key, button)])), inTurn, { held: [] });
