import { apply, product, spectral } from "../../lib/picture/symmetric.ts";
import { seededRandom } from "../../lib/base/random.ts";
import { assertAllClose } from "../helpers/assert.ts";

Deno.test("spectral() takes a function of the eigenvalues", () => {
  assertAllClose(spectral([[4, 0], [0, 9]], Math.sqrt).flat(), [2, 0, 0, 3], { rtol: 1e-14 });
  // [[2, 1], [1, 2]] has eigenvalue 3 along (1, 1) and 1 along (1, -1); squares: [[5, 4], [4, 5]].
  const squared = spectral([[2, 1], [1, 2]], (x) => x * x);
  assertAllClose(squared.flat(), [5, 4, 4, 5], { rtol: 1e-14 });
});

Deno.test("spectral() of sizes 1 to 5: the square of the root is the matrix, the identity its own", () => {
  const random = seededRandom(5);
  for (let n = 1; n <= 5; n++) {
    const b = Array.from({ length: n }, () => Array.from({ length: n }, () => random() - 0.5));
    const a = product(b, b[0]!.map((_, j) => b.map((row) => row[j]!))); // b bᵀ
    const root = spectral(a, (x) => Math.sqrt(Math.max(0, x)));
    const close = { rtol: 1e-9, scale: "rms" } as const;
    assertAllClose(product(root, root).flat(), a.flat(), close);
    assertAllClose(spectral(a, (x) => x).flat(), a.flat(), close);
  }
});

Deno.test("product() and apply() by hand", () => {
  assertAllClose(product([[1, 2], [3, 4]], [[0, 1], [1, 0]]).flat(), [2, 1, 4, 3], { rtol: 0 });
  assertAllClose(apply([[1, 2], [3, 4]], [10, 1]), [12, 34], { rtol: 0 });
});
