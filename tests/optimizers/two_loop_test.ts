import * as tf from "@tensorflow/tfjs";
import { assertEquals } from "@std/assert";
import { findDirection, twoLoop } from "../../lib/optimizers/two_loop.ts";
import { seededRandom } from "../../lib/base/random.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { denseDirection, dot, type Vector } from "../helpers/dense_bfgs.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { tensorsLeft } from "../helpers/stub.ts";

type Pair = { s: Vector; y: Vector };

const random = seededRandom(5);
const vector = (n: number) => Array.from({ length: n }, () => random() - 0.5);

/** The direction of `twoLoop()` as a vector. */
function direction(pairs: Pair[], g: Vector, plain = 1): Vector {
  const vectors = [...pairs.flatMap(({ s, y }) => [s, y]), g];
  const dots = vectors.flatMap((a) => vectors.map((b) => dot(a, b)));
  const { coefficients } = twoLoop(dots, plain);
  return g.map((_, i) => vectors.reduce((sum, v, j) => sum + coefficients[j]! * v[i]!, 0));
}

/** Steps over a quadratic whose Hessian is diagonal, and the changes of its gradient. */
function pairsOf(curvature: Vector, count: number): Pair[] {
  return Array.from({ length: count }, () => {
    const s = vector(curvature.length);
    return { s, y: s.map((value, i) => value * curvature[i]!) };
  });
}

Deno.test("twoLoop() without pairs is plain descent", () => {
  assertEquals(direction([], [1, -2], 3), [-3, 6]);
});

Deno.test("twoLoop() of one pair by hand", () => {
  // s = (1, 0), y = (2, 0), g = (4, 6): s·y = 2, y·y = 4, gamma = 1/2. q = -g, alpha = -4/2 = -2,
  // q = (-4 + 4, -6) = (0, -6); r = (0, -3), beta = 0; r + s (alpha - beta) = (-2, -3).
  assertAllClose(direction([{ s: [1, 0], y: [2, 0] }], [4, 6]), [-2, -3], { rtol: 1e-15 });
});

Deno.test("twoLoop() gives the direction of the dense inverse Hessian", () => {
  const curvature = Array.from({ length: 9 }, (_, i) => 10 ** (i / 2));
  for (const count of [1, 2, 5, 12]) {
    const pairs = pairsOf(curvature, count);
    const g = vector(9);
    const expected = denseDirection(pairs, g);
    assertAllClose(direction(pairs, g), expected, { rtol: 1e-9, scale: "rms" });
  }
});

Deno.test("twoLoop() maps the last change of the gradient to the last step", () => {
  // The secant equation H y = s, which every BFGS update satisfies.
  const pairs = pairsOf([1, 10, 100, 3, 30], 4);
  const { s, y } = pairs[3]!;
  assertAllClose(direction(pairs, y), s.map((value) => -value), { rtol: 1e-9 });
});

Deno.test("twoLoop() leaves out pairs without positive curvature", () => {
  const good = pairsOf([1, 2, 3, 4], 2);
  const s = vector(4);
  const bad = [
    { s, y: s.map((value) => -value) },
    { s, y: [0, 0, 0, 0] },
    { s: [0, 0, 0, 0], y: s },
    { s: [1, 0, 0, 0], y: [1e-9, 1, 0, 0] },
  ];
  const g = vector(4);
  const expected = direction(good, g);
  for (const pair of bad) {
    assertEquals(direction([good[0]!, pair, good[1]!], g), expected);
    assertEquals(direction([good[0]!, good[1]!, pair], g), expected);
    assertEquals(direction([pair], g, 2), g.map((value) => -2 * value));
  }
});

const picture = (values: Vector) => tf.tensor4d(values, [1, 1, values.length / 3, 3]);

useEachEngine(
  "findDirection() goes the dense way with the variables that are not held",
  async () => {
    // The first is held and almost at the bound, the second held at it.
    const x = picture([254.9995, 255, 128, 10, 200, 255]);
    const g = [-1, -2, 3, -0.5, 0.25, 4];
    const pairs: Pair[] = [
      { s: [9, -9, 1, 2, 3, 4], y: [5, 5, 2, 1, 3, 9] },
      { s: [1, 1, -2, 0, 1, -3], y: [8, -8, -3, 1, 1, -5] },
    ];
    const free = (v: Vector) => v.slice(2);
    const dense = denseDirection(pairs.map(({ s, y }) => ({ s: free(s), y: free(y) })), free(g));
    // The last is at a bound, so it stays unless its direction leads inwards; here it does: g > 0.
    assertEquals(dense[3]! < 0, true);
    const [s, y] = [free(pairs[1]!.s), free(pairs[1]!.y)];
    const gamma = dot(s, y) / dot(y, y);

    const tensors = pairs.map(({ s, y }) => ({ s: picture(s), y: picture(y) }));
    const gradient = picture(g);
    let direction: Vector = [];
    const left = await tensorsLeft(async () => {
      const found = (await findDirection(x, gradient, tensors, 10))!;
      direction = Array.from(await found.data());
      found.dispose();
    });
    assertAllClose(direction, [gamma, 0, ...dense], { rtol: 1e-5 });
    assertEquals(left, 0);
  },
);

useEachEngine("findDirection() without pairs goes stepSize per root mean square", async () => {
  // rms = √((9 + 16 + 0) / 3); nothing is held.
  const found = await findDirection(picture([1, 2, 3]), picture([3, -4, 0]), [], 10);
  const scale = 10 / Math.sqrt(25 / 3);
  assertAllClose(await found!.data(), [-3 * scale, 4 * scale, 0], { rtol: 1e-6, atol: 1e-6 });
});

useEachEngine("findDirection() finds none where all is held, flat or not finite", async () => {
  const corner = picture([0, 255, 255]);
  assertEquals(await findDirection(corner, picture([1, -1, -1]), [], 10), undefined);
  assertEquals(await findDirection(corner, picture([0, 0, 0]), [], 10), undefined);
  assertEquals(await findDirection(corner, picture([NaN, 1, 1]), [], 10), undefined);
});
