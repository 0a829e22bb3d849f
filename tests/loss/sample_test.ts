import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { seededRandom } from "../../lib/base/random.ts";
import { samplePositions, takeRows } from "../../lib/loss/sample.ts";
import { useEachEngine } from "../helpers/engines.ts";

Deno.test("samplePositions() takes one of each stretch, none twice", () => {
  for (const [total, count] of [[10, 3], [1000, 64], [7, 6]] as const) {
    const found = samplePositions(total, count, seededRandom(1));
    assertEquals(found.length, count);
    found.forEach((position, i) => {
      assert(position >= Math.floor(i * total / count) && position < (i + 1) * total / count);
      if (i > 0) assert(position > found[i - 1]!);
    });
  }
  assertEquals([...samplePositions(3, 5, seededRandom(1))], [0, 1, 2]);
});

Deno.test("samplePositions() looks everywhere in the end", () => {
  const seen = new Set<number>();
  for (let seed = 0; seed < 200; seed++) {
    for (const position of samplePositions(50, 7, seededRandom(seed))) seen.add(position);
  }
  assertEquals(seen.size, 50);
});

useEachEngine("takeRows() and its gradient touch the rows that are named", async () => {
  const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
  const f = (x: tf.Tensor) =>
    tf.sum(tf.square(takeRows(x as tf.Tensor2D, Int32Array.of(2, 0)))) as tf.Scalar;
  assertEquals([...await takeRows(x, Int32Array.of(2, 0)).data()], [5, 6, 1, 2]);
  assertEquals([...await tf.grad(f)(x).data()], [2, 4, 0, 0, 10, 12]);
});
