// The editor of a task schema: what is wrong with it, or what it makes, while somebody types.
import { read, sent } from "./page.js";

const PAUSE = 400;
const AGAIN = 3000;
const form = document.getElementById("editor");
const text = document.getElementById("document");

let timer;
let latest = 0;

async function check() {
  const turn = ++latest;
  const { page } = await read(...sent(form));
  const fresh = page.getElementById("checked");
  if (!fresh || turn !== latest) return; // what was typed since is being looked at
  const shown = document.getElementById("checked");
  // What somebody has opened stays open.
  const open = [...shown.querySelectorAll("details[open] > summary")].map((summary) => summary.textContent);
  for (const details of fresh.querySelectorAll("details")) {
    details.open = open.includes(details.querySelector("summary").textContent);
  }
  shown.replaceWith(fresh);
}

function soon(wait = PAUSE) {
  clearTimeout(timer);
  timer = setTimeout(() => check().catch(() => soon(AGAIN)), wait); // away for a moment
}

form.addEventListener("input", () => soon());
if (text.value !== text.defaultValue) soon(); // typed before this script came

document.addEventListener("click", (event) => {
  const line = Number(event.target.dataset.line);
  if (!line) return;
  event.preventDefault();
  const lines = text.value.split("\n");
  const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  text.focus();
  text.setSelectionRange(start, start + lines[line - 1].length);
  text.scrollTop = (text.scrollHeight / lines.length) * Math.max(0, line - 5);
});
