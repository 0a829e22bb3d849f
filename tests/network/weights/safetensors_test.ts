import { assertEquals, assertThrows } from "@std/assert";
import { parseSafetensors, writeSafetensors } from "../../../lib/network/weights/safetensors.ts";
import { assertAllClose } from "../../helpers/assert.ts";
import { SMALL } from "../../helpers/seeded_networks.ts";

Deno.test("writeSafetensors() writes what parseSafetensors() reads, to half precision", () => {
  const weights = SMALL.inception5h!();
  const file = writeSafetensors(weights, { notes: { network: "Inception 5h" } });
  const found = parseSafetensors(file);
  assertEquals(Object.keys(found), Object.keys(weights).sort());
  for (const [name, { shape, data }] of Object.entries(weights)) {
    assertEquals(found[name], { shape, data: new Float16Array(data) });
  }
  // The numbers start at a multiple of eight bytes, as the format asks.
  assertEquals(new DataView(file.buffer).getBigUint64(0, true) % 8n, 0n);
  assertEquals(writeSafetensors(found, { notes: { network: "Inception 5h" } }), file);
});

Deno.test("writeSafetensors() refuses what half precision cannot hold", () => {
  for (const value of [70000, NaN, -Infinity]) {
    const weights = { a: { shape: [2], data: new Float32Array([1, value]) } };
    const message = `Cannot write a as half precision holds finite numbers up to 65504: current ` +
      `value at position 1 is ${value}`;
    assertThrows(() => writeSafetensors(weights), Error, message);
  }
});

Deno.test("writeSafetensors() with 8 bits: kernels as index and table, biases whole", () => {
  const weights = SMALL.inception5h!();
  const file = writeSafetensors(weights, { bits: 8 });
  const length = new DataView(file.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  assertEquals(header["conv2d0_w.index"].dtype, "U8");
  assertEquals(header["conv2d0_w.index"].shape, [7, 7, 3, 4]);
  assertEquals(header["conv2d0_w.table"].dtype, "F32");
  assertEquals(header["conv2d0_w.table"].shape, [256]);
  const found = parseSafetensors(file);
  assertEquals(Object.keys(found).sort(), Object.keys(weights).sort());
  for (const [name, { shape, data }] of Object.entries(weights)) {
    assertEquals(found[name]!.shape, shape);
    // 588 weights by 256 values, and kernels of fewer weights whole.
    if (shape.length === 4) assertAllClose(found[name]!.data, data, { rtol: 0.01, scale: "rms" });
    else assertEquals(found[name]!.data, data);
  }
});

Deno.test("writeSafetensors() keeps a mean in float32 among half precision", () => {
  const mean = { shape: [3], data: new Float32Array([123.675, 116.28, 103.53]) };
  assertEquals(parseSafetensors(writeSafetensors({ "picture.mean": mean }))["picture.mean"], mean);
});
