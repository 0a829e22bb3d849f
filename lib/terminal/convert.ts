/**
 * `deno task convert IN OUT.safetensors`: a weights file of any format as safetensors.
 *
 * @module
 */
import { checkOneOf } from "../base/check.ts";
import { convertWeights } from "../network/weights/convert.ts";
import {
  EXIT_CODES,
  exitCodeOf,
  type Flag,
  flagHelp,
  parseCommand,
  placeOf,
  usage,
  UsageError,
} from "./command.ts";
import { checkRoles } from "./inputs.ts";

const KINDS = ["torchvision", "caffe"] as const;

const FLAGS = {
  bits: {
    value: "BITS",
    help: "16: half precision (the default); 8: a palette of 256 values a kernel",
  },
  pictures: {
    value: "KIND",
    help: "how pictures enter a network with PyTorch's names: torchvision (the default), caffe",
  },
  help: { short: "h", help: "print this" },
} as const satisfies Record<string, Flag>;

const HELP =
  `Turns the weights of VGG-16, VGG-19 or Inception 5h into safetensors that --weights takes.

Usage: deno task convert IN OUT.safetensors [--bits 8] [--pictures caffe]

IN may be safetensors, PyTorch's .pth, Keras' HDF5, a caffemodel, NumPy's .npz, a TensorFlow GraphDef, or
a zip archive with one of them; its content tells which. The files of neural-style-pt want --pictures caffe.

${flagHelp(FLAGS)}

${EXIT_CODES}.
`;

async function main(args: string[]): Promise<number> {
  const { values, words } = parseCommand(args, FLAGS);
  if (values.help) return console.log(HELP), 0;
  const { bits = "16", pictures } = values;
  usage(() => {
    checkOneOf("convert", "--bits", bits, ["8", "16"]);
    if (pictures !== undefined) {
      checkOneOf("convert", "--pictures", pictures, KINDS as readonly string[]);
    }
  });
  const [from, to] = words;
  if (from === undefined || !to?.endsWith(".safetensors") || words.length > 2) {
    throw new UsageError("Cannot convert without IN and OUT.safetensors");
  }
  const [input, output] = [placeOf(from), placeOf(to)];
  await checkRoles({ IN: input }, { OUT: output });
  const { network, tensors, bytes, sha256 } = await convertWeights(input, output, {
    bits: bits === "8" ? 8 : 16,
    pictures: pictures as typeof KINDS[number] | undefined,
  });
  console.log(`Wrote ${to}: ${network}, ${tensors} tensors, ${(bytes / 1e6).toFixed(1)} MB`);
  console.log(`SHA-256 ${sha256}`);
  return 0;
}

// Not awaited: with a top-level await in the library, Deno 2.8 never finishes loading a script that
// has one as well.
if (import.meta.main) exitCodeOf("convert", () => main(Deno.args)).then(Deno.exit);
