// What somebody decides reaches the server in the order in which it was decided, however long the network is away.
import { insist } from "./server.js";

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
