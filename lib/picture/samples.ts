/**
 * What decoders give, and the RGB that is made of it.
 *
 * @module
 */

/** RGB interleaved, row by row, 0–255; whole levels as bytes, a quarter of the memory. */
export type Rgb = { width: number; height: number; data: Float32Array | Uint8Array };

/** Samples row by row, each 0 to `max`: grey, RGB, RGBA or, as ink, CMYK. */
export type Samples = {
  data: Uint8Array | Uint16Array | Uint8ClampedArray;
  channels: number;
  max: number;
  isInk?: boolean;
};

/** A file that may be whole, but is of a kind that is not read. The message names the kind. */
export class UnsupportedError extends Error {}

/**
 * RGB of samples: 16 bits keep their fractions, c a + 255 (1 - a) over white. Ink without a profile is
 * (255 - c) (255 - k) / 255, as in Pillow, for cyan, magenta and yellow c and black k.
 */
export function toRgb(samples: Samples, width: number, height: number): Rgb {
  const { data, channels, max, isInk } = samples;
  if (data.length !== width * height * channels) {
    throw new Error(`${data.length} samples for ${width}x${height} pixels`);
  }
  if (isInk) return { width, height, data: fromInk(data, max) };
  const hasAlpha = channels === 4;
  if (!hasAlpha && channels === 3 && max === 255) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
    return { width, height, data: bytes };
  }
  let opaque = true;
  for (let i = 3; hasAlpha && opaque && i < data.length; i += 4) opaque = data[i] === max;
  const whole = opaque && max === 255;
  const rgb = new (whole ? Uint8Array : Float32Array)(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += channels) {
    const alpha = hasAlpha ? data[from + 3]! / max : 1;
    const white = 255 * (1 - alpha);
    for (let c = 0; c < 3; c++) rgb[to++] = data[from + c]! * (255 / max) * alpha + white;
  }
  return { width, height, data: rgb };
}

function fromInk(data: Samples["data"], max: number): Float32Array {
  const rgb = new Float32Array(data.length / 4 * 3);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    const light = 1 - data[from + 3]! / max;
    for (let c = 0; c < 3; c++) rgb[to++] = Math.round(255 * light * (1 - data[from + c]! / max));
  }
  return rgb;
}
