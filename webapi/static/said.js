// What the server said, in the place that every page of reviews has for it.
export function say(text, ...more) {
  const message = document.createElement("div");
  message.className = "message bad";
  message.append(text, ...more);
  document.getElementById("said").replaceChildren(message);
}

// What asks for something to be done stays until it is.
export function sayNothing() {
  const said = document.getElementById("said");
  if (!said.querySelector("button")) said.replaceChildren();
}

// An error is a page of ours, which says in a sentence what is wrong.
export function refusalOn(page) {
  return page.querySelector("main p:not(.small)")?.textContent ?? "That did not work. Load the page again.";
}
