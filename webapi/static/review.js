// The table of a dataset: from the keyboard, and without loading the page again.
import { loadAll } from "./later.js";
import { listen } from "./keys.js";
import { read, sent, swap } from "./page.js";
import { say, sayWhy } from "./said.js";
import { insist } from "./server.js";
import { turns } from "./turns.js";

const ACTIONS = { a: ["approve"], r: ["reject"], s: ["star", "unstar"] };
const SWAPPED = ["said", "counts", "table"];

let active = 0;
const queue = turns(sayWhy("That did not work. Load the page again."));

const rows = () => [...document.querySelectorAll(".examples > li")];

function move(to) {
  const all = rows();
  if (!all.length) return;
  active = Math.max(0, Math.min(to, all.length - 1));
  all.forEach((row, place) => row.toggleAttribute("data-active", place === active));
  all[active].focus();
  all[active].scrollIntoView({ block: "nearest" });
}

// What a form changed is on the page that answers it: its parts take the place of ours.
async function send(form, button) {
  // No key is lost while the server is away: those that follow wait.
  const request = sent(form, button);
  const { page } = await insist(() => read(...request), () => say("Not saved, retrying"));
  for (const part of swap(SWAPPED, page)) loadAll(part);
}

async function act(names) {
  const button = rows()[active]?.querySelector(names.map((name) => `button[value="${name}"]`).join(","));
  if (!button) return;
  const before = rows().length;
  await send(button.form, button);
  // A row that no longer matches the filter is gone, and the next one has its place.
  move(names.length > 1 || rows().length < before ? active : active + 1);
}

async function undo() {
  // What was done last stands last.
  const button = [...document.querySelectorAll("#said form button")].at(-1);
  if (!button) return;
  await send(button.form, button);
  move(active);
}

const KEYS = {
  j: () => move(active + 1),
  ArrowDown: () => move(active + 1),
  k: () => move(active - 1),
  ArrowUp: () => move(active - 1),
  u: undo,
  Enter: () => rows()[active]?.querySelector("a").click(),
  "/": () => document.getElementById("q").focus(),
  ...Object.fromEntries(Object.entries(ACTIONS).map(([key, names]) => [key, () => act(names)])),
};

listen(KEYS, queue);

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-swap]")) return;
  event.preventDefault();
  const row = event.target.closest(".examples > li");
  if (row) active = rows().indexOf(row);
  const { target: form, submitter } = event;
  queue(async () => {
    await send(form, submitter);
    if (row) move(active);
  });
});

document.addEventListener("focusin", (event) => {
  const place = rows().indexOf(event.target);
  if (place >= 0 && place !== active) move(place);
});

rows()[0]?.toggleAttribute("data-active", true);
