// What somebody decides reaches the server in the order in which it was decided, however long the network is away.
import { refusalOn } from "./said.js";

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 15_000;
const TOO_MANY = 429;

export class Refused extends Error {}

// Whether the same may work later.
export const isLater = (answer) => answer.status >= 500 || answer.status === TOO_MANY;

// The answer of the server. What it refuses is an error to show; anything else may work later.
export async function ask(address, fields = null) {
  const body = fields && new FormData();
  for (const [name, value] of Object.entries(fields ?? {})) body.set(name, value);
  const answer = await fetch(address, { method: body ? "POST" : "GET", body });
  if (isLater(answer)) throw new Error("later");
  // A page that was asked for leads to nowhere else but to the one for signing in.
  if (answer.redirected) throw new Refused("You are signed out. Sign in again in another tab, then go on here.");
  if (!answer.ok) throw new Refused(refusalOn(new DOMParser().parseFromString(await answer.text(), "text/html")));
  return answer;
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

export class Saver {
  #turn = Promise.resolve();
  #tell;
  waiting = 0;

  constructor(tell) {
    this.#tell = tell;
  }

  // Steps that follow wait until the server has taken or refused this one.
  add(step, refused) {
    this.waiting += 1;
    this.#tell("Saving …");
    const tries = () => insist(step, () => this.#tell("Not saved, retrying", true));
    this.#turn = this.#turn.then(tries).catch(refused).finally(() => this.#done());
    return this.#turn;
  }

  idle() {
    return this.#turn;
  }

  #done() {
    this.waiting -= 1;
    if (!this.waiting) this.#tell("Saved");
  }
}
