// Choosing between answers: the next prompt takes the place of the one before, without loading the page.
import { listen } from "./keys.js";
import { read, sent, swap } from "./page.js";
import { sayNothing, sayWhy } from "./said.js";
import { turns } from "./turns.js";

const KEYS = [..."0123456uj"];
const inTurn = turns(sayWhy("The server can't be reached. Nothing was chosen."));

// What somebody has pressed is what they saw, also where the next prompt has come meanwhile.
async function press(key, button = document.querySelector(`#choice [data-key="${key}"]`)) {
  if (!button) return;
  const { address, page } = await read(...(button.form ? sent(button.form, button) : [button.href]));
  const [choice] = swap(["choice"], page);
  sayNothing();
  history.replaceState(null, "", address);
  choice.querySelector("h1").focus();
}

// A key that is held down skips nothing.
listen(Object.fromEntries(KEYS.map((key) => [key, (button) => press(key, button)])), inTurn, { held: [] });
