/**
 * What an optimizer remembers, for a picture of another size. A run from coarse to fine carries it over
 * as crowsonkb's style-transfer-pytorch does: what follows the gradient bicubic, means of squares
 * bilinear and not below 0. Sizes of gradients are left as they are.
 *
 * @module
 */
import { cannot, describe } from "../base/check.ts";
import type { OptimizerState } from "./optimizer.ts";

type Entry = OptimizerState[string];

/** Weights by the distance in old pixels; `reach` is where they end. */
type Filter = { reach: number; weight: (distance: number) => number };

const BILINEAR: Filter = { reach: 1, weight: (x) => 1 - x };

/** The free parameter of the cubic, PyTorch's (Keys 1981, IEEE Trans. ASSP 29(6), equation 4: -0.5). */
const A = -0.75;
const BICUBIC: Filter = {
  reach: 2,
  weight: (x) =>
    x <= 1 ? ((A + 2) * x - (A + 3)) * x * x + 1 : ((A * x - 5 * A) * x + 8 * A) * x - 4 * A,
};

/**
 * A moment `[1, H, W, C]` at another size: bicubic, or bilinear and not below 0 where squares of
 * gradients went into it. Pixels beyond the border are those at the border, and nothing is smoothed
 * when it shrinks: as `torch.nn.functional.interpolate`.
 *
 * @param power how often the gradient is a factor of it
 * @param circular pixels beyond the border are those of the far side instead
 */
export function resizeEntry(
  entry: Entry,
  height: number,
  width: number,
  power: number,
  circular = false,
): Entry {
  const [batch, fromHeight, fromWidth, channels] = entry.shape;
  if (entry.shape.length !== 4 || batch !== 1 || !fromHeight || !fromWidth || !channels) {
    const rule = "its shape must be that of a picture";
    throw new RangeError(cannot("resize a moment", rule, describe(entry.shape)));
  }
  const line = { filter: power === 2 ? BILINEAR : BICUBIC, circular };
  // Row by row: a large picture in double precision would take twice its room.
  const [narrow, wide] = [fromWidth, width].map((width) => new Float64Array(width * channels));
  const data = new Float32Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    resampleAt(y, entry.data, [fromHeight, height], narrow!, 0, narrow!.length, line);
    for (let x = 0; x < width; x++) {
      resampleAt(x, narrow!, [fromWidth, width], wide!, x * channels, channels, line);
    }
    if (power === 2) wide!.forEach((value, i) => wide![i] = Math.max(0, value));
    data.set(wide!, y * wide!.length);
  }
  return { shape: [1, height, width, channels], data };
}

/** One of `to` lines, of `inner` numbers each, from `from` lines: written into `target` from `start`. */
function resampleAt(
  i: number,
  values: ArrayLike<number>,
  [from, to]: [number, number],
  target: Float64Array,
  start: number,
  inner: number,
  { filter: { reach, weight }, circular }: { filter: Filter; circular: boolean },
): void {
  target.fill(0, start, start + inner);
  const center = (i + 0.5) * from / to - 0.5;
  for (let tap = Math.floor(center) - reach + 1; tap <= Math.floor(center) + reach; tap++) {
    const factor = weight(Math.abs(tap - center));
    const source = circular ? ((tap % from) + from) % from : Math.min(Math.max(tap, 0), from - 1);
    const first = source * inner;
    for (let k = 0; k < inner; k++) target[start + k]! += factor * values[first + k]!;
  }
}
