// What changed from one text to another, word by word.
// Two texts of 4,000 words, spaces and marks: some tenths of a second.
const MOST_CELLS = 16_000_000;
// Marks that can't be seen, and letters that turn the direction of others: shown by their numbers, as on every page.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;
const HARMLESS = new Set(["\n", "\t", "\u200c", "\u200d"]);

export function visible(text) {
  const number = (letter) => `\\u${letter.codePointAt(0).toString(16).padStart(4, "0")}`;
  return text.replace(UNSEEN, (letter) => (HARMLESS.has(letter) ? letter : number(letter)));
}

// Words, spaces, and marks one by one; letters one by one where a language has no spaces. A letter keeps its accents.
const UNSPACED = ["Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar"].map((name) => `\\p{sc=${name}}`).join("");
const TOKEN = new RegExp(`[[\\p{L}\\p{M}\\p{N}_]--[${UNSPACED}]]+|\\s+|.\\p{M}*`, "gsv");
const tokens = (text) => text.match(TOKEN) ?? [];

// Parts as [kind, text], where a kind is "same", "del" or "ins".
export function diff(before, after) {
  const [old, fresh] = [tokens(before), tokens(after)];
  let first = 0;
  while (first < old.length && first < fresh.length && old[first] === fresh[first]) first += 1;
  let last = 0;
  const most = Math.min(old.length, fresh.length) - first;
  while (last < most && old.at(-1 - last) === fresh.at(-1 - last)) last += 1;
  const parts = [];
  push(parts, "same", old.slice(0, first));
  middle(parts, old.slice(first, old.length - last), fresh.slice(first, fresh.length - last));
  push(parts, "same", old.slice(old.length - last));
  return parts;
}

function push(parts, kind, some) {
  if (!some.length) return;
  if (parts.at(-1)?.[0] === kind) parts.at(-1)[1] += some.join("");
  else parts.push([kind, some.join("")]);
}

// The longest common sequence of words; where that would take too long, all of it is new.
function middle(parts, old, fresh) {
  if (old.length * fresh.length > MOST_CELLS) {
    push(parts, "del", old);
    push(parts, "ins", fresh);
    return;
  }
  const wide = fresh.length + 1;
  const common = new Uint16Array((old.length + 1) * wide);
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = fresh.length - 1; j >= 0; j -= 1) {
      const skipped = Math.max(common[(i + 1) * wide + j], common[i * wide + j + 1]);
      common[i * wide + j] = old[i] === fresh[j] ? common[(i + 1) * wide + j + 1] + 1 : skipped;
    }
  }
  let [i, j] = [0, 0];
  while (i < old.length || j < fresh.length) {
    if (i < old.length && j < fresh.length && old[i] === fresh[j]) {
      push(parts, "same", [old[i]]);
      [i, j] = [i + 1, j + 1];
    } else if (i < old.length && (j === fresh.length || common[(i + 1) * wide + j] >= common[i * wide + j + 1])) {
      push(parts, "del", [old[i]]);
      i += 1;
    } else {
      push(parts, "ins", [fresh[j]]);
      j += 1;
    }
  }
}

export function showDiff(place, before, after) {
  const shown = diff(before, after).map(([kind, text]) => {
    if (kind === "same") return visible(text);
    const part = document.createElement(kind);
    part.textContent = visible(text);
    return part;
  });
  place.replaceChildren(...shown);
}
