/**
 * Draws `notebooks/images/flowchart.png` from the sample pictures:
 * `deno run -A notebooks/tools/flowchart.ts MIXED.png`, where MIXED is the result of a run of
 * `content/eilean-donan.jpg` and `style/langlois-bridge.jpg`.
 *
 * @module
 */
import { encodePicture, readPicture } from "stylebook";
import { drawLines, rasterize, svgDocument } from "../../lib/display/svg.ts";

const images = new URL("../images/", import.meta.url);
const [WIDTH, HEIGHT] = [960, 520];
const [CONTENT, MIXED, STYLE, LOSS] = ["#0072b2", "#555555", "#d55e00", "#009e73"];

type Box = { x: number; y: number; w: number; h: number };

async function photograph(
  source: string | URL,
  { x, y, w, h }: Box,
  title: string,
  colour: string,
) {
  const picture = await readPicture(source, { maxSize: 400 });
  const data = encodePicture(picture, "png").toBase64();
  return `<clipPath id="${
    title.replaceAll(" ", "")
  }"><rect x="${x}" y="${y}" width="${w}" height="${h}" rx="6"/></clipPath>` +
    `<image href="data:image/png;base64,${data}" x="${x}" y="${y}" width="${w}" height="${h}" ` +
    `preserveAspectRatio="xMidYMid slice" clip-path="url(#${title.replaceAll(" ", "")})"/>` +
    `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="6" fill="none" stroke="${colour}" stroke-width="3"/>` +
    drawLines([title], {
      x: x + w / 2,
      y: y - 20,
      size: 14,
      anchor: "middle",
      bold: true,
      fill: colour,
    });
}

function box({ x, y, w, h }: Box, lines: string[], colour: string, bold = true): string {
  const top = y + h / 2 - (lines.length * 13 * 1.25) / 2;
  return `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="8" fill="${colour}" fill-opacity="0.12" ` +
    `stroke="${colour}" stroke-width="2"/>` +
    drawLines([lines[0]!], { x: x + w / 2, y: top, size: 13, anchor: "middle", bold }) +
    drawLines(lines.slice(1), { x: x + w / 2, y: top + 16, size: 12, anchor: "middle" });
}

function arrow(points: [number, number][], colour: string): string {
  const path = points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${x} ${y}`).join(" ");
  return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2.5" ` +
    `stroke-linejoin="round" marker-end="url(#head${colour.slice(1)})"/>`;
}

function heads(): string {
  const head = (colour: string) =>
    `<marker id="head${colour.slice(1)}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" ` +
    `markerHeight="7" orient="auto"><path d="M0 0L10 5L0 10z" fill="${colour}"/></marker>`;
  return `<defs>${[CONTENT, MIXED, STYLE, LOSS].map(head).join("")}</defs>`;
}

const [mixed] = Deno.args;
if (!mixed) throw new Error("Cannot draw without the mixed image: give its path");

const rows = [50, 210, 370];
const picture = (row: number): Box => ({ x: 24, y: rows[row]!, w: 172, h: 114 });
const network = (row: number): Box => ({ x: 260, y: rows[row]! + 22, w: 120, h: 70 });
const middle = (row: number) => rows[row]! + 57;

const body = [
  heads(),
  await photograph(
    new URL("content/eilean-donan.jpg", images),
    picture(0),
    "content image",
    CONTENT,
  ),
  await photograph(mixed, picture(1), "mixed image", MIXED),
  await photograph(new URL("style/langlois-bridge.jpg", images), picture(2), "style image", STYLE),
  box(network(0), ["VGG-16", "once"], CONTENT),
  box(network(1), ["VGG-16", "every iteration"], MIXED),
  box(network(2), ["VGG-16", "once"], STYLE),
  ...[CONTENT, MIXED, STYLE].map((colour, row) =>
    arrow([[198, middle(row)], [257, middle(row)]], colour)
  ),
  box(
    { x: 470, y: 72, w: 200, h: 70 },
    ["content loss", "mean squared difference", "of features"],
    LOSS,
  ),
  box({ x: 470, y: 392, w: 200, h: 70 }, [
    "style loss",
    "mean squared difference",
    "of Gram matrices",
  ], LOSS),
  box({ x: 470, y: 295, w: 200, h: 52 }, ["denoise loss", "differences of neighbours"], LOSS),
  arrow([[382, middle(0)], [467, middle(0)]], CONTENT),
  arrow([[382, middle(2)], [467, middle(2)]], STYLE),
  arrow([[382, 257], [425, 257], [425, 125], [467, 125]], MIXED),
  arrow([[382, 277], [425, 277], [425, 410], [467, 410]], MIXED),
  arrow([[110, 326], [110, 338], [445, 338], [445, 321], [467, 321]], MIXED),
  box({ x: 760, y: 232, w: 176, h: 70 }, ["weighted sum", "weight × adjustment × loss"], LOSS),
  arrow([[672, 107], [848, 107], [848, 229]], LOSS),
  arrow([[672, 427], [848, 427], [848, 305]], LOSS),
  arrow([[672, 321], [715, 321], [715, 277], [757, 277]], LOSS),
  arrow([[757, 250], [640, 250], [640, 190], [225, 190], [225, 232], [199, 232]], LOSS),
  drawLines(["gradient: change the pixels, so that the sum gets smaller"], {
    x: 430,
    y: 170,
    size: 12,
    anchor: "start",
    fill: "#00694d",
  }),
];

const svg = svgDocument(WIDTH, HEIGHT, body.join(""));
await Deno.writeFile(new URL("flowchart.png", images), rasterize(svg, 1.5).asPng());
