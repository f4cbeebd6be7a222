// Pages of ours, read by scripts: parts of them take the place of what is shown, and no page is loaded again.
import { ask, parsed, refusalOn } from "./server.js";

let replaced = 0;

export async function read(address, body) {
  const answer = await ask(address, body);
  return { address: answer.url, page: parsed(await answer.text()) };
}

// What a form sends when this button of it is pressed. A button may be named `action`, and would be what `form.action` is.
export const sent = (form, button) => [form.getAttribute("action"), new FormData(form, button)];

// Its parts with these ids take the place of ours. A page that lacks one says what was refused, and nothing changes.
export function swap(ids, page) {
  const parts = ids.map((id) => page.getElementById(id));
  if (parts.includes(null)) throw refusalOn(page);
  for (const part of parts) replace(document.getElementById(part.id), part);
  return parts;
}

// What somebody has chosen there stays chosen.
export function replace(part, newer) {
  const chosen = [...part.querySelectorAll("select[id]")].map(({ id, value }) => [id, value]);
  part.replaceWith(newer);
  replaced += 1;
  for (const [id, value] of chosen) {
    const options = newer.querySelector(`#${CSS.escape(id)}`)?.options ?? [];
    for (const option of options) if (option.value === value) option.selected = true;
  }
}

// Who asked for a page before a part of another one came has an old one now.
export const replacedSoFar = () => replaced;
