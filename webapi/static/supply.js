// The answers on the desk: those that were seen, the one that is shown, and those that are fetched before they are needed.
import { read } from "./page.js";
import { fields } from "./server.js";
import { turns } from "./turns.js";

const AHEAD = 2;
// How far back one can go.
const KEPT = 80;

export class Supply {
  items = [];
  at = -1;
  // Where there are no more: what says why.
  end = null;
  #from;
  #see;
  #idle;
  #inTurn = turns(() => {}); // whoever needs what is missing asks again, aloud

  // `see` is told of all that comes, `idle` waits until what was decided is saved.
  constructor(from, { see, idle }) {
    [this.#from, this.#see, this.#idle] = [from, see, idle];
  }

  get current() {
    return this.items[this.at];
  }

  get isShared() {
    return Boolean(this.#from.release);
  }

  // Where a page that is loaded again goes on.
  get before() {
    return this.items[Math.min(this.at, this.items.length) - 1]?.cursor ?? this.#from.after;
  }

  async forward() {
    const from = this.at;
    this.at = Math.min(from + 1, this.items.length);
    try {
      if (!this.current) await this.#fetchLast();
    } catch (error) {
      this.at = from;
      throw error;
    }
    const tooOld = new Set(this.items.slice(0, Math.max(0, this.at - KEPT)));
    this.#forget((item) => tooOld.has(item));
    this.#fetchAhead();
  }

  back() {
    if (this.at > 0) this.at -= 1;
  }

  goTo(item) {
    const place = this.items.indexOf(item);
    if (place >= 0) this.at = place;
    return place >= 0;
  }

  // As it is by now.
  async renew(item) {
    Object.assign(item, await this.#read(item.here), { cursor: item.cursor });
  }

  // In turn: what is fetched ahead just now was asked for before the last decision was saved.
  async #fetchLast() {
    await this.#inTurn(async () => {
      this.end = null;
      if (!this.current) await this.#fetchNext();
    });
    if (!this.end && !this.current) await this.#fetchNext();
  }

  #fetchAhead() {
    return this.#inTurn(async () => {
      while (!this.end && this.items.length <= this.at + AHEAD) await this.#fetchNext();
    });
  }

  // Those that were skipped come again when there is nothing else, and what was decided is no longer open.
  async #fetchNext() {
    let item = await this.#next(this.items);
    if (item.end && this.isShared) {
      await this.#idle();
      item = await this.#next(this.items.filter((one) => !one.skipped || one === this.current));
    }
    if (item.end) {
      this.end = item.end;
      return;
    }
    this.#forget((one) => this.isShared && one.place === item.place);
    this.items.push(item);
  }

  #next(known) {
    const { next, after } = this.#from;
    if (this.isShared) return this.#read(next, fields({ beside: known.map((item) => item.place).join(",") }));
    const address = new URL(next, location);
    const last = this.items.at(-1)?.cursor ?? after;
    if (last) address.searchParams.set("after", last);
    return this.#read(address);
  }

  async #read(address, body) {
    const { page } = await read(address, body);
    const element = document.adoptNode(page.querySelector(".desk-item, .desk-end"));
    this.#see(element.dataset);
    if (element.matches(".desk-end")) return { end: element };
    const { values, version, ...known } = element.dataset;
    return { ...known, element, values: JSON.parse(values), version: Number(version) };
  }

  #forget(unwanted) {
    this.at -= this.items.slice(0, this.at).filter(unwanted).length;
    this.items = this.items.filter((item) => !unwanted(item));
  }
}
