/**
 * Turns a weights file of any format into safetensors: `deno task convert IN OUT.safetensors`.
 *
 * @module
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { convertWeights } from "../network/weights/convert.ts";

const USAGE = `Usage: deno task convert IN OUT.safetensors [--bits 8] [--pictures caffe]

Turns the weights of VGG-16, VGG-19 or Inception 5h into safetensors that --weights takes. IN may be
safetensors, PyTorch's .pth, Keras' HDF5, a caffemodel, NumPy's .npz, a TensorFlow GraphDef, or a zip
archive with one of them; its content tells which.

  --bits BITS      16 (half precision, the default) or 8 (a palette of 256 values a kernel: a
                   quarter of float32)
  --pictures KIND  how pictures enter a network with PyTorch's names: torchvision (the default) or
                   caffe (the files of neural-style-pt)
  --help           this text

Exit codes: 0 written, 1 the file cannot be converted, 2 the command line is wrong.`;

/** What the command line asks for; undefined if it is wrong. */
function parse(args: string[]) {
  try {
    const options = {
      bits: { type: "string", default: "16" },
      pictures: { type: "string" },
      help: { type: "boolean", short: "h" },
    } as const;
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const { help, bits, pictures } = values;
    if (help) return "help";
    const [input, output, ...more] = positionals;
    if (!input || !output?.endsWith(".safetensors") || more.length > 0) return undefined;
    if (bits !== "8" && bits !== "16") return undefined;
    if (pictures !== undefined && pictures !== "caffe" && pictures !== "torchvision") {
      return undefined;
    }
    return { input, output, bits: bits === "8" ? 8 : 16, pictures } as const;
  } catch {
    return undefined;
  }
}

async function main(args: string[]): Promise<number> {
  const asked = parse(args);
  if (!asked) {
    console.error(USAGE);
    return 2;
  }
  if (asked === "help") {
    console.log(USAGE);
    return 0;
  }
  try {
    // `deno task` changes to the project's folder; INIT_CWD is where the command was typed.
    const place = (path: string) => resolve(Deno.env.get("INIT_CWD") ?? ".", path);
    const { network, tensors, bytes, sha256 } = await convertWeights(
      place(asked.input),
      place(asked.output),
      asked,
    );
    const size = `${(bytes / 1e6).toFixed(1)} MB`;
    console.log(`Wrote ${asked.output}: ${network}, ${tensors} tensors, ${size}`);
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
