/**
 * Turns a weights file of any format into safetensors with half precision or eight bits a weight.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { cannot, checkOneOf, describe } from "../../base/check.ts";
import { writeWhole } from "../../base/files.ts";
import { fitWeights } from "../load.ts";
import type { Network } from "../network.ts";
import { type NetworkEntry, NETWORKS } from "../networks.ts";
import { type PictureKind, withMean } from "./names.ts";
import { readWeights, type Weights } from "./read.ts";
import { writeSafetensors } from "./safetensors.ts";

/** How weights are converted. */
export type ConvertOptions = {
  /**
   * Bits a weight: 16 is half precision, 8 a palette of 256 values for every kernel.
   *
   * @default {16}
   */
  bits?: 8 | 16;
  /** How pictures enter a file with PyTorch's names, if the file does not tell. */
  pictures?: PictureKind;
};

/** What was written. */
export type Converted = { network: string; tensors: number; bytes: number; sha256: string };

const CHANGES = {
  8: "kernels as NAME.index into NAME.table (256 values by k-means), without the dense layers",
  16: "half precision, without the dense layers",
};

/**
 * Converts the weights of one of the networks; dense layers are left out.
 *
 * @throws {Error} when the file cannot be read, fits no network, or holds numbers that the format
 * cannot, or when input and output are the same file; nothing is written then.
 */
export async function convertWeights(
  input: string,
  output: string,
  { bits = 16, pictures }: ConvertOptions = {},
): Promise<Converted> {
  checkOneOf("convert weights", "bits", bits, [8, 16]);
  const what = `write the weights ${describe(output)}`;
  if (await isSameFile(input, output)) {
    throw new Error(cannot(what, "input and output must be two files", describe(input)));
  }
  const [entry, network] = fittingNetwork(await readWeights(input), input, pictures);
  const weights = withMean(network, entry.architecture);
  const notes = { network: network.name, source: basename(input), changes: CHANGES[bits] };
  const file = writeSafetensors(weights, { bits, notes });
  await writeWhole(output, file, what);
  const sha256 = createHash("sha256").update(file).digest("hex");
  const tensors = Object.keys(weights).length;
  return { network: network.name, tensors, bytes: file.length, sha256 };
}

/** Whether two paths lead to one file, through links too. */
async function isSameFile(a: string, b: string): Promise<boolean> {
  const places = await Promise.all(
    [a, b].map((path) => Deno.realPath(path).catch(() => undefined)),
  );
  return places[0] !== undefined && places[0] === places[1];
}

function fittingNetwork(
  weights: Weights,
  file: string,
  pictures?: PictureKind,
): [NetworkEntry, Network] {
  const reasons: string[] = [];
  for (const entry of Object.values(NETWORKS)) {
    try {
      return [entry, fitWeights(entry.architecture, weights, file, pictures)];
    } catch (error) {
      reasons.push((error as Error).message);
    }
  }
  throw new Error([`Cannot convert ${file} as it fits no network`, ...reasons].join("\n  "));
}
