import * as tf from "@tensorflow/tfjs";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { seededRandom, uniformNoise } from "../../lib/base/random.ts";
import {
  cosineDistances,
  euclideanDistances,
  momentDistance,
  momentsOfRows,
  relaxedEarthMover,
} from "../../lib/loss/earth_mover.ts";
import { selfSimilarityDistance } from "../../lib/loss/self_similarity.ts";
import { unitRows } from "../../lib/loss/hypercolumns.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { slopeError } from "../helpers/finite_differences.ts";
import { tensorsLeft } from "../helpers/stub.ts";

const noise = (n: number, c: number, seed: number, size = 1) =>
  tf.tensor2d(uniformNoise(n * c, -size, size, seededRandom(seed)), [n, c]);
const numberOf = async (scalar: tf.Tensor) => (await scalar.data())[0]!;
const unit = (x: tf.Tensor2D) => unitRows([x])[0]!;

useEachEngine("cosineDistances() and euclideanDistances() by hand", async () => {
  const [a, b] = [tf.tensor2d([[1, 0], [0.6, 0.8]]), tf.tensor2d([[0, 1]])];
  assertAllClose(await cosineDistances(a, b).data(), [1, 0.2], { rtol: 1e-6 });
  // From (0, 1) to (1, 0): √2; to (3, 5): 3-4-5.
  const c = tf.tensor2d([[1, 0], [3, 5]]);
  assertAllClose(await euclideanDistances(c, b).data(), [Math.SQRT2, 5], { rtol: 1e-5 });
});

useEachEngine(
  "relaxedEarthMover() is the greater of two means of least distances, by hand",
  async () => {
    // Least of rows: 1, 0 -> 1/2. Least of columns: 1, 0, 3 -> 4/3.
    const distances = tf.tensor2d([[1, 4, 5], [2, 0, 3]]);
    assertAllClose([await numberOf(relaxedEarthMover(distances))], [4 / 3], { rtol: 1e-6 });
    const turned = tf.transpose(distances);
    assertAllClose([await numberOf(relaxedEarthMover(turned))], [4 / 3], { rtol: 1e-6 });
    // Its gradient: a third for each column's least.
    const gradient = tf.grad((x: tf.Tensor) => relaxedEarthMover(x as tf.Tensor2D))(distances);
    const third = 1 / 3;
    assertAllClose(await gradient.data(), [third, 0, 0, 0, third, third], { rtol: 1e-6 });
  },
);

useEachEngine("relaxedEarthMover() of a set and its permutation is 0", async () => {
  const x = unit(noise(12, 5, 1));
  const shuffled = tf.gather(x, Array.from({ length: 12 }, (_, i) => (5 * i + 3) % 12));
  const value = await numberOf(relaxedEarthMover(cosineDistances(x, shuffled)));
  assertAlmostEquals(value, 0, 1e-6);
});

useEachEngine("momentDistance() by hand, and 0 for shuffled rows", async () => {
  // Rows (0, 0), (2, 4): mean (1, 2), covariance [[1, 2], [2, 4]]. Against mean 0 and covariance 0:
  // (1 + 2) / 2 + (1 + 2 + 2 + 4) / 4.
  const none = {
    mean: tf.zeros([1, 2]) as tf.Tensor2D,
    covariance: tf.zeros([2, 2]) as tf.Tensor2D,
  };
  const value = await numberOf(momentDistance(tf.tensor2d([[0, 0], [2, 4]]), none));
  assertAllClose([value], [3.75], { rtol: 1e-6 });
  const x = noise(12, 5, 1);
  const shuffled = tf.gather(x, Array.from({ length: 12 }, (_, i) => (5 * i + 3) % 12));
  assertAlmostEquals(await numberOf(momentDistance(shuffled, momentsOfRows(x))), 0, 1e-6);
});

useEachEngine(
  "selfSimilarityDistance() is 0 for the same places, turned in the space of features",
  async () => {
    const x = noise(10, 3, 1);
    const turn = tf.tensor2d([[0, 1, 0], [0, 0, 1], [1, 0, 0]]);
    const same = await numberOf(selfSimilarityDistance(unit(x), unit(tf.matMul(x, turn))));
    assertAlmostEquals(same, 0, 1e-5);
    const other = await numberOf(selfSimilarityDistance(unit(x), unit(noise(10, 3, 2))));
    assert(other > 0.1, `${other}`);
  },
);

useEachEngine("selfSimilarityDistance() by hand: three places, two alike", async () => {
  // Distances of (1,0), (1,0), (0,1): columns (0,0,1), (0,0,1), (1,1,0), each over its sum: 1, 1, 2.
  // Of (1,0), (0,1), (0,1): (0,1,1)/2, (1,0,0), (1,0,0). Differences: 1/2+1/2... by column
  // |0-0| |0-.5| |1-.5| = 1; |0-1| 0 |1-0| = 2; |.5-1| |.5-0| 0 = 1; in all 4, times 3 / 9.
  const [a, b] = [tf.tensor2d([[1, 0], [1, 0], [0, 1]]), tf.tensor2d([[1, 0], [0, 1], [0, 1]])];
  assertAllClose([await numberOf(selfSimilarityDistance(a, b))], [4 / 3], { rtol: 1e-5 });
});

useEachEngine("all distances have the slope of their gradients", async () => {
  const [other, moments] = [noise(9, 5, 2), momentsOfRows(noise(9, 5, 3, 100))];
  const rows = (x: tf.Tensor4D) => tf.reshape(x, [-1, 5]) as tf.Tensor2D;
  const values: Record<string, (x: tf.Tensor4D) => tf.Scalar> = {
    cosine: (x) => relaxedEarthMover(cosineDistances(unit(rows(x)), unit(other))),
    euclid: (x) => relaxedEarthMover(euclideanDistances(rows(x), other)),
    moments: (x) => momentDistance(rows(x), moments),
    selfSimilarity: (x) => selfSimilarityDistance(unit(rows(x)), unit(other)),
  };
  for (const [name, value] of Object.entries(values)) {
    const error = await slopeError(value, tf.reshape(noise(9, 5, 4, 100), [1, 3, 3, 5]));
    assert(error < 1e-2, `${name}: ${error}`);
  }
});

useEachEngine("the distances leave their results only", async () => {
  const [x, other] = [noise(9, 5, 4), noise(9, 5, 2)];
  const moments = momentsOfRows(other);
  const all = (x: tf.Tensor2D) =>
    tf.addN([
      relaxedEarthMover(cosineDistances(unit(x), unit(other))),
      relaxedEarthMover(euclideanDistances(x, other)),
      momentDistance(x, moments),
      selfSimilarityDistance(unit(x), unit(other)),
    ]);
  const left = await tensorsLeft(() => {
    tf.tidy(() => tf.grad((x: tf.Tensor) => all(x as tf.Tensor2D))(x)).dispose();
  });
  assertEquals(left, 0);
});
