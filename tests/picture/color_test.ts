import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { converter } from "culori";
import { fromOklab, paintColors, toOklab } from "../../lib/picture/color.ts";
import { momentsOf } from "../../lib/picture/moments.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { noisePicture } from "../helpers/stub.ts";

const witness = converter("oklab");

Deno.test("toOklab() equals culori's on 400 colours", () => {
  const picture = noisePicture(20, 20);
  const expected: number[] = [];
  for (let at = 0; at < picture.data.length; at += 3) {
    const [r, g, b] = [...picture.data.subarray(at, at + 3)].map((v) => v / 255);
    const { l, a, b: yellow } = witness({ mode: "rgb", r: r!, g: g!, b: b! });
    expected.push(l, a, yellow);
  }
  assertAllClose(toOklab(picture), expected, { rtol: 0, atol: 2e-6 });
});

Deno.test("toOklab() gives grey no colour, and its lightness is the cube root of its light", () => {
  // Level 188 is 0.5029 of white's light: ((188/255 + 0.055) / 1.055)^2.4; its cube root is 0.7952.
  const grey = { width: 1, height: 1, data: Float32Array.of(188, 188, 188) };
  assertAllClose(toOklab(grey), [0.7952, 0, 0], { rtol: 0, atol: 1e-4 });
});

Deno.test("fromOklab() undoes toOklab(), and clips what no screen shows", () => {
  const picture = noisePicture(9, 7);
  assertAllClose(fromOklab(toOklab(picture), picture).data, picture.data, { rtol: 0, atol: 2e-2 });
  const { data } = fromOklab(Float32Array.of(0.6, 0.5, 0), { width: 1, height: 1 });
  assert(data.every((value) => value >= 0 && value <= 255), `${data}`);
  assertEquals(data[0], 255);
});

Deno.test("paintColors() keeps the lightness and takes the style's colours", () => {
  // Half as strong as noise, so that few colours leave the screen's range.
  const soft = (seed: number) => {
    const picture = noisePicture(32, 24, seed);
    return { ...picture, data: picture.data.map((v) => 128 + (v - 128) / 4) };
  };
  const [painted, content, style] = [soft(1), soft(2), soft(3)];
  const made = toOklab(paintColors({ painted, content, style }, { radius: 0 }));
  const lightness = (values: Float32Array) => values.filter((_, i) => i % 3 === 0);
  assertAllClose(lightness(made), lightness(toOklab(painted)), { rtol: 1e-4 });
  const [found, wanted] = [momentsOf(made, 3, [1, 2]), momentsOf(toOklab(style), 3, [1, 2])];
  assertAllClose(found.mean, wanted.mean, { rtol: 1e-3, atol: 1e-5 });
  assertAllClose(found.covariance.flat(), wanted.covariance.flat(), { rtol: 1e-2, scale: "rms" });
});

Deno.test("paintColors() smooths colours within an area, and keeps an edge of the lightness", () => {
  // Two halves, dark and bright; the content's colours are noise around another colour in each.
  const [width, height] = [32, 16];
  const noise = noisePicture(width, height, 5).data;
  const data = noise.map((v, i) => {
    const right = Math.floor(i / 3) % width >= width / 2;
    return (right ? [180, 140, 100] : [100, 140, 180])[i % 3]! + (v - 128) / 5;
  });
  const content = { width, height, data };
  const halves = data.map((_, i) => Math.floor(i / 3) % width >= width / 2 ? 200 : 60);
  const painted = { width, height, data: halves };
  const spread = (options: { radius: number }) => {
    const made = toOklab(paintColors({ painted, content, style: content }, options));
    const half = (right: boolean) =>
      made.filter((_, i) => i % 3 === 1 && Math.floor(i / 3) % width >= width / 2 === right);
    const [left, right] = [half(false), half(true)].map((values) => momentsOf(values, 1)) as [
      ReturnType<typeof momentsOf>,
      ReturnType<typeof momentsOf>,
    ];
    return { within: left.covariance[0]![0]!, between: right.mean[0]! - left.mean[0]! };
  };
  const [rough, smooth] = [spread({ radius: 0 }), spread({ radius: 4 })];
  assert(smooth.within < rough.within / 20, `${smooth.within} of ${rough.within}`);
  assertAlmostEquals(smooth.between, rough.between, 0.1 * rough.between);
  assertThrows(() => paintColors({ painted, content, style: content }, { radius: -1 }), RangeError);
  assertThrows(
    () => paintColors({ painted, content, style: content }, { radius: 1.5 }),
    RangeError,
  );
});
