// Choosing between answers: the next prompt takes the place of the one before, without loading the page.
import { refusalOn, say, sayNothing } from "./said.js";
import { turns } from "./turns.js";

const KEYS = "0123456uj";
const inTurn = turns(() => say("The server can't be reached. Nothing was chosen."));

async function show(address, options) {
  const answer = await fetch(address, options);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = fresh.getElementById("choice");
  if (!answer.ok || !next) {
    say(refusalOn(fresh));
    return;
  }
  sayNothing();
  document.getElementById("choice").replaceWith(next);
  history.replaceState(null, "", answer.url);
  next.querySelector("h1").focus();
}

function follow(button) {
  const { form } = button;
  if (!form) return show(button.href);
  return show(form.getAttribute("action"), { method: "POST", body: new FormData(form, button) });
}

async function press(key) {
  const button = document.querySelector(`#choice [data-key="${key}"]`);
  if (button) await follow(button);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !KEYS.includes(event.key)) return;
  event.preventDefault();
  // A key that is held down must not decide.
  if (!event.repeat) inTurn(() => press(event.key));
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("#choice [data-key]");
  if (!button) return;
  event.preventDefault();
  inTurn(() => follow(button));
});
