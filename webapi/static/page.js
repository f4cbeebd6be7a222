// Pages of ours, read by scripts: parts of them take the place of what is shown, and no page is loaded again.
import { refusalOn, say } from "./said.js";

export async function read(address, options) {
  const answer = await fetch(address, options);
  return { answer, page: new DOMParser().parseFromString(await answer.text(), "text/html") };
}

// What a form sends when this button of it is pressed. A button may be named `action`, and would be what `form.action` is.
export const sent = (form, button) => [form.getAttribute("action"), { method: "POST", body: new FormData(form, button) }];

// Its parts with these ids take the place of ours. What the server refuses is said, and nothing changes.
export async function swap(ids, [address, options]) {
  const { answer, page } = await read(address, options);
  const parts = ids.map((id) => page.getElementById(id));
  if (!answer.ok || parts.includes(null)) {
    say(refusalOn(page));
    return null;
  }
  for (const part of parts) document.getElementById(part.id).replaceWith(part);
  return { answer, parts };
}
