// What the server said, in the place that every page of reviews has for it.
import { Refused } from "./server.js";

export function say(text, ...more) {
  const message = document.createElement("div");
  message.className = "message bad";
  message.append(text, ...more);
  document.getElementById("said").replaceChildren(message);
}

// Says of an error what was refused, or that the server is away.
export const sayWhy = (away) => (error) => say(error instanceof Refused ? error.message : away);

// What asks for something to be done stays until it is.
export function sayNothing() {
  const said = document.getElementById("said");
  if (!said.querySelector("button")) said.replaceChildren();
}
