// One answer at a time, from the keyboard alone. What is decided is shown at once and saved behind the scenes.
import { saving } from "./desk_change.js";
import { fill, leave, open } from "./desk_item.js";
import { listen } from "./keys.js";
import { hold } from "./lease.js";
import { pace } from "./pace.js";
import { say, sayNothing, sayWhy } from "./said.js";
import { Saver } from "./saving.js";
import { ask, fields } from "./server.js";
import { Supply } from "./supply.js";
import { turns } from "./turns.js";
import { typing } from "./typing.js";

const desk = document.getElementById("desk");
const mark = pace(desk.dataset);
const saver = new Saver(tell);
const supply = new Supply(desk.dataset, { see: mark.see, idle: () => saver.idle() });
const texts = typing({ put, remember });
const inTurn = turns(sayWhy("The server can't be reached. Press j to try again."));

// What undo takes back, the latest last.
let done = [];

function tell(text, isBad = false) {
  const place = document.getElementById("saved");
  place.textContent = text;
  place.classList.toggle("bad-text", isBad);
}

// Going on and back

const isOpen = (item) => item.values.status === "needs_review" && !item.skipped;

async function forward() {
  flush();
  const item = supply.current;
  if (supply.isShared && item && isOpen(item)) skip(item);
  await supply.forward();
  show();
}

function back() {
  flush();
  supply.back();
  show();
}

function skip(item) {
  item.skipped = true;
  send(item, () => ask(desk.dataset.release, fields({ places: item.place })));
}

function show() {
  const item = supply.current;
  sayNothing();
  desk.replaceChildren(item ? item.element : supply.end);
  if (item) fill(item);
  desk.firstElementChild.focus({ preventScroll: true });
  scrollTo({ top: 0 });
  mark.show();
  if (!supply.isShared) keepPlace();
}

function keepPlace() {
  const address = new URL(location);
  if (supply.before) address.searchParams.set("after", supply.before);
  else address.searchParams.delete("after");
  history.replaceState(null, "", address);
}

// Deciding

function decide(status) {
  flush();
  change({ status });
  return supply.current && forward();
}

const tenths = () => Math.round((supply.current?.values.score ?? 0) * 10);
const score = (wanted) => change({ score: Math.max(0, Math.min(10, wanted)) / 10 });
const star = () => supply.current && change({ gold: !supply.current.values.gold });
const type = (name) => () => supply.current && open(supply.current, name);

// What differs from how the item was is sent, and is a step of undo.
function change(values) {
  const item = supply.current;
  if (!item) return;
  const before = Object.fromEntries(Object.keys(values).map((name) => [name, item.values[name]]));
  if (JSON.stringify(before) === JSON.stringify(values)) return;
  remember(item, before);
  put(item, values);
}

function remember(item, before) {
  done.push({ item, before });
}

function undo() {
  flush();
  const step = done.pop();
  if (!step || !supply.goTo(step.item)) {
    say("There is nothing left to undo on this page.");
    return;
  }
  put(step.item, step.before);
  show();
}

function put(item, values) {
  const step = saving(item, values);
  mark.decide(item, values.status);
  Object.assign(item.values, values);
  if (item === supply.current) fill(item);
  mark.show();
  send(item, step);
}

function send(item, step) {
  saver.add(step, (error) => {
    const button = document.createElement("button");
    button.className = "small-button";
    button.textContent = "Load it again";
    button.addEventListener("click", () => inTurn(() => loadAgain(item)));
    say(`${item.element.getAttribute("aria-label")}: not saved. ${error.message} `, button);
  });
}

async function loadAgain(item) {
  await supply.renew(item);
  done = done.filter((step) => step.item !== item);
  supply.goTo(item);
  document.getElementById("said").replaceChildren();
  show();
}

// Before anything else happens, what is typed is sent.
function flush() {
  texts.end();
  const tags = supply.current && leave(supply.current, "tags");
  if (tags) change({ tags });
}

const leaves = ({ key, target }) => key === "Escape" || (key === "Enter" && target.matches("input"));

listen(
  {
    a: () => decide("approved"),
    r: () => decide("rejected"),
    s: star,
    e: type("edited_output"),
    t: type("tags"),
    c: type("category"),
    n: type("notes"),
    u: undo,
    j: forward,
    ArrowRight: forward,
    k: back,
    ArrowLeft: back,
    "+": () => score(tenths() + 1),
    "-": () => score(tenths() - 1),
    0: () => score(10),
    ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((tenth) => [tenth, () => score(tenth)])),
  },
  inTurn,
);

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && !event.target.closest("dialog[open]")) {
    event.preventDefault();
    inTurn(forward);
  } else if (event.target.matches("[data-field]") && leaves(event)) {
    event.preventDefault();
    flush();
    supply.current.element.focus({ preventScroll: true });
    fill(supply.current);
  }
});
desk.addEventListener("input", (event) => {
  if (event.target.matches("[data-field]")) texts.in(supply.current, event.target);
});
desk.addEventListener("change", (event) => {
  if (event.target.id === "score") score(Number(event.target.value));
});
desk.addEventListener("focusout", (event) => {
  if (event.target.matches("[data-field]")) flush();
});
desk.addEventListener("click", (event) => {
  const tag = event.target.closest("[data-tag]")?.dataset.tag;
  if (tag !== undefined) change({ tags: supply.current.values.tags.filter((one) => one !== tag) });
});

addEventListener("beforeunload", (event) => {
  flush();
  if (saver.waiting) event.preventDefault();
});

if (supply.isShared) hold(desk.dataset, () => supply.items.filter(isOpen));

inTurn(forward);
