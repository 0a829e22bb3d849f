import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  checkFileWritable,
  finalPath,
  nameSource,
  openWhole,
  readBytes,
  writeWhole,
} from "../../lib/base/files.ts";
import { TEMPORARY } from "../../lib/base/place.ts";

const WHAT = "write the thing";
const isWindows = Deno.build.os === "windows";
const read = (path: string) => Deno.readTextFileSync(path);
const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
const modeOf = (path: string) => (Deno.statSync(path).mode ?? 0) & 0o777;

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.realPathSync(Deno.makeTempDirSync());
  try {
    await test(folder);
    assertEquals(names(folder).filter((name) => TEMPORARY.test(name)), []);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

async function run(command: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args, stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

/** What comes out of a pipe, read by another process. */
async function listenTo(pipe: string): Promise<string> {
  const { stdout } = await new Deno.Command("cat", { args: [pipe] }).output();
  return new TextDecoder().decode(stdout);
}

Deno.test("writeWhole() writes bytes and text to paths and file addresses, and replaces", () =>
  inFolder(async (folder) => {
    await writeWhole(join(folder, "a"), Uint8Array.of(65, 66), WHAT);
    await writeWhole(pathToFileURL(join(folder, "b c")), "ä", WHAT);
    assertEquals([read(join(folder, "a")), read(join(folder, "b c"))], ["AB", "ä"]);
    await writeWhole(join(folder, "a"), "new", WHAT);
    assertEquals(read(join(folder, "a")), "new");
    assertEquals(names(folder), ["a", "b c"]);
  }));

Deno.test("writeWhole() writes arrays one after the other, also those larger than what it writes at once", () =>
  inFolder(async (folder) => {
    const large = new Uint8Array(2 ** 23 + 5).map((_, i) => i % 251);
    await writeWhole(join(folder, "a"), [Uint8Array.of(65), new Uint8Array(0), large], WHAT);
    const found = Deno.readFileSync(join(folder, "a"));
    assertEquals([found.length, found[0]], [large.length + 1, 65]);
    assert(large.every((byte, i) => found[i + 1] === byte));
  }));

Deno.test("writeWhole() takes names of up to 255 bytes and says so where there are more", () =>
  inFolder(async (folder) => {
    const longest = "é".repeat(125) + "n.csv"; // 2 x 125 + 5 bytes
    await writeWhole(join(folder, longest), "x", WHAT);
    await writeWhole(join(folder, longest), "y", WHAT);
    assertEquals(names(folder), [longest]);
    const error = await assertRejects(() => writeWhole(join(folder, "n" + longest), "x", WHAT));
    assertEquals(
      (error as Error).message,
      "Cannot write the thing as its name must be at most 255 bytes long: current value is 256 bytes",
    );
  }));

Deno.test({
  name: "writeWhole() follows symbolic links, also chains of them and those that lead nowhere yet",
  ignore: isWindows, // links need a privilege there
  fn: () =>
    inFolder(async (folder) => {
      const at = (name: string) => join(folder, name);
      Deno.mkdirSync(at("real"));
      Deno.mkdirSync(at("real/deep"));
      Deno.writeTextFileSync(at("real/target"), "old");
      Deno.symlinkSync("real/target", at("link"));
      Deno.symlinkSync("link", at("link-to-link"));
      await writeWhole(at("link-to-link"), "new", WHAT);
      assertEquals([read(at("real/target")), read(at("link"))], ["new", "new"]);
      assert(Deno.lstatSync(at("link")).isSymlink && Deno.lstatSync(at("link-to-link")).isSymlink);

      // `..` counts from where the folder is, not from where its link stands.
      Deno.symlinkSync("real/deep", at("folder"));
      Deno.symlinkSync("../fresh", at("real/deep/up"));
      await writeWhole(at("folder/up"), "made", WHAT);
      assertEquals(read(at("real/fresh")), "made");
      assertEquals(finalPath(at("folder/up"), WHAT), at("real/fresh"));
      assertEquals(finalPath(at("link"), WHAT), finalPath(at("real/../real/target"), WHAT));

      Deno.symlinkSync("none/x", at("lost"));
      await assertRejects(
        () => writeWhole(at("lost"), "x", WHAT),
        Error,
        `as its folder must exist (create it first): current value is "${at("none")}"`,
      );
      Deno.symlinkSync("round", at("round"));
      await assertRejects(
        () => writeWhole(at("round"), "x", WHAT),
        Error,
        "Cannot write the thing",
      );
      assertEquals(names(at("real")), ["deep", "fresh", "target"]);
    }),
});

Deno.test({
  name: "writeWhole() keeps the mode of the older file; a new one has the mode of any new file",
  ignore: isWindows,
  fn: () =>
    inFolder(async (folder) => {
      const at = (name: string) => join(folder, name);
      for (const mode of [0o600, 0o666, 0o755]) {
        Deno.writeTextFileSync(at("a"), "old");
        Deno.chmodSync(at("a"), mode);
        await writeWhole(at("a"), "new", WHAT);
        assertEquals([read(at("a")), modeOf(at("a"))], ["new", mode]);
      }
      Deno.writeTextFileSync(at("plain"), "");
      await writeWhole(at("fresh"), "", WHAT);
      assertEquals(modeOf(at("fresh")), modeOf(at("plain")));
    }),
});

Deno.test({
  name: "writeWhole() and openWhole() write to pipes and devices directly and leave them there",
  ignore: isWindows,
  fn: () =>
    inFolder(async (folder) => {
      const pipe = join(folder, "pipe");
      assert(await run("mkfifo", pipe));
      const link = join(folder, "link");
      Deno.symlinkSync("pipe", link);
      for (const path of [pipe, link]) {
        const reader = listenTo(pipe);
        await writeWhole(path, "through", WHAT);
        assertEquals(await reader, "through");
      }
      const reader = listenTo(pipe);
      const file = await openWhole(pipe, WHAT);
      file.write("1\n");
      file.write("2\n");
      file.close();
      assertEquals(await reader, "1\n2\n");
      await checkFileWritable(pipe, WHAT); // does not wait for a reader
      assert(Deno.statSync(pipe).isFifo);
      assertEquals(names(folder), ["link", "pipe"]);

      await writeWhole("/dev/null", "gone", WHAT);
      assert(Deno.statSync("/dev/null").isCharDevice);
    }),
});

Deno.test({
  name: "writeWhole() to /dev/stdout reaches who reads it, be it a pipe or a file",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inFolder(async (folder) => {
      const script = join(folder, "script.ts");
      const files = new URL("../../lib/base/files.ts", import.meta.url).href;
      Deno.writeTextFileSync(
        script,
        `import { writeWhole } from "${files}";\n` +
          `console.log("before"); await writeWhole("/dev/stdout", "it\\n", "say"); console.log("after");`,
      );
      for (const to of [" | cat", ` >> ${folder}/out; cat ${folder}/out`]) {
        const { stdout } = await new Deno.Command("sh", {
          args: ["-c", `"${Deno.execPath()}" run -A ${script}${to}`],
        }).output();
        assertEquals(new TextDecoder().decode(stdout), "before\nit\nafter\n", to);
      }
    }),
});

Deno.test("writeWhole() of a full disk says so, and the older file stays", async (t) => {
  await inFolder(async (folder) => {
    if (!await run("mount", "-t", "tmpfs", "-o", "size=12k", "tmpfs", folder)) {
      console.log("skipped: mounting a small disk needs to be root on Linux");
      return;
    }
    try {
      const path = join(folder, "a.csv");
      await writeWhole(path, "old", WHAT);
      await t.step("writeWhole()", async () => {
        const big = new Uint8Array(20_000);
        const error = await assertRejects(() => writeWhole(path, big, WHAT), Error);
        assert(error.message.startsWith("Cannot write the thing as its disk must have room ("));
        assert(error.message.endsWith(`): current value is "${path}"`), error.message);
        assert(!error.message.includes(".stylebook-"), error.message);
      });
      await t.step("openWhole()", async () => {
        const file = await openWhole(path, WHAT);
        assertThrows(() => file.write("x".repeat(20_000)), Error, "its disk must have room");
        file.abandon();
      });
      assertEquals([names(folder), read(path)], [["a.csv"], "old"]);
    } finally {
      assert(await run("umount", folder));
    }
  });
});

Deno.test("writeWhole() and checkFileWritable() say why a place cannot be written", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(join(folder, "file"), "");
    for (
      const act of [
        (path: string | URL) => writeWhole(path, "x", WHAT),
        (path: string | URL) => checkFileWritable(path, WHAT),
        (path: string | URL) => openWhole(path, WHAT),
      ]
    ) {
      await assertRejects(
        () => act(folder),
        Error,
        `must be that of a file: current value is a fol`,
      );
      await assertRejects(() => act(join(folder, "none", "a")), Error, "its folder must exist");
      await assertRejects(() => act(join(folder, "file", "a")), Error, "its folder must exist");
      await assertRejects(() => act(join(folder, "n".repeat(256))), Error, "at most 255 bytes");
      await assertRejects(
        () => act("https://a/b"),
        TypeError,
        "its address must be that of a file",
      );
    }
    assertEquals(names(folder), ["file"]);
  }));

Deno.test({
  name: "writeWhole() refuses a folder or a file that is protected from writing",
  ignore: isWindows,
  fn: () =>
    inFolder(async (folder) => {
      if (Deno.uid() === 0) {
        console.log("skipped: nothing is protected from root");
        return;
      }
      Deno.writeTextFileSync(join(folder, "a"), "old");
      Deno.chmodSync(join(folder, "a"), 0o444);
      await assertRejects(
        () => writeWhole(join(folder, "a"), "x", WHAT),
        Error,
        "must be writable",
      );
      Deno.chmodSync(folder, 0o555);
      await assertRejects(
        () => writeWhole(join(folder, "b"), "x", WHAT),
        Error,
        "must be writable",
      );
      Deno.chmodSync(folder, 0o755);
    }),
});

Deno.test("openWhole() shows nothing before it is closed, and nothing when it is given up", () =>
  inFolder(async (folder) => {
    const path = join(folder, "log.csv");
    Deno.writeTextFileSync(path, "old");
    const [kept, dropped] = [await openWhole(path, WHAT), await openWhole(path, WHAT)];
    kept.write("a\n");
    dropped.write("no");
    kept.write("é\n");
    assertEquals(read(path), "old");
    assertEquals(names(folder).length, 3); // two that write at once do not collide
    kept.close();
    dropped.abandon();
    kept.abandon(); // nothing
    assertEquals([names(folder), read(path)], [[basename(path)], "a\né\n"]);
  }));

Deno.test("nameSource() gives paths and addresses in quotes", () => {
  assertEquals(nameSource("a b.png"), '"a b.png"');
  assertEquals(nameSource(pathToFileURL("/a b.png")), isWindows ? '"\\a b.png"' : '"/a b.png"');
  assertEquals(nameSource(new URL("https://a.org/b%20c.png")), '"https://a.org/b%20c.png"');
  assertEquals(nameSource(new Uint8Array(3)), "of 3 bytes");
});

Deno.test("readBytes() takes ordinary files only, and not larger ones than it may", () =>
  inFolder(async (folder) => {
    const path = join(folder, "a");
    Deno.writeTextFileSync(path, "12345");
    assertEquals((await readBytes(path, "read it")).length, 5);
    assertEquals((await readBytes(pathToFileURL(path).href, "read it")).length, 5);
    await assertRejects(
      () => readBytes(path, "read it", { maxBytes: 4 }),
      Error,
      "Cannot read it as it must have at most 4 bytes: current value is 5 bytes",
    );
    await assertRejects(() => readBytes(folder, "read it"), Error, `is a folder, ${folder}`);
    await assertRejects(
      () => readBytes(join(folder, "none"), "read it"),
      Error,
      `there must be a file at its path: current value is "${folder}`,
    );
    await assertRejects(
      () => readBytes(Promise.resolve(path) as unknown as string, "read it"),
      TypeError,
      "did you forget `await`?",
    );
    await assertRejects(() => readBytes("ftp://a/b", "read it"), TypeError, "its address must be");
    if (isWindows) return;
    assert(await run("mkfifo", join(folder, "pipe")));
    await assertRejects(() => readBytes(join(folder, "pipe"), "read it"), Error, "is a pipe, ");
    await assertRejects(() => readBytes("/dev/zero", "read it"), Error, "is a device, /dev/zero");
  }));

Deno.test("readBytes() from the web is bounded in time and size, and names the address", async () => {
  const silent: ReadableStreamDefaultController[] = [];
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/ok") return new Response("12345");
    if (pathname === "/missing") return new Response("", { status: 404 });
    if (pathname === "/to-file") return redirect("file:///etc/hostname");
    if (pathname === "/to-ok") return redirect("/ok");
    if (pathname === "/slow") { // a byte every 40 ms for 400 ms
      let sent = 0;
      return new Response(
        new ReadableStream({
          async pull(controller) {
            await new Promise((resolve) => setTimeout(resolve, 40));
            if (sent++ === 10) controller.close();
            else controller.enqueue(Uint8Array.of(1));
          },
        }),
      );
    }
    const endless = pathname === "/endless";
    return new Response(
      new ReadableStream({
        start: (controller) => {
          controller.enqueue(new Uint8Array(10));
          silent.push(controller);
        },
        pull: (controller) => {
          if (endless) controller.enqueue(new Uint8Array(1000));
          else return new Promise(() => {});
        },
      }),
    );
  });
  const redirect = (to: string) => new Response("", { status: 302, headers: { Location: to } });
  const site = `http://127.0.0.1:${server.addr.port}`;
  const get = (path: string) =>
    readBytes(site + path, "read it", { maxBytes: 5000, patience: 0.3 });
  assertEquals(new TextDecoder().decode(await get("/ok")), "12345");
  assertEquals((await get("/to-ok")).length, 5);
  assertEquals((await get("/slow")).length, 10); // longer in all than its patience
  const failures: [path: string, rule: string][] = [
    ["/missing", "Cannot read it as the server must have it: current value is the answer 404"],
    ["/to-file", "Cannot read it as the server must answer in full: current value is "],
    ["/silent", "current value is no byte came for 0.3 s"],
    ["/endless", "it must have at most 5000 bytes: current value is "],
  ];
  for (const [path, rule] of failures) {
    const error = await assertRejects(() => get(path), Error, rule);
    assert(error.message.endsWith(` from ${site}${path}`), error.message);
  }
  await assertRejects(
    () => readBytes(`${site}/ok`, "read it", { maxBytes: 4 }),
    Error,
    "it must have at most 4 bytes: current value is 5 bytes",
  );
  await server.shutdown();
  await assertRejects(() => get("/ok"), Error, "the server must answer in full");
});
