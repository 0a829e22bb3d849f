/** Channels and matrices as pictures: which are chosen, and that colours can be compared. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { featureMaps, matrixPicture, matrixPictures } from "../../lib/display/maps.ts";

await tf.setBackend("cpu");

/** Three channels of 8 × 2: a bright even one, stripes at a fifth of it, and nearly nothing. */
function layer(): tf.Tensor4D {
  const values = Array.from({ length: 16 }, (_, i) => [10, i % 2 === 0 ? 4 : 0, 0.01 * (i % 2)]);
  return tf.tensor4d(values.flat(), [1, 2, 8, 3]);
}

Deno.test("featureMaps() chooses the most active channels, those with edges, or those named", async () => {
  const features = layer();
  const names = async (options: Parameters<typeof featureMaps>[1]) =>
    Object.keys(await featureMaps(features, options));
  assertEquals(await names({ count: 2 }), ["channel 0", "channel 1"]);
  assertEquals(await names({ count: 1, by: "edges" }), ["channel 1"]);
  assertEquals(await names({ channels: [2, 0] }), ["channel 2", "channel 0"]);
  const { "channel 1": stripes } = await featureMaps(features, { channels: [1] });
  assertEquals([...stripes!.data.slice(0, 6)], [255, 255, 255, 0, 0, 0]);
  await assertRejects(() => featureMaps(features, { cont: 2 } as never), TypeError, "count");
  features.dispose();
});

Deno.test("matrixPicture() goes from dark blue to yellow over the roots of the entries", async () => {
  const matrix = tf.tensor2d([[0, 4], [-1, 4]]);
  const { data } = await matrixPicture(matrix);
  const pixels = [0, 1, 2, 3].map((i) => [...data.slice(3 * i, 3 * i + 3)]);
  assertEquals(pixels[0], [0x44, 0x01, 0x54]);
  assertEquals(pixels[1], [0xfd, 0xe7, 0x25]);
  // The root of 1 is half that of 4: in the middle between the fifth and the sixth colour.
  assertEquals(pixels[2], [0x26, 0x82, 0x8e].map((v, c) => (v + [0x1f, 0x9e, 0x89][c]!) / 2));
  matrix.dispose();
});

Deno.test("matrixPictures() shares one scale", async () => {
  const [small, large] = [tf.tensor2d([[1]]), tf.tensor2d([[100]])];
  const pictures = await matrixPictures({ small, large });
  assertEquals([...pictures.large!.data], [0xfd, 0xe7, 0x25]);
  assert(pictures.small!.data[1]! < 0x49, "a tenth of the scale is dark");
  tf.dispose([small, large]);
});
