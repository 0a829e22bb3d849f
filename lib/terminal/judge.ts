/**
 * Judges mixed images from a terminal: `deno task judge CONTENT STYLE PICTURE…`.
 *
 * @module
 */
import { alignColumns } from "../base/words.ts";
import { loadVgg16 } from "../network/vgg.ts";
import { readPicture } from "../picture/read.ts";
import { createJudge, type Judge, type Judgment } from "../run/judge/judge.ts";
import {
  EXIT_CODES,
  exitCodeOf,
  type Flag,
  flagHelp,
  parseCommand,
  placeOf,
  printable,
  UsageError,
} from "./command.ts";

const FLAGS = {
  json: { help: "print an array of objects instead of a table" },
  help: { short: "h", help: "print this" },
} as const satisfies Record<string, Flag>;

const HELP =
  `Judges pictures that were painted from CONTENT in the manner of STYLE, by measures that no
preset minimizes.

Usage: deno task judge CONTENT STYLE PICTURE… [--json]

  style    distance of features to the style's (means and covariances at five layers of VGG-16)
  patch    distance of patches of 7 x 7 pixels to the style's, on three sizes
  content  change of what looks alike within the picture (self-similarity at relu3_3)
  edges    change of where the edges are
  grain    log2 of the amplitude of the finest details over the style's: 0 is the style's own
  reluN_M  the parts of style

Smaller is better. style and patch: 0 is the painting, 1 the content image (nothing done); content and
edges: 0 is the content image, 1 where nothing of it is left. All pictures are looked at in the size of
the first PICTURE; the style image is not enlarged. A picture of 512 px takes about 6 seconds.

Options:
${flagHelp(FLAGS)}

Example:
  deno task judge notebooks/images/content/eilean-donan.jpg \\
    notebooks/images/style/church-at-auvers.jpg mixed.png

${EXIT_CODES}; it counts as failed if one of several pictures could not be judged.`;

/** One line of the table. */
type Row = { picture: string } & Judgment;

/** Judges one picture after the other, the first makes the judge; prints what fails and goes on. */
async function judgeAll(contentPath: string, stylePath: string, paths: string[]): Promise<Row[]> {
  const [content, style] = await Promise.all(
    [contentPath, stylePath].map(placeOf).map((path) => readPicture(path)),
  );
  const network = await loadVgg16();
  const rows: Row[] = [];
  let judge: Judge | undefined;
  try {
    for (const path of paths) {
      try {
        const mixed = await readPicture(placeOf(path));
        judge ??= await createJudge(network, content!, style!, mixed);
        rows.push({ picture: path, ...await judge(mixed) });
      } catch (error) {
        console.error(printable(`${path}: ${(error as Error).message}`));
      }
    }
  } finally {
    network.dispose();
  }
  return rows;
}

function tableOf(rows: Row[]): string {
  const heads = ["style", "patch", "content", "edges", "grain"] as const;
  const layers = Object.keys(rows[0]!.layers);
  return alignColumns([
    ["picture", ...heads, ...layers],
    ...rows.map((row) => [
      row.picture,
      ...heads.map((head) => row[head].toFixed(head === "grain" ? 2 : 3)),
      ...layers.map((layer) => row.layers[layer]!.toFixed(2)),
    ]),
  ]);
}

async function main(args: string[]): Promise<number> {
  const { values, words } = parseCommand(args, FLAGS);
  if (values.help) return console.log(HELP), 0;
  const [content, style, ...pictures] = words;
  if (content === undefined || style === undefined || pictures.length === 0) {
    throw new UsageError("Cannot judge without CONTENT, STYLE and at least one PICTURE");
  }
  const rows = await judgeAll(content, style, pictures);
  if (values.json) console.log(JSON.stringify(rows, null, 2));
  else if (rows.length > 0) console.log(tableOf(rows));
  return rows.length === pictures.length ? 0 : 1;
}

if (import.meta.main) exitCodeOf("judge", () => main(Deno.args)).then(Deno.exit);
