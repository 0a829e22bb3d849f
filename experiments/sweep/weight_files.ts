/**
 * Weights of other precision, for the experiment `precision`.
 *
 * @module
 */
import type { Weights } from "../../lib/network/weights/read.ts";

/**
 * A float32 number that half precision rounds to `value`, itself a half-precision number: `share` in
 * [0, 1) chooses between the lowest and the highest of them.
 */
export function spreadWithinHalf(value: number, share: number): number {
  // Between 2^e and 2^(e+1) neighbours are 2^(e-10) apart; below 2^-14 the distance is 2^-24.
  const exponent = Math.max(-14, Math.floor(Math.log2(Math.abs(value) || 1e-9)));
  const spacing = 2 ** (exponent - 10);
  return value + (share - 0.5) * spacing * 0.998;
}

/** `value` rounded to so many bits after the leading one. */
export function roundToBits(value: number, bits: number): number {
  if (value === 0) return 0;
  const spacing = 2 ** (Math.floor(Math.log2(Math.abs(value))) - bits);
  return Math.round(value / spacing) * spacing;
}

/** A safetensors file in float32, each weight changed. */
export function floatSafetensors(
  weights: Weights,
  change: (value: number) => number,
): Uint8Array<ArrayBuffer> {
  const names = Object.keys(weights).sort();
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const name of names) {
    const { shape, data } = weights[name]!;
    header[name] = { dtype: "F32", shape, data_offsets: [end, end += data.length * 4] };
  }
  const text = JSON.stringify(header);
  const json = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 8) * 8));
  const file = new Uint8Array(8 + json.length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  const values = new Float32Array(file.buffer, 8 + json.length);
  let at = 0;
  for (const name of names) {
    for (const value of weights[name]!.data) values[at++] = change(value);
  }
  return file;
}
