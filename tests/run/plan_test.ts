import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Engine } from "../../lib/engine/engine.ts";
import { joinTeam, membersOf } from "../../lib/base/team.ts";
import { tilesOf } from "../../lib/network/tiles.ts";
import { loadVgg16 } from "../../lib/network/vgg.ts";
import { MEASURES } from "../../lib/loss/style/measures.ts";
import { gatys } from "../../lib/run/presets.ts";
import { finalSize, largestSize, planRun, tileAt } from "../../lib/run/plan.ts";
import { memoryParts, peakBytes } from "../../lib/run/memory_model.ts";
import { stylize } from "../../lib/run/stylize.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { noisePicture, stubNetwork } from "../helpers/stub.ts";

const network = stubNetwork();
const engine = { name: "native", description: "", reason: "", readEvery: 1 } as Engine;
const content = noisePicture(120, 90, 1);
const style = noisePicture(80, 100, 2);
const layers = { contentLayers: ["relu2_1"], styleLayers: ["relu1_1", "relu3_1"] };
const options = { ...gatys(content, style, layers), iterations: 2 };

Deno.test("a run that fits is painted as a whole, a larger one in tiles, and says so", async () => {
  // The stub's features take less than the copies of a picture in tiles.
  const vgg = await loadVgg16();
  const whole = planRun(vgg, { ...options, maxMemory: "8GB" }, engine);
  assertEquals([whole.tile, whole.note], [undefined, undefined]);
  const large = { width: 4000, height: 3000 };
  // The gradient of the denoise loss needs as much in tiles as without.
  const smooth = { ...options, denoise: undefined };
  const need = peakBytes(vgg, smooth, large);
  const tiled = planRun(vgg, { ...smooth, maxMemory: need - 1 }, engine, large);
  assert(tiled.tile !== undefined && tiled.bytes < need);
  assertStringIncludes(tiled.note!, `In tiles of ${tiled.tile} pixels`);
  assertStringIncludes(tiled.note!, "4000x3000");
  vgg.dispose();
});

Deno.test("what was asked for is done: tiles of a size, or none", () => {
  assertEquals(planRun(network, { ...options, tile: 64 }, engine).tile, 64);
  const plan = planRun(network, { ...options, tile: "none", maxMemory: 1 }, engine);
  assertEquals(plan.tile, undefined);
});

Deno.test("of several sizes, those that fit as a whole are not cut", async () => {
  const vgg = await loadVgg16();
  const large = { ...options, size: 2048 };
  const [width, height] = [2048, 1536];
  const at = (part: number, tile: number) =>
    tileAt(vgg, large, tile, { width: width * part, height: height * part });
  const most = peakBytes(vgg, large, { width, height }, 256);
  assertEquals([at(1, 256), at(1 / 4, 256)], [256, 512]);
  for (const part of [3 / 16, 1 / 4, 3 / 8, 1 / 2, 3 / 4]) {
    const whole = peakBytes(vgg, large, { width: width * part, height: height * part });
    assertEquals(at(part, 256) === 256, whole > most, `${part}`);
  }
  vgg.dispose();
});

Deno.test("threads that share a run get tiles whose work is done soonest", () => {
  const planned = (size: number, side: number, more = {}) => {
    const team = { ...joinTeam(membersOf(1)[0]!), size };
    return planRun(network, { ...options, team, ...more }, engine, { width: side, height: side });
  };
  // One each; the smallest tiles only where there is no other way to occupy all.
  for (const [size, side] of [[2, 1024], [4, 1024], [9, 600]] as const) {
    const { tile, note } = planned(size, side);
    const tiles = tilesOf(network, ["relu3_1"], { width: side, height: side }, tile!);
    assert(tiles.length >= size, `${tiles.length} tiles for ${size} threads`);
    assertStringIncludes(note!, `${size} threads compute them`);
  }
  assertEquals(planned(2, 1024).bytes, 2 * planned(1, 1024, { tile: planned(2, 1024).tile }).bytes);
  assertThrows(() => planned(2, 1024, { tile: "none" }), RangeError, "it needs tiles");
  assertThrows(() => planned(4, 4000, { maxMemory: "1GB" }), RangeError, "must fit into 1.0 GB");
});

Deno.test("what cannot fit is refused with the largest size that does", () => {
  const large = { width: 8000, height: 6000 };
  const error = assertThrows(
    () => planRun(network, { ...options, maxMemory: "1GB" }, engine, large),
    RangeError,
    "must fit into 1.0 GB",
  );
  const [, found] = error.message.match(/a longer side of (\d+) pixels fits/)!;
  const side = Number(found);
  const at = (side: number) => ({ width: side, height: Math.round(side * 0.75) });
  assert(peakBytes(network, options, at(side), 128) <= 1e9);
  assert(peakBytes(network, options, at(side + 16), 128) > 1e9);
});

Deno.test("what is no sum is not tiled by itself: refused under maxMemory, else with a note", () => {
  const large = { width: 4000, height: 3000 };
  const measure = Object.values(MEASURES).find(({ additive }) => !additive)!;
  const other = { ...gatys(content, style, { ...layers, measure }), maxMemory: "1GB" };
  assertThrows(
    () => planRun(network, other, engine, large),
    RangeError,
    `the measure ${measure.name}`,
  );
  const loss = {
    name: "own",
    weight: 1,
    layers: ["relu1_1"],
    value: () => tf.scalar(0),
  };
  const own = { ...options, losses: [loss], maxMemory: "1GB" };
  assertThrows(() => planRun(network, own, engine, large), RangeError, "the own loss");
  const huge = { width: 2e6, height: 2e6 };
  const note = planRun(network, { ...own, maxMemory: undefined }, engine, huge).note!;
  assertStringIncludes(note, "more memory than there is");
  assertStringIncludes(note, "the own loss");
});

Deno.test("finalSize() is that of the last of the sizes", () => {
  assertEquals(finalSize(options), { width: 120, height: 90 });
  assertEquals(finalSize({ ...options, size: 60 }), { width: 60, height: 45 });
  assertEquals(finalSize({ ...options, sizes: [0.25, 0.5] }), { width: 60, height: 45 });
  assertEquals(finalSize({ ...options, sizes: [16, 40] }), { width: 40, height: 30 });
});

Deno.test("largestSize() is in steps of 16", () => {
  assertEquals(largestSize({ width: 100, height: 50 }, ({ width }) => width <= 70), 64);
  assertEquals(largestSize({ width: 100, height: 50 }, () => false), 0);
});

Deno.test("memoryParts() of one layer are worked out by hand", () => {
  // relu1_1 of the stub has as many channels as its first filter; 4 bytes each.
  const channels = network.weights["block1_conv1.kernel"]!.shape[3]!;
  const only = gatys(content, style, { contentLayers: ["relu1_1"], styleLayers: ["relu1_1"] });
  const parts = memoryParts(network, only, { width: 10, height: 20 });
  // Saved once, and its gradient is written over it; the target once in the window.
  assertEquals(parts.window, 2 * 4 * 200 * channels);
  assertEquals(parts.targets, 4 * 200 * channels);
  assertEquals(parts.filters, 16 * 27 * channels);
});

useEachEngine("stylize() in tiles gives the picture of the whole, coarse to fine", async () => {
  const stub = stubNetwork();
  const small = [noisePicture(64, 48, 1), noisePicture(40, 40, 2)] as const;
  const run = async (tile: number | "none") => {
    const settings = { ...layers, sizes: [0.5, 1], iterations: [2, 2] };
    return (await stylize(stub, { ...gatys(...small, settings), tile })).picture.data;
  };
  assertAllClose(await run(16), await run("none"), { rtol: 0.01, scale: "rms" });
  stub.dispose();
}, ["native"]);
