/**
 * Many runs, one after the other, with a bar that says how many are done and how long the rest will take.
 *
 * @module
 */
import { inKernel } from "../base/notebook.ts";
import { checkOptions } from "../base/check.ts";
import { clock, duration, escapeXml, shortNumber } from "../base/words.ts";
import { drawBar } from "./counter.ts";
import { type Bundle, publish, type Publisher } from "./publish.ts";

/** How {@link sweep} shows what it does. */
export type SweepOptions<Item> = {
  /** What an item is called. @default its text, or its number */
  name?: (item: Item, index: number) => string;
  /** Takes the place of the notebook's page. */
  publisher?: Publisher;
};

/**
 * Runs something for each item, one after the other, and ends early when a result says that it was
 * stopped. The results that there are, that of the stopped run among them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sweep } from "stylebook";
 *
 * const results = await sweep([1, 2, 3], (n) => Promise.resolve({ n, stopped: n === 2 }), {
 *   publisher: () => Promise.resolve(),
 * });
 * assertEquals(results.map(({ n }) => n), [1, 2]);
 * ```
 */
export async function sweep<Item, Outcome extends { stopped?: boolean }>(
  items: Iterable<Item>,
  run: (item: Item, index: number) => Promise<Outcome>,
  options: SweepOptions<Item> = {},
): Promise<Outcome[]> {
  checkOptions("sweep", options, ["name", "publisher"]);
  const all = [...items];
  const { publisher = publish } = options;
  const { name = (item, i) => typeof item === "object" ? `run ${i + 1}` : String(item) } = options;
  const silent = publisher === publish && !inKernel();
  const displayId = crypto.randomUUID();
  const began = performance.now();
  const results: Outcome[] = [];
  const show = async (words: string, part: number) => {
    const line = `${results.length} of ${all.length} runs · ${words}`;
    const bundle: Bundle = {
      "text/html": `<div style="max-width: 640px; font-size: 13px">${drawBar(part)}` +
        `<span>${escapeXml(line)}</span></div>`,
      "text/plain": line,
    };
    const there = results.length > 0;
    if (!silent) await publisher(bundle, { displayId, update: there });
  };
  for (const [i, item] of all.entries()) {
    const seconds = (performance.now() - began) / 1000;
    const left = i === 0 ? "" : ` · ${clock(seconds / i * (all.length - i))} left`;
    await show(`now ${name(item, i)}${left}`, i / all.length);
    const result = await run(item, i);
    results.push(result);
    if (result.stopped) break;
  }
  const seconds = (performance.now() - began) / 1000;
  const stopped = results.at(-1)?.stopped ?? false;
  const pace = `${shortNumber(seconds / Math.max(1, results.length), 2)} s each`;
  await show(
    `${stopped ? "stopped" : pace} · ${duration(seconds)} in all`,
    stopped ? results.length / all.length : 1,
  );
  return results;
}
