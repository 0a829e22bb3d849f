// Runs alone: it measures seconds.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import { crc32, deflateSync } from "node:zlib";
import { readPicture } from "../../lib/picture/read.ts";
import { encodePicture } from "../../lib/picture/write.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { GOLDEN, GOLDEN_FOLDER, scene, unpack } from "../helpers/picture_golden.ts";

const read = (name: string) => readPicture(new URL(name, GOLDEN_FOLDER));
const bytesOf = (name: string) => Deno.readFileSync(new URL(name, GOLDEN_FOLDER));
const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** Kinds of file that the decoders would get wrong or do not know, and what the message names. */
const REFUSED: Record<string, string> = { "rgba.bmp": "BMP of 32 bits" };

/** How far, on average and at most, a file may be from Pillow's reading of it, in levels. */
function tolerance(name: string): { mean: number; max: number } {
  // The same libraries in other versions, or another order of rounding.
  if (/jpg$/.test(name)) return { mean: 0.7, max: 3 };
  if (/avif$|p3/.test(name)) return { mean: 1, max: 3 };
  // Pillow writes a palette of 16 bits as 256, not 257, times the level.
  if (name === "palette.tif") return { mean: 1, max: 1 };
  return { mean: 0.01, max: 0.01 };
}

for (const [name, row] of Object.entries(GOLDEN.decoded)) {
  if (name in REFUSED) {
    Deno.test(`readPicture() refuses ${name} and names its kind`, async () => {
      const error = await assertRejects(() => read(name), RangeError, REFUSED[name]);
      assertStringIncludes(error.message, `${name}" as it must be of a common kind`);
    });
    continue;
  }
  Deno.test(`readPicture() reads ${name} as Pillow does`, async () => {
    const { width, height, data } = await read(name);
    assertEquals([width, height], [row.width, row.height]);
    const expected = unpack(row.rgb, row.type);
    assertEquals(data.length, expected.length);
    const differences = expected.map((value, i) => Math.abs(data[i]! - value));
    const mean = differences.reduce((sum, d) => sum + d, 0) / differences.length;
    const max = Math.max(...differences);
    const allowed = tolerance(name);
    assert(mean <= allowed.mean && max <= allowed.max, `mean ${mean}, max ${max}`);
  });
}

Deno.test("readPicture() rounds the colors of a JPEG, which makes it neither darker nor lighter", async () => {
  for (const name of ["baseline-444.jpg", "baseline-422.jpg", "baseline-420.jpg"]) {
    const row = GOLDEN.decoded[name]!;
    const { data } = await read(name);
    const sum = unpack(row.rgb, row.type).reduce((sum, value, i) => sum + data[i]! - value, 0);
    // Without rounding it would be -0.4.
    assert(Math.abs(sum / data.length) < 0.15, `${name}: ${sum / data.length}`);
  }
});

Deno.test("readPicture() composes alpha on white: c a + 255 (1 - a)", async () => {
  const { data } = await read("rgba.png");
  // Top left: alpha 0, so white whatever the colour; top right: alpha 255, so the colour, red 240.
  assertEquals([...data.subarray(0, 3)], [255, 255, 255]);
  assertEquals(data[22 * 3], 240);
});

Deno.test("readPicture() keeps the fractions of 16 bits: 257 of 65535 is one level of 255", async () => {
  const { data } = await read("rgb-16-bit.png");
  // The script's first row is 100 / 257 above whole levels.
  assertAllClose(data.subarray(0, 1), [20 + 100 / 257], { rtol: 1e-6 });
});

Deno.test("readPicture() takes paths, file URLs, their text, and bytes within a larger buffer", async () => {
  const url = new URL("rgb.png", GOLDEN_FOLDER);
  const expected = await readPicture(url);
  assertEquals(await readPicture(fileURLToPath(url)), expected);
  assertEquals(await readPicture(url.href), expected);
  for (
    const name of [
      "rgb.png",
      "baseline-444.jpg",
      "orientation-6.tif",
      "grey-16-bit.tif",
      "palette.bmp",
    ]
  ) {
    const bytes = bytesOf(name);
    const larger = new Uint8Array(bytes.length + 20).fill(0x55);
    larger.set(bytes, 7);
    assertEquals(await readPicture(larger.subarray(7, 7 + bytes.length)), await read(name), name);
  }
  await assertRejects(
    () => readPicture(3 as unknown as string),
    TypeError,
    "a path, a URL or bytes must be given: current value is 3",
  );
  await assertRejects(
    () => readPicture(new URL("ftp://a/b.png")),
    TypeError,
    "its address must be",
  );
});

Deno.test("readPicture() of a file cut short anywhere is an error, never half a picture", async () => {
  const names = [
    ...["baseline-420.jpg", "progressive.jpg", "cmyk.jpg", "rgb.png", "palette-4-bit.png"],
    ...[
      "rgb.tif",
      "rgb-lzw.tif",
      "lossy.webp",
      "lossless.webp",
      "photo.avif",
      "frames.gif",
      "rgb.bmp",
    ],
  ];
  for (const name of names) {
    const bytes = bytesOf(name);
    // The end chunk of a PNG, 12 bytes, holds nothing, so that it may be missing; of the animation only
    // the first frame is read.
    const whole = bytes.length - (name.endsWith(".png") ? 12 : 0);
    const last = name.endsWith(".gif") ? bytes.length / 3 : whole;
    for (let length = 0; length < last; length += length > last - 20 ? 1 : 9) {
      const error = await assertRejects(
        () => readPicture(bytes.subarray(0, length)),
        RangeError,
        "Cannot read the picture of ",
      );
      assert(/must be complete|must hold|must be one of/.test(error.message), error.message);
    }
  }
});

Deno.test("readPicture() of a PNG with one wrong bit is an error: checksums are compared", async () => {
  const bytes = bytesOf("rgb-16-bit.png");
  bytes[bytes.length - 200]! ^= 4;
  await assertRejects(
    () => readPicture(bytes),
    RangeError,
    "the PNG must be complete and undamaged",
  );
});

Deno.test("readPicture() says what is wrong with a file", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const path = `${folder}/picture.png`;
    await assertRejects(
      () => readPicture(path),
      Error,
      `Cannot read the picture "${path}" as there must be a file at its path: current value is "${path}"`,
    );
    await assertRejects(() => readPicture(folder), Error, `current value is a folder, ${folder}`);
    Deno.writeTextFileSync(path, "");
    await assertRejects(
      () => readPicture(path),
      RangeError,
      "must hold a picture: current value is 0 bytes",
    );
    Deno.writeTextFileSync(path, "These are words, not pixels.\n");
    await assertRejects(
      () => readPicture(path),
      RangeError,
      "its content must be one of PNG, JPEG, TIFF, WebP, AVIF, GIF, BMP (convert other formats first): " +
        "current value is text",
    );
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("readPicture() names the formats that it recognises but does not read", async () => {
  const starts: [start: string, name: string][] = [
    ["\0\0\0\x18ftypheic", "HEIC"],
    ["\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC"],
    ["version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer"],
    ["\0\0\0\x18ftypisom", "a video"],
    ["\xff\x0a\xfa\x1f", "JPEG XL"],
    ["%PDF-1.7", "PDF"],
    ["8BPS\0\x01", "a Photoshop file"],
    ["<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG or XML"],
    ["\n<!DOCTYPE html>\n<html>", "a web page (HTML)"],
    ["\0\x01\x02\x03", "of no known format"],
  ];
  for (const [start, name] of starts) {
    await assertRejects(() => readPicture(latin1(start)), RangeError, `current value is ${name}`);
  }
});

Deno.test("readPicture() refuses an absurd declared size before it decodes", async () => {
  const png = bytesOf("rgb.png");
  new DataView(png.buffer).setUint32(16, 100_000);
  new DataView(png.buffer).setUint32(20, 100_000);
  const bmp = bytesOf("rgb.bmp");
  new DataView(bmp.buffer).setInt32(18, 100_000, true);
  new DataView(bmp.buffer).setInt32(22, 100_000, true);
  const jpeg = bytesOf("baseline-420.jpg");
  const frame = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0);
  new DataView(jpeg.buffer).setUint16(frame + 5, 65_500);
  new DataView(jpeg.buffer).setUint16(frame + 7, 65_500);
  const tiff = bytesOf("rgb.tif"); // its first two fields are the width and the height, of type long
  const fields = new DataView(tiff.buffer).getUint32(4, true) + 2;
  for (const field of [fields, fields + 12]) {
    new DataView(tiff.buffer).setUint16(field + 2, 4, true);
    new DataView(tiff.buffer).setUint32(field + 8, 100_000, true);
  }
  const start = performance.now();
  for (
    const [bytes, size] of [
      [png, "100000x100000"],
      [bmp, "100000x100000"],
      [jpeg, "65500x65500"],
      [tiff, "100000x100000"],
    ] as const
  ) {
    await assertRejects(
      () => readPicture(bytes),
      RangeError,
      `its size must be from 1x1 to 100 megapixels: current value is ${size}`,
    );
  }
  assert(performance.now() - start < 1000);
});

Deno.test("readPicture() reads an AVIF whose first brand is that of any HEIF", async () => {
  const bytes = bytesOf("photo.avif");
  bytes.set(latin1("mif1"), 8);
  assertEquals((await readPicture(bytes)).data, (await read("photo.avif")).data);
});

Deno.test("readPicture() of a HEIC says how to come by another format", async () => {
  await assertRejects(
    () => readPicture(latin1("\0\0\0\x18ftypheic")),
    RangeError,
    "(on an iPhone choose Settings, Camera, Formats, Most Compatible; elsewhere export it as JPEG)",
  );
});

Deno.test("readPicture() refuses at once what claims more than it holds, and two frame headers", async () => {
  const refused: Record<string, string> = {
    "refused-wide.png": "the PNG must be complete and undamaged: current value is 65 bytes " +
      "(100000000x1 pixels cannot be in so few)",
    "refused-two-frames.jpg": "the JPEG must be complete and undamaged",
    "refused-float.tif": "it must be of a common kind (save it as an 8-bit PNG or JPEG): " +
      "current value is samples of float",
  };
  await read("rgb.png"); // the library is loaded
  const { rss } = Deno.memoryUsage();
  for (const [name, message] of Object.entries(refused)) {
    const start = performance.now();
    await assertRejects(() => read(name), RangeError, message);
    assert(performance.now() - start < 2000, name);
  }
  const grown = (Deno.memoryUsage().rss - rss) / 1e6;
  assert(grown < 100, `${grown} MB`);
});

Deno.test("readPicture() takes no memory for what a PNG holds beyond its pixels", async () => {
  // 200 MB of zeros after the rows, and again in a profile; 0.2 MB each when compressed.
  const zeros = deflateSync(new Uint8Array(2e8));
  const chunk = (name: string, data: Uint8Array) => {
    const bytes = new Uint8Array(data.length + 12);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, data.length);
    bytes.set(latin1(name), 4);
    bytes.set(data, 8);
    view.setUint32(data.length + 8, crc32(bytes.subarray(4, data.length + 8)));
    return bytes;
  };
  const plain = bytesOf("rgb.png");
  const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
  const head = plain.subarray(0, 33);
  const profile = chunk("iCCP", join(latin1("x\0\0"), zeros));
  const inflated = join(head, profile, plain.subarray(33));
  const longer = join(head, chunk("IDAT", zeros), plain.subarray(-12));
  const { rss } = Deno.memoryUsage();
  assertEquals((await readPicture(inflated)).data, (await read("rgb.png")).data);
  await readPicture(longer); // black, but of 17 rows
  const grown = (Deno.memoryUsage().rss - rss) / 1e6;
  assert(grown < 100, `${grown} MB`);
});

Deno.test("readPicture() converts Display P3 to sRGB, and names a profile that it cannot apply", async () => {
  const { data } = await read("display-p3-red.png");
  assertEquals([...data.subarray(0, 3)], [255, 0, 0]);
  const notes: string[] = [];
  const onNote = (line: string) => notes.push(line);
  for (const name of ["display-p3.png", "display-p3.jpg", "rgb.png", "cmyk.jpg"]) {
    await readPicture(bytesOf(name), { onNote });
  }
  assertEquals(notes, []);
  for (const name of ["no-profile.png", "no-profile.jpg"]) {
    await readPicture(new URL(name, GOLDEN_FOLDER), { onNote });
    const path = fileURLToPath(new URL(name, GOLDEN_FOLDER));
    assertStringIncludes(
      notes.pop() ?? "",
      `The picture "${path}" has a color profile that is not applied: `,
    );
  }
});

Deno.test("readPicture() without sharp's library reads BMP, and says of others what to do", async () => {
  const root = new URL("../../", import.meta.url);
  const { imports } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  imports["sharp"] = "data:text/javascript,throw new Error('nothing for this system')";
  const folder = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${folder}/map.json`, JSON.stringify({ imports }));
    Deno.writeTextFileSync(
      `${folder}/script.ts`,
      `import { readPicture } from "${new URL("lib/picture/read.ts", root)}";
      console.log((await readPicture("${fileURLToPath(new URL("rgb.bmp", GOLDEN_FOLDER))}")).width);
      await readPicture("${fileURLToPath(new URL("rgb.png", GOLDEN_FOLDER))}")
        .catch((error) => console.log(error.message));`,
    );
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", `--import-map=${folder}/map.json`, `${folder}/script.ts`],
    }).output();
    const [width, message] = new TextDecoder().decode(stdout).split("\n");
    assertEquals(width, "23", new TextDecoder().decode(stderr));
    assertStringIncludes(message!, 'rgb.png" as the library sharp must be there for this system (');
    assertStringIncludes(message!, "`deno install --reload`; BMP pictures are read without it)");
    assertStringIncludes(message!, "nothing for this system");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("readPicture() over HTTP: the picture, 404, a web page, an answer cut short, no server", async () => {
  const picture = bytesOf("rgb.png");
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/rgb.png") return new Response(picture);
    if (pathname === "/moved.png") return Response.redirect(new URL("/rgb.png", request.url));
    if (pathname === "/page.png") return new Response("<html><body>Sign in</body></html>");
    if (pathname === "/half.png") return new Response(picture.subarray(0, 200));
    return new Response("nothing", { status: 404 });
  });
  const site = `http://127.0.0.1:${server.addr.port}`;
  const expected = await read("rgb.png");
  assertEquals(await readPicture(`${site}/rgb.png`), expected);
  assertEquals(await readPicture(new URL(`${site}/moved.png`)), expected);
  await assertRejects(
    () => readPicture(`${site}/none.png`),
    Error,
    `Cannot read the picture "${site}/none.png" as the server must have it: current value is the answer 404`,
  );
  await assertRejects(() => readPicture(`${site}/page.png`), RangeError, "a web page (HTML)");
  await assertRejects(() => readPicture(`${site}/half.png`), RangeError, "must be complete");
  await server.shutdown();
  await assertRejects(
    () => readPicture(`${site}/rgb.png`),
    Error,
    "the server must answer in full",
  );
});

Deno.test("readPicture() takes an exact size, but not together with maxSize", async () => {
  const bytes = encodePicture(scene(23, 17), "png");
  const { width, height } = await readPicture(bytes, { size: [9, 30] });
  assertEquals([width, height], [9, 30]);
  await assertRejects(
    () => readPicture(bytes, { size: [9, 30], maxSize: 4 }),
    RangeError,
    "only one of maxSize and size may be given: current value is [4, [9, 30]]",
  );
  await assertRejects(() => readPicture(bytes, { size: [9, 0] }), RangeError, "size[1] must be");
  await assertRejects(() => readPicture(bytes, { maxSize: 0 }), RangeError, "maxSize must be");
});

Deno.test("readPicture() enlarges where a size is above the picture's own, and says so", async () => {
  const bytes = encodePicture(scene(23, 17), "png");
  const notes: string[] = [];
  const onNote = (line: string) => notes.push(line);
  const { width, height } = await readPicture(bytes, { maxSize: 46, onNote });
  assertEquals([width, height], [46, 34]);
  assertEquals(notes, [`The picture of ${bytes.length} bytes is enlarged from 23x17 to 46x34`]);
  await readPicture(bytes, { size: [10, 18], onNote });
  assertEquals(notes.length, 2);
  for (const options of [{}, { maxSize: 23 }, { maxSize: 9 }, { size: [23, 5] as const }]) {
    await readPicture(bytes, { ...options, onNote });
  }
  assertEquals(notes.length, 2);
});

Deno.test("readPicture() refuses unknown options and a promise", async () => {
  const loose = readPicture as (...args: unknown[]) => Promise<unknown>;
  await assertRejects(
    () => loose("a.png", { max_size: 300 }),
    TypeError,
    'Cannot read the picture "a.png" as its options must be among maxSize, size, kernel, onNote ' +
      '(did you mean maxSize?): current value is "max_size"',
  );
  await assertRejects(() => loose("a.png", { kernel: "sharp" }), RangeError, "one of lanczos, ");
  await assertRejects(() => loose(Promise.resolve("a.png")), TypeError, "did you forget `await`?");
});
