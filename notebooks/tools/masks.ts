/**
 * Draws the masks of the pictures whose regions notebook 16 paints: polygons over each other, a colour for
 * each region, beside the picture as `NAME.regions.png`. `deno run -A notebooks/tools/masks.ts` writes them
 * anew; their edges are as soft as a pixel.
 *
 * @module
 */
import { Resvg } from "@resvg/resvg-js";

/** Corners as an SVG path has them, in pixels of the picture. */
type Region = { color: string; corners: string };

const [SKY, BUILDING, GROUND] = ["#0000ff", "#ff0000", "#00ff00"] as const;

/** What is drawn over ground that covers everything. */
const MASKS: Record<string, { width: number; height: number; regions: Region[] }> = {
  "content/eilean-donan": {
    width: 680,
    height: 453,
    regions: [
      {
        color: SKY,
        corners:
          "0,0 680,0 680,92 650,88 610,88 575,89 555,87 530,82 505,76 480,71 445,71 420,77 " +
          "390,85 355,89 325,94 300,102 270,110 240,119 220,128 197,138 165,144 130,159 100,173 " +
          "80,182 60,180 45,177 30,168 17,168 0,177",
      },
      {
        color: BUILDING,
        corners:
          "178,256 227,256 229,243 267,243 267,236 282,226 286,214 290,223 319,224 319,168 " +
          "328,168 328,132 338,132 339,142 384,142 385,138 396,138 397,146 408,143 408,134 426,134 " +
          "428,140 442,152 441,209 449,206 457,207 463,231 463,248 471,248 473,236 511,235 511,302 " +
          "497,301 478,286 440,272 437,259 390,258 340,262 322,264 300,262 270,266 262,285 236,284 " +
          "226,264 205,256 178,268",
      },
    ],
  },
  "style/church-at-auvers": {
    width: 397,
    height: 500,
    regions: [
      {
        color: SKY,
        corners: "0,0 397,0 397,268 380,268 300,260 60,262 45,261 35,275 28,264 10,258 0,260",
      },
      {
        color: BUILDING,
        corners:
          "42,343 55,310 54,285 50,262 60,240 66,238 66,213 85,203 105,190 135,166 172,159 190,124 204,140 " +
          "200,92 204,63 218,46 228,30 240,47 262,54 264,72 286,92 292,112 290,164 318,163 341,166 " +
          "342,147 351,148 353,178 366,215 384,243 386,290 390,333 362,342 290,328 210,330 130,334 " +
          "70,345",
      },
    ],
  },
};

for (const [name, { width, height, regions }] of Object.entries(MASKS)) {
  const polygons = regions.map(({ color, corners }) =>
    `<polygon fill="${color}" points="${corners}"/>`
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
    `<rect width="100%" height="100%" fill="${GROUND}"/>${polygons.join("")}</svg>`;
  const path = new URL(`../images/${name}.regions.png`, import.meta.url);
  Deno.writeFileSync(path, new Resvg(svg).render().asPng());
  console.log(`${name}.regions.png: ${width}x${height}`);
}
