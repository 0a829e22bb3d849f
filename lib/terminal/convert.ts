/**
 * Turns a weights file of any format into safetensors in half precision, about half the size:
 * `deno task convert IN OUT.safetensors`.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { nameSource, writeWhole } from "../base/files.ts";
import { writeSafetensors } from "../network/weights/safetensors.ts";
import { fitWeights } from "../network/load.ts";
import type { Network } from "../network/network.ts";
import { NETWORKS } from "../network/networks.ts";
import { readWeights, type Weights } from "../network/weights/read.ts";

/** What was written. */
export type Converted = { network: string; tensors: number; bytes: number; sha256: string };

/**
 * Converts the weights of one of the networks; dense layers are left out.
 *
 * @throws {Error} when the file cannot be read, fits no network, or holds numbers that half precision
 * cannot; nothing is written then.
 */
export async function convertWeights(input: string, output: string): Promise<Converted> {
  const { name, weights } = fittingNetwork(await readWeights(input), input);
  const file = writeSafetensors(weights, {
    network: name,
    source: basename(input),
    changes: "half precision, without the dense layers",
  });
  await writeWhole(output, file, `write the weights ${nameSource(output)}`);
  const sha256 = createHash("sha256").update(file).digest("hex");
  return { network: name, tensors: Object.keys(weights).length, bytes: file.length, sha256 };
}

function fittingNetwork(weights: Weights, file: string): Network {
  const reasons: string[] = [];
  for (const { architecture } of Object.values(NETWORKS)) {
    try {
      return fitWeights(architecture, weights, file);
    } catch (error) {
      reasons.push((error as Error).message);
    }
  }
  throw new Error([`Cannot convert ${file} as it fits no network`, ...reasons].join("\n  "));
}

async function main([input, output, ...more]: string[]): Promise<number> {
  if (!output?.endsWith(".safetensors") || more.length > 0) {
    console.error("Usage: deno task convert IN OUT.safetensors");
    return 2;
  }
  try {
    const { network, tensors, bytes, sha256 } = await convertWeights(input, output);
    console.log(`Wrote ${output}: ${network}, ${tensors} tensors, ${(bytes / 1e6).toFixed(1)} MB`);
    console.log(`SHA-256 ${sha256}`);
    return 0;
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  }
}

// Not awaited: with a top-level await in the library, Deno 2.8 never finishes loading a script that
// has one as well.
if (import.meta.main) main(Deno.args).then(Deno.exit);
