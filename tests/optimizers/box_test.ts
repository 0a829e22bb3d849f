import * as tf from "@tensorflow/tfjs";
import { assertEquals } from "@std/assert";
import { along, heldMask, inward } from "../../lib/optimizers/box.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { tensorsLeft } from "../helpers/stub.ts";

/** A picture of one row. */
const row = (values: number[]) => tf.tensor4d(values, [1, 1, values.length / 3, 3]);
const numbers = async (tensor: tf.Tensor) => Array.from(await tensor.data());

useEachEngine("heldMask() holds what is at a bound and pushed outwards", async () => {
  // A step goes against the gradient: at 0 a positive one points outwards, at 255 a negative one.
  const x = row([0, 0, 255, 255, 128, 0.0005, 254.9995, 0.01, 0]);
  const gradient = row([1, -1, -1, 1, 1, 1e-9, -1e9, 1, 0]);
  assertEquals(await numbers(heldMask(x, gradient)), [1, 0, 1, 0, 0, 1, 1, 0, 0]);
});

useEachEngine("inward() stops what would leave the box at once", async () => {
  const x = row([0, 0, 255, 255, 128, 1e-4]);
  const direction = row([-3, 3, 3, -3, 7, -2]);
  // Adding 0 turns the -0 of some engines into 0.
  assertEquals((await numbers(inward(x, direction))).map((v) => v + 0), [0, 3, 0, -3, 7, -2]);
});

useEachEngine("along() follows the path that is clipped", async () => {
  const { point, moving } = along(row([100, 100, 100, 0, 255, 0]), row([10, -60, 80, 1, 1, 0]), 2);
  assertEquals(await numbers(point), [120, 0, 255, 2, 255, 0]);
  assertEquals(await numbers(moving), [1, 0, 0, 1, 0, 1]);
});

useEachEngine("the functions of the box leave their results only", async () => {
  const [x, d] = [row([0, 128, 255]), row([1, -1, 1])];
  assertEquals(await tensorsLeft(() => tf.dispose([heldMask(x, d), inward(x, d)])), 0);
  assertEquals(await tensorsLeft(() => tf.dispose(along(x, d, 1))), 0);
});
