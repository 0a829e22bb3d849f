/**
 * The colors of a JPEG file. jpeg-js, which decodes it, cuts the fractions off when it turns YCbCr into
 * RGB, so that pictures come out 0.4 levels too dark; here they are rounded.
 *
 * @module
 */
import { decode } from "jpeg-js";

/**
 * The samples of a JPEG file of three components, RGB interleaved.
 *
 * @param adobe Where Adobe's mark says which colors are stored, if it does; 1, YCbCr.
 * @throws Error if the data are damaged.
 */
export function decodeYcc(bytes: Uint8Array, adobe?: number): Uint8Array {
  let file = bytes;
  if (adobe !== undefined) {
    file = bytes.slice();
    file[adobe] = 0; // the mark would go before the option below
  }
  const { data } = decode(file, {
    useTArray: true,
    formatAsRGBA: false,
    colorTransform: false,
    maxMemoryUsageInMB: Infinity,
    maxResolutionInMP: Infinity,
  });
  const rgb = new Uint8ClampedArray(data.length);
  for (let i = 0; i < data.length; i += 3) {
    const [light, blue, red] = [data[i]!, data[i + 1]! - 128, data[i + 2]! - 128];
    rgb[i] = light + 1.402 * red; // ITU-T T.871, section 7
    rgb[i + 1] = light - 0.344136 * blue - 0.714136 * red;
    rgb[i + 2] = light + 1.772 * blue;
  }
  return new Uint8Array(rgb.buffer);
}
