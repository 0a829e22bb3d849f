import { assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { sumsOf } from "../../../lib/loss/style/measure.ts";
import { moments } from "../../../lib/loss/style/moments.ts";
import { assertAllClose } from "../../helpers/assert.ts";
import { useEachEngine } from "../../helpers/engines.ts";

const column = (...values: number[]) => tf.tensor4d(values, [1, values.length, 1, 1]);

useEachEngine(
  "moments() of 1, 3 and 2, 2 adds up Gram, mean and deviation by their weights",
  async () => {
    // Mixed 1, 3: G = (1 + 9) / 2 = 5, mean 2, deviation 1. Style 2, 2: G = 4, mean 2, deviation 0
    // (the root of 1e-6). Then 1, 3 against 4, 4: G = 16, mean 4.
    const distance = (
      weights: { gram: number; mean: number; deviation: number },
      style: number,
    ) => {
      const measure = moments(weights);
      return measure.distance(sumsOf(column(1, 3)), measure.describe(sumsOf(column(style, style))));
    };
    const none = { gram: 0, mean: 0, deviation: 0 };
    assertAllClose(await distance({ ...none, gram: 2 }, 2).data(), [2], { rtol: 1e-5 });
    assertAllClose(await distance({ ...none, mean: 3 }, 4).data(), [12], { rtol: 1e-5 });
    assertAllClose(await distance({ ...none, deviation: 5 }, 2).data(), [5], { rtol: 3e-3 });
    // 1e3 (5 - 4)² + 1e4 (2 - 2)² + 1e4 (1 - 0)², with the constants of the paper.
    const measure = moments();
    const both = measure.distance(sumsOf(column(1, 3)), measure.describe(sumsOf(column(2, 2))));
    assertAllClose(await both.data(), [11000], { rtol: 3e-3 });
  },
);

Deno.test("moments() refuses a negative weight", () => {
  const message = "Cannot use moments as deviation must be a number that is not negative";
  assertThrows(() => moments({ deviation: -1 }), RangeError, message);
});
