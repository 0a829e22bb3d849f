import { assertEquals, assertThrows } from "@std/assert";
import {
  countingValues,
  fromOutFirst,
  MAX_VALUES,
  readNumbers,
  refusing,
  rowMajor,
} from "../../../lib/network/weights/tensors.ts";

Deno.test("countingValues() refuses the tensor that is one too many", () => {
  const count = countingValues(refusing("x"));
  assertEquals(count("a", [3, 3, 2, 5]), 90);
  assertEquals(count("b", [MAX_VALUES - 90]), MAX_VALUES - 90);
  assertEquals(count("c", [0]), 0);
  const message = `Cannot read the weights x as tensors must have at most ${MAX_VALUES} values ` +
    `together: current value is ${MAX_VALUES + 1} up to d [1]`;
  assertThrows(() => count("d", [1]), Error, message);
  assertThrows(() => count("e", [-1]), Error, "e must have a shape of counts");
});

Deno.test("readNumbers() reads four types, from any byte on", () => {
  const at = (values: { buffer: ArrayBuffer }) => {
    const bytes = new Uint8Array([9, ...new Uint8Array(values.buffer)]);
    return bytes.subarray(1);
  };
  assertEquals([...readNumbers(at(new Float32Array([1.5, -2])), "float32")], [1.5, -2]);
  assertEquals([...readNumbers(at(new Float64Array([1.5, -2])), "float64")], [1.5, -2]);
  // 0x3c00 = 1, 0xc000 = -2, 0x0001 = 2^-24 in half precision; 1.5 = 0x3fc0, -2 = 0xc000 in bfloat16.
  const halves = at(new Uint16Array([0x3c00, 0xc000, 1]));
  assertEquals([...readNumbers(halves, "float16")], [1, -2, 2 ** -24]);
  assertEquals([...readNumbers(at(new Uint16Array([0x3fc0, 0xc000])), "bfloat16")], [1.5, -2]);
});

Deno.test("rowMajor() follows strides", () => {
  const values = new Float32Array([1, 2, 3, 4, 5, 6]);
  assertEquals(rowMajor(values, [2, 3], [3, 1]), values);
  assertEquals([...rowMajor(values, [3, 2], [1, 3])], [1, 4, 2, 5, 3, 6]);
  assertEquals([...rowMajor(values, [2, 2], [0, 2])], [1, 3, 1, 3]);
});

Deno.test("fromOutFirst() of [2, 1, 1, 3] is [1, 3, 1, 2]", () => {
  const turned = fromOutFirst({ shape: [2, 1, 1, 3], data: new Float32Array([1, 2, 3, 4, 5, 6]) });
  assertEquals(turned, { shape: [1, 3, 1, 2], data: new Float32Array([1, 4, 2, 5, 3, 6]) });
});
