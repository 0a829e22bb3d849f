import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import {
  type LineSearchOptions,
  type Sample,
  strongWolfe,
} from "../../lib/optimizers/line_search.ts";

type Phi = (t: number) => Sample;

/** Searches along `phi` and records the steps that were evaluated. */
async function search(phi: Phi, options?: LineSearchOptions) {
  const steps: number[] = [];
  const found = await strongWolfe(
    (t) => {
      steps.push(t);
      return Promise.resolve(phi(t));
    },
    phi(0),
    options,
  );
  return { found, steps };
}

/** `(t - bottom)²`. */
const parabola = (bottom: number): Phi => (t) => ({
  value: (t - bottom) ** 2,
  slope: 2 * (t - bottom),
});

// Moré, Thuente 1994, Line search algorithms with guaranteed sufficient decrease, ACM TOMS 20(3),
// eq. 5.1 to 5.3.
const MORE_THUENTE: Phi[] = [
  (t) => ({ value: -t / (t * t + 2), slope: (t * t - 2) / (t * t + 2) ** 2 }),
  (t) => {
    const u = t + 0.004;
    return { value: u ** 5 - 2 * u ** 4, slope: 5 * u ** 4 - 8 * u ** 3 };
  },
  (t) => {
    const [beta, l] = [0.01, 39];
    const base = t <= 1 - beta
      ? 1 - t
      : t >= 1 + beta
      ? t - 1
      : (t - 1) ** 2 / (2 * beta) + beta / 2;
    const slope = t <= 1 - beta ? -1 : t >= 1 + beta ? 1 : (t - 1) / beta;
    const wave = l * Math.PI / 2;
    return {
      value: base + (1 - beta) / wave * Math.sin(wave * t),
      slope: slope + (1 - beta) * Math.cos(wave * t),
    };
  },
];

Deno.test("strongWolfe() takes the first step when it is good", async () => {
  // φ(0) = 4, φ'(0) = -4; φ(1) = 1 <= 4 - 1e-4·4 and |φ'(1)| = 2 <= 0.9·4.
  const { found, steps } = await search(parabola(2));
  assertEquals(found, { step: 1, sample: { value: 1, slope: -2 }, strong: true });
  assertEquals(steps, [1]);
});

Deno.test("strongWolfe() finds the bottom of a parabola, near and far, within a few steps", async () => {
  for (const bottom of [1e-3, 0.1, 0.9, 3, 40, 1e3]) {
    const { found, steps } = await search(parabola(bottom), { c2: 0.01 });
    assert(found?.strong, `bottom at ${bottom}`);
    assertAlmostEquals(found.step / bottom, 1, 0.01);
    assert(steps.length <= 6, `bottom at ${bottom} took the steps ${steps}`);
  }
});

for (const [i, phi] of MORE_THUENTE.entries()) {
  Deno.test(`strongWolfe() satisfies both conditions on Moré and Thuente's function ${i + 1}`, async () => {
    for (const first of [1e-3, 1e-1, 1, 10, 1e3]) {
      const [c1, c2] = [1e-3, 0.1];
      const { found, steps } = await search(phi, { first, c1, c2, noise: 1e-14 });
      assert(found?.strong, `from ${first}: ${JSON.stringify(found)}`);
      const { value, slope } = phi(found.step);
      assert(value <= phi(0).value + c1 * found.step * phi(0).slope, `decrease from ${first}`);
      assert(Math.abs(slope) <= c2 * Math.abs(phi(0).slope), `slope from ${first}`);
      assertEquals(new Set(steps).size, steps.length, "no step is evaluated twice");
    }
  });
}

Deno.test("strongWolfe() finds nothing uphill, and nothing where φ does not fall", async () => {
  const uphill = await search(parabola(-1));
  assertEquals([uphill.found, uphill.steps], [undefined, [1]]);
  const lying = await search((t) => ({ value: t, slope: -1 }), { evaluations: 7 });
  assertEquals([lying.found, lying.steps.length], [undefined, 7]);
  const { found } = await search(() => ({ value: NaN, slope: NaN }));
  assertEquals(found, undefined);
});

Deno.test("strongWolfe() backs off from values that are not finite", async () => {
  const phi: Phi = (t) => t > 0.01 ? { value: NaN, slope: NaN } : parabola(0.008)(t);
  const { found } = await search(phi);
  assert(found?.strong);
  assertAlmostEquals(found.step, 0.008, 0.0075);
});

Deno.test("strongWolfe() settles for the decrease where a kink leaves no flat place", async () => {
  const kink: Phi = (t) => ({ value: Math.abs(t - 0.3), slope: t < 0.3 ? -1 : 1 });
  const { found, steps } = await search(kink, { evaluations: 12 });
  assertEquals(found?.strong, false);
  assertAlmostEquals(found!.step, 0.3, 0.01);
  assertEquals(steps.length, 12);
});

Deno.test("strongWolfe() goes by the slope where the decrease drowns in rounding", async () => {
  // In float32, 1e-9 is nothing beside 1, but the slopes are good.
  const phi: Phi = (t) => ({ value: Math.fround(1 + 1e-9 * (t - 3) ** 2), slope: 2e-9 * (t - 3) });
  assertEquals((await search(phi)).found, undefined);
  const { found } = await search(phi, { noise: 1e-7, c2: 0.1 });
  assert(found?.strong);
  assertAlmostEquals(found.step, 3, 0.31);
});

Deno.test("strongWolfe() passes on what φ throws, and what the start throws", async () => {
  const broken = () => Promise.reject(new Error("from φ"));
  await assertRejects(() => strongWolfe(broken, { value: 1, slope: -1 }), Error, "from φ");
  const fine = () => Promise.resolve({ value: 0, slope: 0 });
  await assertRejects(() => strongWolfe(fine, Promise.reject(new Error("start"))), Error, "start");
});
