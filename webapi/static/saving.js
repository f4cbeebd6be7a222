// What somebody decides reaches the server in the order in which it was decided, however long the network is away.
import { refusalOn } from "./said.js";

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 15_000;
const TOO_MANY = 429;

export class Refused extends Error {}

// The answer of the server. What it refuses is an error to show; anything else may work later.
export async function ask(address, fields = null) {
  const body = fields && new FormData();
  for (const [name, value] of Object.entries(fields ?? {})) body.set(name, value);
  const answer = await fetch(address, { method: body ? "POST" : "GET", body });
  if (answer.status >= 500 || answer.status === TOO_MANY) throw new Error("later");
  // A page that was asked for leads to nowhere else but to the one for signing in.
  if (answer.redirected) throw new Refused("You are signed out. Sign in again in another tab, then go on here.");
  if (!answer.ok) throw new Refused(refusalOn(new DOMParser().parseFromString(await answer.text(), "text/html")));
  return answer;
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

export class Saver {
  #turn = Promise.resolve();
  #tell;
  waiting = 0;

  constructor(tell) {
    this.#tell = tell;
  }

  // `step` is tried until the server takes or refuses it. Steps that follow wait.
  add(step, refused) {
    this.waiting += 1;
    this.#tell("Saving …");
    this.#turn = this.#turn.then(() => this.#try(step)).catch(refused).finally(() => this.#done());
    return this.#turn;
  }

  idle() {
    return this.#turn;
  }

  #done() {
    this.waiting -= 1;
    if (!this.waiting) this.#tell("Saved");
  }

  async #try(step) {
    for (let wait = FIRST_PAUSE; ; wait = Math.min(2 * wait, LONGEST_PAUSE)) {
      try {
        return await step();
      } catch (error) {
        if (error instanceof Refused) throw error;
        this.#tell("Not saved, retrying", true);
        await pause(wait);
      }
    }
  }
}
