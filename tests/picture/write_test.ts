import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { pathToFileURL } from "node:url";
import type { Picture } from "../../lib/picture/picture.ts";
import { readPicture } from "../../lib/picture/read.ts";
import { checkWritable, encodePicture, writePicture } from "../../lib/picture/write.ts";
import { assertAllClose } from "../helpers/assert.ts";
import { scene } from "../helpers/picture_golden.ts";

/** Runs `test` in a new folder, which must hold `left` and nothing else afterwards. */
async function inFolder(test: (folder: string) => Promise<void>, left: string[]): Promise<void> {
  const folder = Deno.makeTempDirSync();
  try {
    await test(folder);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), left);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("writePicture() writes PNG exactly and JPEG closely, by extension, to paths and URLs", () =>
  inFolder(async (folder) => {
    const picture = scene(31, 17);
    await writePicture(picture, `${folder}/a.png`);
    assertEquals(await readPicture(`${folder}/a.png`), picture);
    await writePicture(picture, pathToFileURL(`${folder}/b c.PNG`));
    assertEquals(await readPicture(`${folder}/b c.PNG`), picture);
    await writePicture(picture, `${folder}/c.jpg`, { quality: 95 });
    await writePicture(picture, `${folder}/d.JPEG`, { quality: 95 });
    assertEquals(Deno.readFileSync(`${folder}/c.jpg`), Deno.readFileSync(`${folder}/d.JPEG`));
    assertEquals([...Deno.readFileSync(`${folder}/c.jpg`).subarray(0, 2)], [0xff, 0xd8]);
    const { data } = await readPicture(`${folder}/c.jpg`);
    const mean = data.reduce((sum, v, i) => sum + Math.abs(v - picture.data[i]!), 0) / data.length;
    assert(mean < 3, `mean difference ${mean}`);
  }, ["a.png", "b c.PNG", "c.jpg", "d.JPEG"]));

Deno.test("writePicture() and readPicture() take pictures of 1x1 and 1x2000", () =>
  inFolder(async (folder) => {
    for (const [width, height] of [[1, 1], [1, 2000], [2000, 1]] as const) {
      const data = Float32Array.from({ length: width * height * 3 }, (_, i) => (i * 7) % 256);
      await writePicture({ width, height, data }, `${folder}/a.png`);
      assertEquals(await readPicture(`${folder}/a.png`), { width, height, data });
      await writePicture({ width, height, data }, `${folder}/a.jpg`);
      const small = await readPicture(`${folder}/a.jpg`, { maxSize: 300 });
      const longer = Math.max(width, height);
      assertEquals([small.width, small.height], [width, height].map((s) => s === longer ? 300 : 1));
    }
  }, ["a.jpg", "a.png"]));

Deno.test("writePicture() replaces an older file, and keeps it when writing fails", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.png`;
    await writePicture(scene(5, 4), path);
    await writePicture(scene(9, 8), path);
    assertEquals(await readPicture(path), scene(9, 8));
    const broken: Picture = { width: 9, height: 8, data: new Float32Array(3) };
    await assertRejects(() => writePicture(broken, path), RangeError, "the picture's data must be");
    assertEquals(await readPicture(path), scene(9, 8));
    const long = `${folder}/${"n".repeat(252)}.png`;
    await assertRejects(() => writePicture(scene(5, 4), long), Error, "at most 255 bytes long");
  }, ["a.png"]));

for (
  const [name, act] of [
    ["writePicture()", (path: string | URL) => writePicture(scene(5, 4), path)],
    ["checkWritable()", (path: string | URL) => checkWritable(path)],
  ] as const
) {
  Deno.test(`${name} says why it cannot write, and leaves nothing behind`, () =>
    inFolder(async (folder) => {
      for (const path of [`${folder}/a.gif`, `${folder}/a`, `${folder}/png`]) {
        await assertRejects(
          () => act(path),
          RangeError,
          `Cannot write the picture "${path}" as its extension must be one of .png, .jpg, .jpeg: `,
        );
      }
      await assertRejects(
        () => act(`${folder}/none/a.png`),
        Error,
        `as its folder must exist (create it first): current value is "${folder}/none"`,
      );
      Deno.writeTextFileSync(`${folder}/file`, "");
      await assertRejects(() => act(`${folder}/file/a.png`), Error, "its folder must exist");
      Deno.mkdirSync(`${folder}/folder.png`);
      await assertRejects(() => act(`${folder}/folder.png`), Error, "current value is a folder, ");
      await assertRejects(() => act(new URL("http://a/b.png")), TypeError, "its address must be");
    }, ["file", "folder.png"]));

  Deno.test({
    name: `${name} finds out that a folder takes no files`,
    ignore: Deno.build.os !== "linux", // /proc is a folder in which nobody can create a file
    async fn() {
      const error = await assertRejects(() => act("/proc/a.png"), Error);
      assertStringIncludes(
        error.message,
        'Cannot write the picture "/proc/a.png" as its folder must',
      );
    },
  });
}

Deno.test("checkWritable() leaves no file, and does not touch one that is there", () =>
  inFolder(async (folder) => {
    await checkWritable(`${folder}/new.png`);
    await checkWritable(`${folder}/new.jpg`);
    Deno.writeTextFileSync(`${folder}/old.png`, "old");
    await checkWritable(`${folder}/old.png`);
    assertEquals(Deno.readTextFileSync(`${folder}/old.png`), "old");
  }, ["old.png"]));

Deno.test("writePicture() leaves permissions to the system, as for any new file", {
  ignore: Deno.build.os === "windows",
}, () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/plain`, "");
    await writePicture(scene(5, 4), `${folder}/a.png`);
    assertEquals(
      Deno.statSync(`${folder}/a.png`).mode,
      Deno.statSync(`${folder}/plain`).mode,
    );
  }, ["a.png", "plain"]));

Deno.test("encodePicture() clips to 0–255 and rounds to the nearest level", async () => {
  const data = Float32Array.of(-5, 0.4, 0.6, 99.51, 254.6, 300);
  const read = await readPicture(encodePicture({ width: 2, height: 1, data }, "png"));
  assertEquals([...read.data], [0, 0, 1, 100, 255, 255]);
});

Deno.test("encodePicture() as JPEG is close, and smaller at a lower quality", async () => {
  const picture = scene(64, 48);
  const good = encodePicture(picture, "jpeg", { quality: 95 });
  const poor = encodePicture(picture, "jpeg", { quality: 20 });
  assert(poor.length < good.length, `${poor.length} bytes at 20, ${good.length} at 95`);
  assertAllClose((await readPicture(good)).data, picture.data, { rtol: 0, atol: 20 });
  for (const quality of [0, 101, NaN]) {
    assertThrows(() => encodePicture(picture, "jpeg", { quality }), RangeError, "quality must be");
  }
  // deno-lint-ignore no-explicit-any
  assertThrows(() => encodePicture(picture, "gif" as any), RangeError, "must be one of png, jpeg");
});

Deno.test("encodePicture() keeps metadata in a PNG", async () => {
  const picture = scene(5, 4);
  const bytes = encodePicture(picture, "png", { metadata: { Software: "Stylebook", seed: "7" } });
  const text = new TextDecoder("latin1").decode(bytes);
  assertStringIncludes(text, "tEXtSoftware\0Stylebook");
  assertStringIncludes(text, "tEXtseed\0" + "7");
  assertEquals((await readPicture(bytes)).data, picture.data);
  for (const metadata of [{ "": "x" }, { ["k".repeat(80)]: "x" }, { Title: "星" }]) {
    assertThrows(
      () => encodePicture(picture, "png", { metadata: metadata as Record<string, string> }),
      RangeError,
      "metadata must be Latin-1",
    );
  }
  assertThrows(
    () => encodePicture(picture, "jpeg", { metadata: { a: "b" } }),
    RangeError,
    "metadata needs PNG",
  );
});

Deno.test("encodePicture() and writePicture() refuse unknown options and values that are no numbers", async () => {
  const loose = encodePicture as (...args: unknown[]) => Uint8Array;
  assertThrows(
    () => loose(scene(5, 4), "jpeg", { Quality: 3 }),
    TypeError,
    "Cannot encode a picture as its options must be among quality, metadata (did you mean quality?)",
  );
  const data = new Float32Array(3).fill(NaN);
  assertThrows(() => loose({ width: 1, height: 1, data }, "png"), RangeError, "a finite number");
  await assertRejects(
    () => writePicture(Promise.resolve(scene(5, 4)) as unknown as Picture, "no/where.png"),
    TypeError,
    "did you forget `await`?",
  );
});
