// A newer part of a page takes the place of an older one. What somebody has chosen there stays chosen.
let swaps = 0;

export function swap(part, newer) {
  const chosen = [...part.querySelectorAll("select[id]")].map(({ id, value }) => [id, value]);
  part.replaceWith(newer);
  swaps += 1;
  for (const [id, value] of chosen) {
    const options = newer.querySelector(`#${CSS.escape(id)}`)?.options ?? [];
    for (const option of options) if (option.value === value) option.selected = true;
  }
}

// Who asked for a page before another one took its place has an old one now.
export const swapsSoFar = () => swaps;
