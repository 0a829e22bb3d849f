import { assert, assertEquals } from "@std/assert";
import { BufferPool } from "../../../lib/engine/native/buffers.ts";
import { Lanes } from "../../../lib/engine/native/lanes.ts";
import { Operations } from "../../../lib/engine/native/operations.ts";
import { loadRuntime } from "../../../lib/engine/native/ort.ts";
import { partOf, partsOf } from "../../../lib/engine/native/parts.ts";
import { winogradConvolution } from "../../../lib/engine/native/winograd.ts";
import { transformFilter } from "../../../lib/engine/native/winograd_filters.ts";

type Bands = { firstBand: number; endBand: number };
type Tiles = { firstTile: number; endTile: number };

/** What a convolution of 16 channels on so many threads is cut into; nothing is computed. */
async function partsFor<Part>(side: number, channels: number, threads: number) {
  const runtime = await loadRuntime(1);
  const lanes = new Lanes(1);
  const operations = new Operations(runtime, new BufferPool(), undefined, {
    lanes,
    alone: runtime,
  });
  const numbers = new Float32Array(9 * channels ** 2);
  const filter = transformFilter(operations, numbers, [3, 3, channels, channels]);
  let found: { bands: number; parts: Part[] } | undefined;
  Object.defineProperty(lanes, "ready", { value: threads });
  lanes.run = (_name, _own, task, parts) => {
    found = { ...task as { bands: number }, parts: parts as unknown as Part[] };
  };
  const x = operations.take(channels, side, side);
  winogradConvolution(operations, x, filter, operations.take(channels, side, side), {});
  return found!;
}

for (
  const [side, channels, threads] of [[150, 128, 2], [75, 256, 2], [300, 64, 2], [150, 128, 3]]
) {
  Deno.test(`${threads} threads get as many of ${side} rows of ${channels} channels`, async () => {
    const { bands, parts } = await partsFor<Bands>(side!, channels!, threads!);
    const down = Math.ceil(side! / 4);
    const rows = partsOf(parts.length, threads!).map(([first, end]) => {
      const [start] = partOf(down, bands, parts[first]!.firstBand);
      const [, stop] = partOf(down, bands, parts[end - 1]!.endBand - 1);
      return stop - start;
    });
    assertEquals(rows.reduce((a, b) => a + b), down);
    assert(Math.max(...rows) - Math.min(...rows) <= 1, `rows of tiles: ${rows}`);
  });
}

Deno.test("one block of tiles more is not for the thread that has more to do", async () => {
  const { parts } = await partsFor<Tiles>(38, 64, 2);
  assertEquals(parts.map(({ firstTile, endTile }) => [firstTile, endTile]), [[0, 48], [48, 100]]);
});
