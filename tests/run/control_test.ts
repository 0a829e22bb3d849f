import { assert, assertEquals, assertRejects } from "@std/assert";
import { gradientDescent } from "../../lib/optimizers/mod.ts";
import { momentsOf } from "../../lib/picture/moments.ts";
import type { Picture } from "../../lib/picture/picture.ts";
import { turnedSize, turnPicture } from "../../lib/picture/turn.ts";
import { keepColors, withControls } from "../../lib/run/control.ts";
import type { Frame } from "../../lib/run/frame.ts";
import type { StylizeOptions } from "../../lib/run/options.ts";
import { stylize } from "../../lib/run/stylize.ts";
import { noisePicture, stubNetwork } from "../helpers/stub.ts";

/** Soft colours, so that no map leads out of 0–255. */
function soft(width: number, height: number, seed: number): Picture {
  const picture = noisePicture(width, height, seed);
  return { ...picture, data: picture.data.map((value) => 100 + 0.2 * value) };
}

const content = soft(16, 12, 1);
const style = soft(14, 14, 2);
const options: StylizeOptions = {
  content: { picture: content, layers: ["relu2_1"] },
  style: { picture: style, layers: ["relu1_1", "relu2_1"] },
  iterations: 2,
};

function apart(a: Picture, b: Picture): number {
  return Math.max(...a.data.map((value, i) => Math.abs(value - b.data[i]!)));
}

Deno.test("recolor gives the style the content's mean and covariance, to 1e-4", () => {
  const { style: recolored } = withControls({ ...options, keepColor: "recolor" });
  const [found, wanted] = [recolored!.picture, content].map(({ data }) => momentsOf(data));
  found!.mean.forEach((value, i) => assert(Math.abs(value / wanted!.mean[i]! - 1) < 1e-4));
  found!.covariance.flat().forEach((value, i) => {
    const scale = wanted!.covariance[0]![0]!;
    assert(Math.abs(value - wanted!.covariance.flat()[i]!) < 1e-4 * scale);
  });
});

Deno.test("recolouring a picture by itself changes nothing", () => {
  const same = { ...options, style: { picture: content }, keepColor: "recolor" as const };
  assert(apart(withControls(same).style!.picture, content) < 0.01);
});

Deno.test("with lightness alone, a grey style changes no hue", async () => {
  const network = stubNetwork();
  const grey = { ...style, data: style.data.map((_, i) => style.data[i - i % 3]!) };
  const run = { ...options, style: { picture: grey }, start: "content" as const };
  const { picture } = await stylize(network, { ...run, keepColor: "lightness" });
  // OKLab's a and b of the content: painting again with the content's colours changes nothing.
  assert(apart(keepColors(picture, content), picture) < 1);
  const free = await stylize(network, run);
  assert(apart(free.picture, picture) > 1, "without, colours do change");
  network.dispose();
});

Deno.test("a run with controls shows what it returns, and goes on with its own picture", async () => {
  const network = stubNetwork();
  let shown: Picture | undefined;
  const onFrame = ({ picture }: Frame) => void (shown = picture);
  const run = { ...options, keepColor: "lightness" as const, readEvery: 1 };
  const result = await stylize(network, { ...run, onFrame });
  assertEquals(shown!.data, result.picture.data);
  assert(apart(result.checkpoint.picture, result.picture) > 0);
  network.dispose();
});

Deno.test("turning a picture by 90 degrees four times gives it back", () => {
  let turned = content;
  for (let i = 0; i < 4; i++) turned = turnPicture(turned, 90);
  assertEquals([turned.width, turned.height], [16, 12]);
  assert(apart(turned, content) < 1e-3);
  assertEquals(turnedSize({ width: 100, height: 100 }, 45), { width: 142, height: 142 });
});

Deno.test("strokes turned: the picture comes back in the content's size and place", async () => {
  const network = stubNetwork();
  const smooth = { width: 24, height: 16, data: new Float32Array(24 * 16 * 3) };
  smooth.data.forEach((_, i) => smooth.data[i] = 60 + 5 * (Math.floor(i / 3) % 24));
  const still: StylizeOptions = {
    content: { picture: smooth },
    style: { picture: style },
    start: "content",
    iterations: 1,
    optimizer: gradientDescent({ stepSize: 1e-6 }),
  };
  for (const strokeAngle of [90, 30]) {
    const { picture } = await stylize(network, { ...still, strokeAngle });
    assertEquals([picture.width, picture.height], [24, 16]);
    assert(apart(picture, smooth) < 3, `${strokeAngle}: ${apart(picture, smooth)}`);
  }
  const small = await stylize(network, { ...still, strokeAngle: 30, size: 12 });
  assertEquals([small.picture.width, small.picture.height], [12, 8]);
  network.dispose();
});

Deno.test("controls need the pictures that they change", async () => {
  const network = stubNetwork();
  const texture: StylizeOptions = { style: { picture: style } };
  const refuses = (changes: StylizeOptions, message: string) =>
    assertRejects(() => stylize(network, { ...texture, ...changes }), RangeError, message);
  await refuses({ keepColor: "lightness" }, "no content picture");
  await refuses({ strokeAngle: 30 }, "no content to be turned");
  await refuses({ ...options, keepColor: "hue" as never }, "lightness, recolor");
  network.dispose();
});
