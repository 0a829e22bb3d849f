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
  const filter = power === 2 ? BILINEAR : BICUBIC;
  const line = { filter, circular };
  const rows = resampleLines(entry.data, 1, fromHeight, height, fromWidth * channels, line);
  const all = resampleLines(rows, height, fromWidth, width, channels, line);
  const data = Float32Array.from(all, (value) => power === 2 ? Math.max(0, value) : value);
  return { shape: [1, height, width, channels], data };
}

/** `[outer, from, inner]` becomes `[outer, to, inner]`. */
function resampleLines(
  values: ArrayLike<number>,
  outer: number,
  from: number,
  to: number,
  inner: number,
  { filter: { reach, weight }, circular }: { filter: Filter; circular: boolean },
): Float64Array {
  const result = new Float64Array(outer * to * inner);
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * from / to - 0.5;
    for (let tap = Math.floor(center) - reach + 1; tap <= Math.floor(center) + reach; tap++) {
      const factor = weight(Math.abs(tap - center));
      const source = circular ? ((tap % from) + from) % from : Math.min(Math.max(tap, 0), from - 1);
      for (let o = 0; o < outer; o++) {
        const [a, b] = [(o * to + i) * inner, (o * from + source) * inner];
        for (let k = 0; k < inner; k++) result[a + k]! += factor * values[b + k]!;
      }
    }
  }
  return result;
}
