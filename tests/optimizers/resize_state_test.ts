import { assert, assertEquals, assertThrows } from "@std/assert";
import { adam, type Evaluate, lbfgs, OPTIMIZERS } from "../../lib/optimizers/mod.ts";
import { resizeEntry } from "../../lib/optimizers/resize_state.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { descend } from "../helpers/optimizer_runs.ts";
import { bowl } from "../helpers/lbfgs_problems.ts";

/** A bowl for a picture of any size. */
const flat = (pixels: number): Evaluate => bowl(new Array(3 * pixels).fill(60), [2]);
const gray = (pixels: number) => new Array(3 * pixels).fill(128);

Deno.test("a constant stays a constant, at any size and by either filter", () => {
  const entry = { shape: [1, 3, 4, 3], data: new Float32Array(36).fill(7) };
  for (const power of [0, 1, 2]) {
    for (const [height, width] of [[5, 9], [2, 2], [3, 4]] as const) {
      const resized = resizeEntry(entry, height, width, power);
      assertAllClose(resized.data, new Array(height * width * 3).fill(7), { rtol: 1e-6 });
    }
  }
});

Deno.test("a mean of squares stays between its neighbours where a mean of gradients overshoots", () => {
  const data = Float32Array.of(0, 0, 0, 100, 100, 100);
  const entry = { shape: [1, 1, 6, 1], data };
  const [first, second] = [1, 2].map((power) => resizeEntry(entry, 1, 12, power).data);
  assert(Math.min(...first!) < -1 && Math.max(...first!) > 101);
  assert(Math.min(...second!) === 0 && Math.max(...second!) === 100);
});

Deno.test("what is no picture is not resized", () => {
  const entry = { shape: [4], data: new Float32Array(4) };
  assertThrows(() => resizeEntry(entry, 2, 2, 1), RangeError, "Cannot resize a moment");
});

useEachEngine("adam goes on at another size with its moments and its count", async () => {
  const small = { evaluate: flat(6), from: gray(6), shape: [1, 2, 3, 3] as never };
  const { state, path } = await descend(adam(), 5, small);
  const resized = adam().resize!(state, 4, 6);
  assertEquals(resized.first!.shape, [1, 4, 6, 3]);
  assertEquals(resized.iteration, state.iteration);
  const value = path.at(-1)![0]!;
  const large = { evaluate: flat(24), from: gray(24).fill(value), shape: [1, 4, 6, 3] as never };
  const next = await descend(adam(), 3, { ...large, state: resized });
  const whole = await descend(adam(), 8, small);
  assertAllClose([next.path.at(-1)![0]!], [whole.path.at(-1)![0]!], { rtol: 1e-5 });
});

useEachEngine("lbfgs keeps the length of its last step, and nothing else", async () => {
  const small = { evaluate: flat(6), from: gray(6), shape: [1, 2, 3, 3] as never };
  const { state, path } = await descend(lbfgs({ stepSize: 4 }), 1, small);
  const moved = Math.abs(path[1]![0]! - 128);
  const resized = lbfgs().resize!(state, 4, 6);
  assertEquals(Object.keys(resized), ["stepSize"]);
  assertAllClose(resized.stepSize!.data, [moved], { rtol: 1e-5 });
  const large = { evaluate: flat(24), from: gray(24), shape: [1, 4, 6, 3] as never };
  const next = await descend(lbfgs({ stepSize: 1 }), 1, { ...large, state: resized });
  assertAllClose([128 - next.path[1]![0]!], [moved], { rtol: 1e-5 });
  assertEquals(lbfgs().resize!(resized, 8, 8), resized);
});

useEachEngine("every optimizer goes on at another size", async () => {
  for (const make of Object.values(OPTIMIZERS)) {
    const small = { evaluate: flat(6), from: gray(6), shape: [1, 2, 3, 3] as never };
    const { state } = await descend(make({}), 3, small);
    const resized = make({}).resize?.(state, 4, 6) ?? {};
    const large = { evaluate: flat(24), from: gray(24), shape: [1, 4, 6, 3] as never };
    const before = (await descend(make({}), 0, large)).loss;
    const { loss } = await descend(make({}), 3, { ...large, state: resized });
    assert(loss < before);
  }
});
