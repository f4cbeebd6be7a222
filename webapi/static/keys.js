// What keys mean on a page: nothing where somebody types, and nothing that a button or a slider has for itself.
// A dialog that was closed a moment ago may have the focus still.
const TYPING = "input:not([type=range]), select, textarea, dialog[open]";
const PRESSED = "button, a, summary";
const SLIDING = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"]);
// A key that is held down moves. It must not decide.
const MOVING = ["j", "k", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];

function isTaken(event) {
  const at = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || at.closest(TYPING)) return true;
  if (at.closest(PRESSED) && (event.key === "Enter" || event.key === " ")) return true;
  return Boolean(at.closest("input")) && SLIDING.has(event.key);
}

// Buttons may stand for keys: what is done is told which of them was pressed.
export function listen(keys, inTurn, { held = MOVING } = {}) {
  const help = document.getElementById("keys");
  const known = help ? { "?": () => help.showModal(), ...keys } : keys;
  document.addEventListener("keydown", (event) => {
    if (!Object.hasOwn(known, event.key) || isTaken(event)) return;
    event.preventDefault();
    if (!event.repeat || held.includes(event.key)) inTurn(() => known[event.key]());
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-key]");
    if (!button) return;
    event.preventDefault();
    inTurn(() => known[button.dataset.key](button));
  });
  document.getElementById("show-keys")?.addEventListener("click", known["?"]);
}
