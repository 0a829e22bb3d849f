import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  matchMoments,
  mixMoments,
  momentsOf,
  mongeMap,
  noiseLike,
} from "../../lib/picture/moments.ts";
import type { Picture } from "../../lib/picture/picture.ts";
import { product } from "../../lib/picture/symmetric.ts";
import { seededRandom } from "../../lib/base/random.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { noisePicture } from "../helpers/stub.ts";

/** A picture whose colours are correlated and far from the ends of the scale. */
function tinted(seed: number, mean: number[], strength: number): Picture {
  const random = seededRandom(seed);
  const data = new Float32Array(40 * 30 * 3);
  for (let at = 0; at < data.length; at += 3) {
    const [u, v, w] = [random() - 0.5, random() - 0.5, random() - 0.5];
    data[at] = mean[0]! + strength * u;
    data[at + 1] = mean[1]! + strength * (0.7 * u + 0.5 * v);
    data[at + 2] = mean[2]! + strength * (0.2 * w - 0.4 * v);
  }
  return { width: 40, height: 30, data };
}

Deno.test("momentsOf() two colours equals mean and covariance by hand", () => {
  // Means 1, 4, 5; deviations from them ∓1, ±2, 0.
  const { mean, covariance } = momentsOf([0, 6, 5, 2, 2, 5]);
  assertEquals(mean, [1, 4, 5]);
  assertEquals(covariance, [[1, -2, 0], [-2, 4, 0], [0, 0, 0]]);
  assertEquals(momentsOf([0, 6, 5, 2, 2, 5], 3, [1]), { mean: [4], covariance: [[4]] });
});

Deno.test("momentsOf() with weights are those of the positions as often as they count", () => {
  const values = [0, 6, 5, 2, 2, 5];
  const twice = momentsOf([0, 6, 5, 2, 2, 5, 2, 2, 5]);
  const found = momentsOf(values, 3, [0, 1, 2], Float32Array.of(1, 2));
  assertAllClose(found.mean, twice.mean, { rtol: 1e-12 });
  assertAllClose(found.covariance.flat(), twice.covariance.flat(), { rtol: 1e-9, scale: "rms" });
});

Deno.test("mixMoments() in parts of their sizes are the moments of both clouds together", () => {
  const [a, b] = [tinted(1, [90, 120, 150], 60).data, tinted(2, [160, 100, 80], 90).data];
  const both = momentsOf([...a, ...b, ...b]);
  const mixed = mixMoments([momentsOf(a), momentsOf(b)], [1 / 3, 2 / 3]);
  assertAllClose(mixed.mean, both.mean, { rtol: 1e-9 });
  assertAllClose(mixed.covariance.flat(), both.covariance.flat(), { rtol: 1e-6, scale: "rms" });
});

Deno.test("mongeMap() is symmetric and carries one covariance to the other: A Σ A = Σ'", () => {
  const [a, b] = [tinted(1, [90, 120, 150], 60), tinted(2, [160, 100, 80], 90)].map(({ data }) =>
    momentsOf(data)
  ) as [ReturnType<typeof momentsOf>, ReturnType<typeof momentsOf>];
  const { matrix } = mongeMap(a, b);
  const close = { rtol: 1e-9, scale: "rms" } as const;
  assertAllClose(product(product(matrix, a.covariance), matrix).flat(), b.covariance.flat(), close);
  assertAllClose(matrix.flat(), matrix[0]!.flatMap((_, j) => matrix.map((row) => row[j]!)), close);
});

Deno.test("mongeMap() of variances alone divides deviations, by hand", () => {
  // Deviation 2 to 6: times 3; mean 10 to 1: 1 - 3 · 10.
  const map = mongeMap({ mean: [10], covariance: [[4]] }, { mean: [1], covariance: [[36]] });
  assertAllClose([...map.matrix.flat(), ...map.offset], [3, -29], { rtol: 1e-12 });
});

Deno.test("matchMoments() gives the mean and covariance of the other picture", () => {
  const like = tinted(4, [160, 110, 100], 50);
  const matched = momentsOf(matchMoments(tinted(3, [90, 120, 150], 60), like).data);
  const wanted = momentsOf(like.data);
  assertAllClose(matched.mean, wanted.mean, { rtol: 1e-5 });
  assertAllClose(matched.covariance.flat(), wanted.covariance.flat(), { rtol: 1e-3 });
});

Deno.test("matchMoments() of a picture with itself changes nothing", () => {
  const picture = tinted(7, [120, 110, 100], 80);
  assertAllClose(matchMoments(picture, picture).data, picture.data, { rtol: 1e-5 });
});

Deno.test("matchMoments() of a grey picture invents no colour, and of an even one stays even", () => {
  const data = new Float32Array(48).map((_, i) => 100 + Math.floor(i / 3));
  const { data: made } = matchMoments({ width: 4, height: 4, data }, tinted(3, [90, 120, 150], 60));
  // All colours lie on one line through the mean: the third is the first plus a multiple of the step.
  const at = (i: number) => [0, 1, 2].map((j) => made[3 * i + j]! - made[j]!);
  assertAllClose(at(12), at(6).map((x) => 2 * x), { rtol: 1e-3, atol: 1e-3 });
  const even = { width: 1, height: 2, data: new Float32Array(6).fill(7) };
  const wanted = momentsOf(noisePicture(3, 3).data).mean;
  assertAllClose(matchMoments(even, noisePicture(3, 3)).data, [...wanted, ...wanted], {
    rtol: 1e-6,
  });
});

Deno.test("noiseLike() has the picture's mean and covariance, and repeats for a seed", () => {
  const like = tinted(4, [130, 120, 125], 60);
  const size = { width: 120, height: 90 };
  const noise = noiseLike(like, { ...size, seed: 3 });
  const [made, wanted] = [momentsOf(noise.data), momentsOf(like.data)];
  // 10800 samples with deviations of about 17: means are within 0.7 (four standard errors).
  for (const i of [0, 1, 2]) assertAlmostEquals(made.mean[i]!, wanted.mean[i]!, 0.7);
  const scale = { rtol: 0.1, scale: "rms" } as const;
  assertAllClose(made.covariance.flat(), wanted.covariance.flat(), scale);
  assertEquals(noiseLike(like, { ...size, seed: 3 }), noise);
  assertEquals(noiseLike(like, { ...size, seed: 4 }).data[0] === noise.data[0], false);
  assertThrows(() => noiseLike(like, { width: 0, height: 3 }), RangeError, "sides");
});
