// One answer on the desk: its values in its fields, and what is typed into them.
import { showDiff, visible } from "./diff.js";

const TONES = { needs_review: "wait", approved: "good", rejected: "bad" };
const NONE = "none";

const part = (item, name) => item.element.querySelector(`[data-show="${name}"]`);
const fieldOf = (item, name) => item.element.querySelector(`[data-field="${name}"]`);
const saidIn = (item) => item.element.querySelector("[data-said]").value;

// All but the field that somebody types in.
export function fill(item, typing = document.activeElement) {
  const { values } = item;
  const status = part(item, "status");
  status.className = `badge ${TONES[values.status]}`;
  status.textContent = values.status.replace("_", " ");
  part(item, "gold").hidden = !values.gold;
  const score = values.score === null ? NONE : values.score.toFixed(2).replace(/0$/, "");
  part(item, "score").textContent = values.score === null ? "" : `score ${score}`;
  part(item, "slider").textContent = score;
  item.element.querySelector("#score").value = Math.round((values.score ?? 0) * 10);
  part(item, "tags").replaceChildren(...values.tags.map(chip));
  for (const name of ["category", "notes"]) {
    const field = fieldOf(item, name);
    if (field !== typing) field.value = values[name] ?? "";
  }
  fillEdit(item, typing);
}

function fillEdit(item, typing) {
  const field = fieldOf(item, "edited_output");
  const isOpen = item.values.edited_output !== null || field === typing;
  field.closest("[data-editing]").hidden = !isOpen;
  if (!isOpen) return;
  if (field !== typing) field.value = item.values.edited_output;
  showDiff(item.element.querySelector("[data-diff]"), saidIn(item), field.value);
}

function chip(tag) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "tag";
  button.dataset.tag = tag;
  button.title = "Take it away";
  button.textContent = `${visible(tag)} ×`;
  return button;
}

// Where the eyes are, the hands are: the field has the cursor, and its end.
export function open(item, name) {
  const field = fieldOf(item, name);
  if (name === "edited_output" && item.values.edited_output === null) {
    field.closest("[data-editing]").hidden = false;
    field.value = saidIn(item);
  }
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
  fill(item);
}

// What a field says as a value: nothing where it says nothing new.
export function leave(item, name) {
  const field = fieldOf(item, name);
  if (name === "tags") return tagsOf(item, field);
  if (name === "category") return field.value.trim() || null;
  if (name === "edited_output" && (field.value === saidIn(item) || !field.value)) return null;
  return field.value;
}

function tagsOf(item, field) {
  const given = field.value.split(",").map((tag) => tag.trim()).filter(Boolean);
  field.value = "";
  if (!given.length) return null;
  const away = given.filter((tag) => tag.startsWith("-")).map((tag) => tag.slice(1));
  const kept = [...item.values.tags, ...given.filter((tag) => !tag.startsWith("-"))];
  return [...new Set(kept)].filter((tag) => !away.includes(tag)).sort();
}
