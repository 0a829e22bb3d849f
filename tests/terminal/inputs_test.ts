import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { VGG16 } from "../../lib/network/vgg.ts";
import { gatys } from "../../lib/run/presets.ts";
import { UsageError } from "../../lib/terminal/command.ts";
import { checkOutputs, checkRoles, checkSizes, pictureIn } from "../../lib/terminal/inputs.ts";
import { inFolder, namesIn } from "../helpers/folder.ts";
import { noisePicture } from "../helpers/stub.ts";

Deno.test("a file is not both read and written, whatever links lead to it", () =>
  inFolder(async (folder) => {
    const path = (name: string) => join(folder, name);
    await Deno.writeTextFile(path("photo.png"), "x");
    const refuse = (read: Record<string, string>, written: Record<string, string>) =>
      assertRejects(() => checkRoles(read, written), UsageError, "must be different files");
    await refuse({ CONTENT: path("photo.png") }, { "--out": path("photo.png") });
    await refuse({ CONTENT: path("photo.png") }, { "--out": path("./x/../photo.png") });
    await refuse({}, { "--out": path("t.png"), "--trace": path("t.png") });
    if (Deno.build.os !== "windows") {
      await Deno.symlink(path("photo.png"), path("link.png"));
      await refuse({ STYLE: path("photo.png") }, { "--trace": path("link.png") });
      await Deno.mkdir(path("real"));
      await Deno.symlink(path("real"), path("other"));
      await refuse({}, { "--out": path("real/new.png"), "--trace": path("other/new.png") });
    }
    await checkRoles(
      { CONTENT: path("photo.png"), STYLE: path("photo.png"), "--start": "https://x.example/a" },
      { "--out": path("a.png"), "--trace": path("a.csv") },
    );
    const web = () => checkRoles({}, { "--out": "https://x.example/a.png" });
    await assertRejects(web, UsageError, "--out must be a path");
  }));

Deno.test("a wrong extension is wrong usage, a folder that is missing a failure", () =>
  inFolder(async (folder) => {
    const wrong = () => checkOutputs(join(folder, "a.gif"), undefined);
    await assertRejects(wrong, UsageError, "its extension");
    const missing = await assertRejects(() => checkOutputs(join(folder, "no/a.png"), undefined));
    assertEquals(missing instanceof UsageError, false);
    await checkOutputs(join(folder, "a.png"), join(folder, "a.csv"));
    assertEquals(namesIn(folder), []);
  }));

Deno.test("what cannot be read is named by its place, not by its length", async () => {
  const file = { place: "https://x.example/page", bytes: Uint8Array.of(1, 2, 3), sha256: "" };
  await assertRejects(() => pictureIn(file), Error, '"https://x.example/page"');
});

Deno.test("a picture that is too small is named, with the flag of its size", () => {
  const [large, small] = [noisePicture(64, 48), noisePicture(64, 8)];
  checkSizes(VGG16, gatys(large, large));
  const content = () => checkSizes(VGG16, gatys(small, large));
  assertThrows(content, UsageError, "CONTENT must be larger for the layers asked for");
  assertThrows(content, UsageError, "give a larger --size");
  const style = () => checkSizes(VGG16, gatys(large, small));
  assertThrows(style, UsageError, "give a larger --style-size");
  assertThrows(style, UsageError, "current value is 64x8");
  checkSizes(VGG16, gatys(large, small, { styleLayers: ["relu1_1"] }));
});
