// What is decided about an answer, as the server takes it.
import { ask, fields } from "./server.js";

// What is sent is settled now. When it is sent, what was decided before has been.
export function saving(item, values) {
  const change = JSON.stringify(asChange(item.values, values));
  return async () => {
    if (item.withdraw && values.status === "needs_review") {
      await ask(item.withdraw, fields());
      return;
    }
    const given = { change };
    if (values.status) given.submits = "1";
    if (!item.withdraw) given.version = item.version;
    const answer = await ask(item.here, fields(given));
    item.version = (await answer.json()).version;
    item.skipped = false;
  };
}

function asChange(had, { tags, ...values }) {
  if (!tags) return values;
  return {
    ...values,
    add_tags: tags.filter((tag) => !had.tags.includes(tag)),
    remove_tags: had.tags.filter((tag) => !tags.includes(tag)),
  };
}
