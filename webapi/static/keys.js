// What keys mean on a page: nothing where somebody types, and nothing that a button or a slider has for itself.
// A dialog that was closed a moment ago may have the focus still.
const TYPING = "input:not([type=range]), select, textarea, dialog[open]";
const PRESSED = "button, a, summary";
const SLIDING = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"]);
// A key that is held down moves. It must not decide.
const REPEATED = new Set(["j", "k", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]);

function isTaken(event) {
  const at = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || at.closest(TYPING)) return true;
  if (at.closest(PRESSED) && (event.key === "Enter" || event.key === " ")) return true;
  return Boolean(at.closest("input")) && SLIDING.has(event.key);
}

export function listen(keys, inTurn) {
  const known = { "?": () => document.getElementById("keys").showModal(), ...keys };
  document.addEventListener("keydown", (event) => {
    if (!Object.hasOwn(known, event.key) || isTaken(event)) return;
    event.preventDefault();
    if (!event.repeat || REPEATED.has(event.key)) inTurn(known[event.key]);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-key]");
    if (button) inTurn(known[button.dataset.key]);
  });
  document.getElementById("show-keys")?.addEventListener("click", known["?"]);
}
