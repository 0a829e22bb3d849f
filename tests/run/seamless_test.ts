/**
 * Pictures that tile: what is beyond a border is the far side, for the network, the denoise loss and the
 * resampling between sizes.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createObjective } from "../../lib/loss/objective.ts";
import { adam } from "../../lib/optimizers/mod.ts";
import { resizeEntry } from "../../lib/optimizers/resize_state.ts";
import { type Picture, toTensor } from "../../lib/picture/picture.ts";
import { resizePicture } from "../../lib/picture/resize.ts";
import { seeFor, withSeamless } from "../../lib/run/control.ts";
import { canvasOf, type StylizeOptions, termsOf } from "../../lib/run/options.ts";
import { stylize } from "../../lib/run/stylize.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { noisePicture, stubNetwork } from "../helpers/stub.ts";

/** A picture moved right and down; what leaves it comes in at the far side. */
function moved({ width, height, data }: Picture, right: number, down: number): Picture {
  const result = new Float32Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = 3 * (((y + down) % height) * width + (x + right) % width);
      result.set(data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3), to);
    }
  }
  return { width, height, data: result };
}

/** The mean difference between each column and the one to its right; the last: across the border. */
function columnSteps({ width, height, data }: Picture): number[] {
  return Array.from({ length: width }, (_, x) => {
    let sum = 0;
    for (let y = 0; y < height; y++) {
      for (let c = 0; c < 3; c++) {
        const [here, next] = [y * width + x, y * width + (x + 1) % width];
        sum += Math.abs(data[3 * here + c]! - data[3 * next + c]!);
      }
    }
    return sum / (3 * height);
  });
}

const turned = ({ width, height, data }: Picture): Picture => ({
  width: height,
  height: width,
  data: Float32Array.from(data, (_, i) => {
    const [at, c] = [Math.floor(i / 3), i % 3];
    return data[3 * ((at % height) * width + Math.floor(at / height)) + c]!;
  }),
});

const style = noisePicture(20, 18, 2);
const texture: StylizeOptions = {
  style: { picture: style, layers: ["relu1_1", "relu2_1"], weight: 1e-4 },
  denoise: { weight: 0.02, power: 2 },
  weighting: "constant",
  optimizer: adam({ stepSize: 10 }),
  start: "style-noise",
  size: 24,
  iterations: [25, 15],
  sizes: [0.5, 1],
  readEvery: 100,
};

useEachEngine("a seamless objective is the same wherever the picture is cut", async () => {
  const network = stubNetwork();
  const options = withSeamless({
    ...texture,
    seamless: true,
    style: { picture: style, layers: ["relu1_1", "relu3_2"], weight: 1e-3 },
  });
  const at = async (picture: Picture) => {
    const canvas = canvasOf(picture, { ...options, tile: undefined });
    const objective = createObjective(seeFor(network, options), termsOf(options), {
      canvas,
      weighting: "constant",
    });
    const { total, gradient } = objective.evaluate(toTensor(picture));
    objective.dispose();
    const data = await gradient.data() as Float32Array;
    return { total: (await total.data())[0]!, gradient: { ...picture, data } };
  };
  const picture = noisePicture(24, 16, 4);
  // By multiples of 4 pixels, the stride of relu3_2, poolings stay in step.
  const [here, there] = [await at(picture), await at(moved(picture, 8, 12))];
  assertAllClose([there.total], [here.total], { rtol: 1e-4 });
  const expected = moved(here.gradient, 8, 12).data;
  assertAllClose(there.gradient.data, expected, { rtol: 1e-3, scale: "rms" });
  network.dispose();
});

Deno.test("a seamless texture has no seam: its border is as smooth as its inside", async () => {
  const network = stubNetwork();
  const seams = async (seamless: boolean) => {
    const { picture } = await stylize(network, { ...texture, seamless });
    return [picture, turned(picture)].map((each) => {
      const steps = columnSteps(each);
      return steps.pop()! / Math.max(...steps);
    });
  };
  const [across, down] = await seams(true);
  assert(across! <= 1 && down! <= 1, `${across} and ${down} of the largest step inside`);
  const open = await seams(false);
  assert(Math.max(...open) > 1, `a picture that need not tile has a seam: ${open}`);
  network.dispose();
});

Deno.test("a seamless picture has sides that the deepest layer divides evenly", async () => {
  const network = stubNetwork();
  const content = noisePicture(30, 21);
  const sides = async (options: StylizeOptions) => {
    const { picture } = await stylize(network, { ...options, iterations: 1, sizes: undefined });
    return [picture.width, picture.height];
  };
  const options = { ...texture, size: undefined, content: { picture: content } };
  assertEquals(await sides(options), [30, 21]);
  // relu2_1 stands for 2 pixels, relu3_1 for 4.
  const seamless = { ...options, seamless: true };
  const contentAt = (layer: string) => ({ content: { picture: content, layers: [layer] } });
  assertEquals(await sides({ ...seamless, ...contentAt("relu1_1") }), [30, 22]);
  assertEquals(await sides({ ...seamless, ...contentAt("relu3_1") }), [32, 20]);
  network.dispose();
});

Deno.test("resampling that goes round is the same wherever the picture is cut", () => {
  const picture = noisePicture(16, 12, 3);
  for (const [factor, right, down] of [[2, 5, 3], [0.5, 4, 6]] as const) {
    const size = { width: 16 * factor, height: 12 * factor };
    const resize = (each: Picture) => resizePicture(each, size, { circular: true });
    const expected = moved(resize(picture), right * factor, down * factor);
    assertAllClose(resize(moved(picture, right, down)).data, expected.data, {
      rtol: 0,
      atol: 1e-3,
    });
    const plain = resizePicture(picture, size);
    assert(resize(picture).data.some((value, i) => Math.abs(value - plain.data[i]!) > 1));
  }
  const entry = ({ width, height, data }: Picture) => ({ shape: [1, height, width, 3], data });
  for (const power of [1, 2]) {
    const expected = resizeEntry(entry(picture), 24, 32, power, true).data;
    const found = resizeEntry(entry(moved(picture, 5, 3)), 24, 32, power, true).data;
    const back = moved({ width: 32, height: 24, data: Float32Array.from(expected) }, 10, 6);
    assertAllClose(found, back.data, { rtol: 1e-5, atol: 1e-3 });
  }
});

Deno.test("what does not tile is refused", async () => {
  const network = stubNetwork();
  const refuses = (changes: StylizeOptions, message: string) =>
    assertRejects(
      () => stylize(network, { ...texture, seamless: true, ...changes }),
      RangeError,
      message,
    );
  await refuses({ content: { picture: style }, strokeAngle: 30 }, "does not tile");
  await refuses({ padding: "replicate" }, "padding must be circular");
  network.dispose();
});
