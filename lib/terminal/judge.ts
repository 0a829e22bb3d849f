/**
 * Judges mixed images from a terminal: `deno task judge CONTENT STYLE PICTURE…`.
 *
 * @module
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { alignColumns } from "../base/words.ts";
import { loadVgg16 } from "../network/vgg.ts";
import { readPicture } from "../picture/read.ts";
import { createJudge, type Judge, type Judgment } from "../run/judge/judge.ts";

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
  --json      print an array of objects instead of a table
  -h, --help  print this

Example:
  deno task judge notebooks/images/content/eilean-donan.jpg \\
    notebooks/images/style/church-at-auvers.jpg mixed.png

Exit codes: 0 done, 1 failed (with some of several pictures, too), 2 wrong usage.`;

/** One line of the table. */
type Row = { picture: string } & Judgment;

/** A path as the user means it: `deno task` changes to the project's folder. */
const here = (path: string) => resolve(Deno.env.get("INIT_CWD") || Deno.cwd(), path);

/** Judges one picture after the other, the first makes the judge; prints what fails and goes on. */
async function judgeAll(contentPath: string, stylePath: string, paths: string[]): Promise<Row[]> {
  const [content, style] = await Promise.all(
    [contentPath, stylePath].map(here).map((path) => readPicture(path)),
  );
  const network = await loadVgg16();
  const rows: Row[] = [];
  let judge: Judge | undefined;
  try {
    for (const path of paths) {
      try {
        const mixed = await readPicture(here(path));
        judge ??= await createJudge(network, content!, style!, mixed);
        rows.push({ picture: path, ...await judge(mixed) });
      } catch (error) {
        console.error(`${path}: ${(error as Error).message}`);
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
  let typed;
  try {
    typed = parseArgs({
      args,
      allowPositionals: true,
      options: { json: { type: "boolean" }, help: { type: "boolean", short: "h" } },
    });
    const [content, style, ...pictures] = typed.positionals;
    if (typed.values.help) return console.log(HELP), 0;
    if (!content || !style || pictures.length === 0) {
      throw new Error("Cannot judge without CONTENT, STYLE and at least one PICTURE");
    }
    const rows = await judgeAll(content, style, pictures);
    if (typed.values.json) console.log(JSON.stringify(rows, null, 2));
    else if (rows.length > 0) console.log(tableOf(rows));
    return rows.length === pictures.length ? 0 : 1;
  } catch (error) {
    console.error((error as Error).message);
    if (typed && typed.positionals.length > 2) return 1;
    console.error("Try: deno task judge --help");
    return 2;
  }
}

if (import.meta.main) main(Deno.args).then(Deno.exit);
