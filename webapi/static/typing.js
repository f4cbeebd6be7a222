// Texts save themselves while they are typed. All that is typed in one go is one step of undo.
import { fill, leave } from "./desk_item.js";

const PAUSE = 700;

// `put` saves what a text says by now, `remember` keeps what it said before.
export function typing({ put, remember }) {
  // What is typed and not yet sent.
  let typed = null;

  function send() {
    const { item, name, before, isStep } = typed;
    const value = leave(item, name);
    if (value === item.values[name]) return;
    if (!isStep) remember(item, { [name]: before });
    typed.isStep = true;
    put(item, { [name]: value });
  }

  return {
    in(item, field) {
      const name = field.dataset.field;
      if (name === "tags") return;
      typed ??= { item, name, before: item.values[name] };
      clearTimeout(typed.timer);
      typed.timer = setTimeout(send, PAUSE);
      fill(item, field);
    },
    end() {
      if (!typed) return;
      clearTimeout(typed.timer);
      send();
      typed = null;
    },
  };
}
