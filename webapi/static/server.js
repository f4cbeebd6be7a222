// Asking the server: its answer, or an error. What it refuses is an error to show; anything else may work later.
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 15_000;
const TOO_MANY = 429;

export class Refused extends Error {}

export const parsed = (text) => new DOMParser().parseFromString(text, "text/html");

// An error is a page of ours, which says in a sentence what is wrong.
export const refusalOn = (page) =>
  new Refused(page.querySelector("main p:not(.small)")?.textContent ?? "That did not work. Load the page again.");

export async function ask(address, body = null) {
  const answer = await fetch(address, { method: body ? "POST" : "GET", body });
  if (answer.status >= 500 || answer.status === TOO_MANY) throw new Error("later");
  if (new URL(answer.url).pathname === "/sign-in") {
    throw new Refused("You are signed out. Sign in again in another tab, then go on here.");
  }
  if (!answer.ok) throw refusalOn(parsed(await answer.text()));
  return answer;
}

// What a form with these fields would send. Its token is that of every form on the page.
export function fields(given = {}) {
  const body = new FormData();
  body.set("csrf_token", document.querySelector('[name="csrf_token"]').value);
  for (const [name, value] of Object.entries(given)) body.set(name, value);
  return body;
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// Tries a step until the server takes or refuses it.
export async function insist(step, away) {
  for (let wait = FIRST_PAUSE; ; wait = Math.min(2 * wait, LONGEST_PAUSE)) {
    try {
      return await step();
    } catch (error) {
      if (error instanceof Refused) throw error;
      away();
      await pause(wait);
    }
  }
}
