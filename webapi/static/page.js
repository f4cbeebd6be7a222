// Pages of ours, read by scripts: parts of them take the place of what is shown, and no page is loaded again.
import { refusalOn, say } from "./said.js";
import { insist, isLater } from "./saving.js";

let replaced = 0;

export async function read(address, options) {
  const answer = await fetch(address, options);
  return { answer, page: new DOMParser().parseFromString(await answer.text(), "text/html") };
}

// Asks again while the server is away: what was done already is not done twice.
export const readSurely = (address, options) =>
  insist(
    async () => {
      const found = await read(address, options);
      if (isLater(found.answer)) throw new Error("later");
      return found;
    },
    () => say("Not saved, retrying"),
  );

// What a form sends when this button of it is pressed. A button may be named `action`, and would be what `form.action` is.
export const sent = (form, button) => [form.getAttribute("action"), { method: "POST", body: new FormData(form, button) }];

// Its parts with these ids take the place of ours. What the server refuses is said, and nothing changes.
export async function swap(ids, request, reader = read) {
  const { answer, page } = await reader(...request);
  const parts = ids.map((id) => page.getElementById(id));
  if (!answer.ok || parts.includes(null)) {
    say(refusalOn(page));
    return null;
  }
  for (const part of parts) replace(document.getElementById(part.id), part);
  return { answer, parts };
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
