// How far somebody is, and how fast.
const LATELY = 300_000;
const FEWEST = 2;

export function pace({ total, release }) {
  // When each was decided that has a decision now.
  const decided = new Map();
  // Of the queue, and of this person before this page was opened.
  let [others, mine] = [0, null];

  function rate() {
    const lately = [...decided.values()].filter((moment) => moment > Date.now() - LATELY);
    if (lately.length < FEWEST) return "";
    return `${Math.round((60_000 * lately.length) / Math.max(1000, Date.now() - Math.min(...lately)))} a minute`;
  }

  return {
    see(data) {
      if (data.decided !== undefined) others = Number(data.decided);
      if (data.mine !== undefined) mine ??= Number(data.mine);
    },
    decide(item, status) {
      if (status === "needs_review") decided.delete(item);
      else if (status) decided.set(item, Date.now());
    },
    show() {
      const count = decided.size + (mine ?? 0);
      const of = Number(total).toLocaleString("en");
      const beside = [rate(), release && `${others.toLocaleString("en")} decided by all`].filter(Boolean);
      document.getElementById("progress").textContent = `${count.toLocaleString("en")} of ${of}`;
      document.getElementById("rate").textContent = beside.map((text) => ` · ${text}`).join("");
      document.getElementById("meter").value = count;
    },
  };
}
