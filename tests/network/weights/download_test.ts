/**
 * Downloads from a server on this machine that is slow, breaks off, knows no ranges, sends something
 * else or answers with errors.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import "../../../lib/engine/engine.ts"; // keeps TensorFlow.js from printing its banner
import { cacheFolder, download, type Published } from "../../../lib/network/weights/download.ts";
import { loadNetwork } from "../../../lib/network/load.ts";
import { VGG19 } from "../../../lib/network/vgg.ts";
import { goldenFile } from "../../helpers/seeded_networks.ts";

const CONTENT = crypto.getRandomValues(new Uint8Array(60_000));
const SHA256 = createHash("sha256").update(CONTENT).digest("hex");

type Handler = (request: Request, count: number) => Response | Promise<Response>;
type Scene = {
  folder: string;
  published: Published;
  /** The ranges that were asked for, in order; null for the whole file. */
  ranges: (string | null)[];
};

/** A test in which no file and no connection may stay open. */
function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: true, sanitizeResources: true });
}

/** Runs a test against a server and in an empty folder. */
async function scene(handler: Handler, run: (scene: Scene) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const ranges: (string | null)[] = [];
  const stop = new AbortController();
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    signal: stop.signal,
    onListen: () => {},
    onError: () => new Response(null, { status: 500 }),
  }, (request) => {
    ranges.push(request.headers.get("Range"));
    return handler(request, ranges.length);
  });
  const url = `http://127.0.0.1:${server.addr.port}/w.h5`;
  const published = { file: "w.h5", url, bytes: CONTENT.length, sha256: SHA256 };
  try {
    await run({ folder, published, ranges });
  } finally {
    stop.abort();
    await server.finished.catch(() => {});
    await Deno.remove(folder, { recursive: true });
  }
}

/** The file, or the rest of it if the request asks for a range. */
function serve(request: Request, content = CONTENT): Response {
  const start = Number(request.headers.get("Range")?.match(/^bytes=(\d+)-$/)?.[1] ?? NaN);
  if (Number.isNaN(start)) return new Response(content);
  return new Response(content.slice(start), {
    status: 206,
    headers: { "Content-Range": `bytes ${start}-${content.length - 1}/${content.length}` },
  });
}

/** The first `bytes` of the answer, then nothing more: the connection breaks, or stays silent. */
function stopAfter(answer: Response, bytes: number, silent = false): Response {
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const whole = new Uint8Array(await answer.arrayBuffer());
      controller.enqueue(whole.slice(0, bytes));
      if (silent) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
      controller.error(new Error("broken off"));
    },
  });
  return new Response(body, answer);
}

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
const quiet = { onProgress: () => {} };

test("download() fetches a file once, reports how far it is, and leaves nothing else", () =>
  scene((request) => serve(request), async ({ folder, published, ranges }) => {
    const received: number[] = [];
    const deep = join(folder, "a", "b");
    const path = await download(published, {
      folder: deep,
      onProgress: ({ file, received: bytes, total }) => {
        assertEquals([file, total], ["w.h5", CONTENT.length]);
        received.push(bytes);
      },
    });
    assertEquals(path, join(deep, "w.h5"));
    assertEquals(await Deno.readFile(path), CONTENT);
    assertEquals(received, [...received].sort((a, b) => a - b));
    assertEquals(received.at(-1), CONTENT.length);
    assertEquals(await download(published, { folder: deep }), path);
    assertEquals([names(deep), ranges], [["w.h5"], [null]]);
  }));

test("download() goes on in a later call where an earlier one ended", () =>
  scene(
    (request, count) => count === 1 ? stopAfter(serve(request), 25_000) : serve(request),
    async ({ folder, published, ranges }) => {
      const error = await assertRejects(() => download(published, { folder, ...quiet }), Error);
      const kept = Number(error.message.match(/(\d+) of 60000 bytes are kept/)?.[1]);
      assert(kept > 0, error.message);
      assertEquals(names(folder), ["w.h5.partial"]);
      const path = await download(published, { folder, ...quiet });
      assertEquals(await Deno.readFile(path), CONTENT);
      assertEquals([names(folder), ranges], [["w.h5"], [null, `bytes=${kept}-`]]);
    },
  ));

test("download() starts again where the server knows no ranges", () =>
  scene(() => new Response(CONTENT), async ({ folder, published, ranges }) => {
    await Deno.writeFile(join(folder, "w.h5.partial"), new Uint8Array(1234).fill(7));
    const path = await download(published, { folder, ...quiet });
    assertEquals(await Deno.readFile(path), CONTENT);
    assertEquals(ranges, ["bytes=1234-"]);
  }));

test("download() refuses another range than it asked for", () =>
  scene(
    () => new Response(CONTENT, { status: 206, headers: { "Content-Range": "bytes 0-9/60000" } }),
    async ({ folder, published }) => {
      await Deno.writeFile(join(folder, "w.h5.partial"), CONTENT.slice(0, 10));
      await assertRejects(() => download(published, { folder, ...quiet }), Error, "answered 206");
    },
  ));

test("download() uses what is there when only the renaming was missing", () =>
  scene(() => new Response(null, { status: 500 }), async ({ folder, published, ranges }) => {
    await Deno.writeFile(join(folder, "w.h5.partial"), CONTENT);
    const path = await download(published, { folder, ...quiet });
    assertEquals([await Deno.readFile(path), ranges], [CONTENT, []]);
  }));

test("download() keeps nothing of a file with the wrong hash", () => {
  const altered = CONTENT.slice();
  altered[30_000]! ^= 1;
  return scene((request) => serve(request, altered), async ({ folder, published }) => {
    const attempt = () => download(published, { folder, ...quiet });
    await assertRejects(attempt, Error, `its SHA-256 must be ${SHA256}: current value is`);
    assertEquals(names(folder), []);
    const md5 = createHash("md5").update(altered).digest("hex");
    const { sha256: _, ...rest } = published;
    assertEquals(await download({ ...rest, md5 }, { folder, ...quiet }), join(folder, "w.h5"));
  });
});

test("download() does not take a partial file of something else for the beginning", () =>
  scene((request) => serve(request), async ({ folder, published }) => {
    await Deno.writeFile(join(folder, "w.h5.partial"), new Uint8Array(500));
    const attempt = () => download(published, { folder, ...quiet });
    await assertRejects(attempt, Error, "SHA-256");
    assertEquals(await Deno.readFile(await attempt()), CONTENT); // and the next try is a fresh one
  }));

test("download() stops at the size that the file must have", () => {
  let sent = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 50_000;
      controller.enqueue(new Uint8Array(50_000));
    },
  });
  return scene(() => new Response(endless), async ({ folder, published }) => {
    const attempt = () => download(published, { folder, ...quiet });
    await assertRejects(attempt, Error, "the server sends more than the file's 60000 bytes");
    assertEquals(names(folder), []);
    assert(sent < 5_000_000, `${sent} bytes were sent`);
  });
});

test("download() waits for a slow server", () =>
  scene((request) => {
    const pieces = serve(request).body!.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        async transform(piece, controller) {
          for (let at = 0; at < piece.length; at += 10_000) {
            await new Promise((resolve) => setTimeout(resolve, 100));
            controller.enqueue(piece.slice(at, at + 10_000));
          }
        },
      }),
    );
    return new Response(pieces);
  }, async ({ folder, published, ranges }) => {
    const path = await download(published, { folder, patience: 0.4, ...quiet });
    assertEquals([await Deno.readFile(path), ranges], [CONTENT, [null]]);
  }));

test("download() gives a silent server up, and asks for the rest the next time", () =>
  scene(
    (request, count) => count === 1 ? stopAfter(serve(request), 9_000, true) : serve(request),
    async ({ folder, published, ranges }) => {
      const attempt = () => download(published, { folder, patience: 0.3, ...quiet });
      await assertRejects(attempt, Error, "no byte came for 0.3 s; 9000 of 60000 bytes are kept");
      assertEquals(await Deno.readFile(await attempt()), CONTENT);
      assertEquals(ranges, [null, "bytes=9000-"]);
    },
  ));

test("download() fetches a file again when asked, and keeps the old one until the new is there", () =>
  scene(
    (request, count) => count === 1 ? new Response(null, { status: 503 }) : serve(request),
    async ({ folder, published, ranges }) => {
      const path = join(folder, "w.h5");
      await Deno.writeFile(path, new Uint8Array(5));
      assertEquals(await download(published, { folder, ...quiet }), path);
      const attempt = () => download(published, { folder, refetch: true, ...quiet });
      await assertRejects(attempt, Error, "the server answered 503");
      assertEquals((await Deno.readFile(path)).length, 5);
      assertEquals(await Deno.readFile(await attempt()), CONTENT);
      assertEquals(ranges, [null, null]);
    },
  ));

test("download() says nothing unless it is asked to", () =>
  scene((request) => serve(request), async ({ folder, published }) => {
    const { log } = console;
    const said: unknown[] = [];
    console.log = (...words: unknown[]) => said.push(words);
    try {
      await download(published, { folder });
    } finally {
      console.log = log;
    }
    assertEquals(said, []);
  }));

test("download() gives up on a server that never says a word", () =>
  scene(() => new Promise(() => {}), async ({ folder, published }) => {
    const attempt = () => download(published, { folder, patience: 0.2, ...quiet });
    await assertRejects(attempt, Error, "no byte came for 0.2 s");
    assertEquals(names(folder), []);
  }));

test("download() can be stopped, and keeps what has arrived", () =>
  scene((request) => stopAfter(serve(request), 9_000, true), async ({ folder, published }) => {
    const stop = new AbortController();
    const attempt = download(published, {
      folder,
      signal: stop.signal,
      onProgress: ({ received }) => received === 9_000 && stop.abort(new Error("enough")),
    });
    await assertRejects(() => attempt, Error, "enough; 9000 of 60000 bytes are kept");
    assertEquals(names(folder), ["w.h5.partial"]);
  }));

test("download() names address, place, size and hash when the server has no such file", () =>
  scene(() => new Response("no", { status: 404 }), async ({ folder, published }) => {
    const attempt = () => download(published, { folder, ...quiet });
    const error = await assertRejects(attempt, Error, "the server answered 404 Not Found");
    for (const part of [published.url, join(folder, "w.h5"), "60000 bytes", `SHA-256 ${SHA256}`]) {
      assertStringIncludes(error.message, part);
    }
    assertStringIncludes(error.message, "--weights FILE");
    assertEquals(names(folder), []);
  }));

test("download() says the same offline", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close(); // nobody listens there now
  const folder = await Deno.makeTempDir();
  const url = `http://127.0.0.1:${port}/w.h5`;
  const published = { file: "w.h5", url, bytes: 9, md5: "0123" };
  const error = await assertRejects(() => download(published, { folder, ...quiet }), Error);
  assertStringIncludes(error.message, `Cannot download w.h5 from ${url}: `);
  assertStringIncludes(error.message, `save it as ${join(folder, "w.h5")} (9 bytes, MD5 0123)`);
  assertEquals(names(folder), []);
  await Deno.remove(folder);
});

test("two downloads of one file at once fetch it once", () =>
  scene(async (request) => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return serve(request);
  }, async ({ folder, published, ranges }) => {
    const both = [1, 2].map(() => download(published, { folder, ...quiet }));
    const [path, other] = await Promise.all(both);
    assertEquals([path, await Deno.readFile(path!), ranges], [other, CONTENT, [null]]);
    assertEquals(names(folder), ["w.h5"]);
  }));

test("loadNetwork() downloads, checks and reads; later the file on the disk will do", async () => {
  const bytes = await Deno.readFile(goldenFile("vgg19_old.h5"));
  const md5 = createHash("md5").update(bytes).digest("hex");
  await scene((request) => serve(request, bytes), async ({ folder, published, ranges }) => {
    const from = { file: "vgg19.h5", url: published.url, bytes: bytes.length, md5 };
    for (let i = 0; i < 2; i++) {
      const network = await loadNetwork(VGG19, from, { folder, ...quiet });
      assertEquals(network.weights["block1_conv1.bias"]!.shape, [2]);
      network.dispose();
    }
    assertEquals(ranges, [null]);
    // A file that was put there by hand is checked as well.
    await Deno.writeFile(join(folder, "vgg19.h5"), bytes.slice(1));
    const error = await assertRejects(() => loadNetwork(VGG19, from, { folder }), Error, md5);
    assertStringIncludes(error.message, join(folder, "vgg19.h5"));
    assertStringIncludes(error.message, "{ refetch: true } or --refetch");
    const network = await loadNetwork(VGG19, from, { folder, refetch: true });
    network.dispose();
    assertEquals(await Deno.readFile(join(folder, "vgg19.h5")), bytes);
  });
});

Deno.test("cacheFolder() follows the variables and the system's custom", () => {
  const at = (os: typeof Deno.build.os, variables: Record<string, string>) =>
    cacheFolder(os, (name) => variables[name]).replaceAll("\\", "/");
  const HOME = "/home/ada";
  assertEquals(at("linux", { HOME }), "/home/ada/.cache/stylebook");
  assertEquals(at("darwin", { HOME }), "/home/ada/Library/Caches/stylebook");
  assertEquals(at("windows", { LOCALAPPDATA: "C:/Local" }), "C:/Local/stylebook");
  assertEquals(at("windows", { USERPROFILE: "C:/Ada" }), "C:/Ada/AppData/Local/stylebook");
  assertEquals(at("linux", { HOME, XDG_CACHE_HOME: "/caches" }), "/caches/stylebook");
  assertEquals(at("linux", { HOME, XDG_CACHE_HOME: "/caches", STYLEBOOK_CACHE: "/own" }), "/own");
  let message = "";
  try {
    at("linux", {});
  } catch (error) {
    message = (error as Error).message;
  }
  assertStringIncludes(message, "set STYLEBOOK_CACHE");
});
