// One after the other: quick presses mean what they would have meant slowly.
export function turns(failed) {
  let busy = Promise.resolve();
  return (step) => {
    busy = busy.then(step).catch(failed);
    return busy;
  };
}
