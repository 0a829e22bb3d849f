/**
 * Which test files may run at the same time, and their running: several at once first, then one by one
 * those that say "Runs alone: …" in a comment, as they measure seconds or use what exists once.
 *
 * @module
 */

/** Whether a test file wants the machine to itself. */
export const runsAlone = (source: string): boolean => /^( \*|\/\/) Runs alone: /m.test(source);

/**
 * Calls `work` for each item, up to `jobs` at the same time, those that are `alone` afterwards and one by
 * one. The results are in the order of the items.
 */
export async function inTurn<Item, Result>(
  items: readonly Item[],
  { jobs, alone }: { jobs: number; alone: (item: Item) => boolean },
  work: (item: Item, together: boolean) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const all = [...items.entries()];
  const together = jobs > 1 ? all.filter(([, item]) => !alone(item)) : [];
  const single = jobs > 1 ? all.filter(([, item]) => alone(item)) : all;
  const queue = together.values(); // shared: each worker takes what is next
  const worker = async () => {
    for (const [i, item] of queue) results[i] = await work(item, true);
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  for (const [i, item] of single) results[i] = await work(item, false);
  return results;
}
