/** Where ONNX Runtime cannot be loaded: simulated by a package without a library. */
import { assertEquals, assertStringIncludes } from "@std/assert";

const root = new URL("../../../", import.meta.url);

/** Runs code after `import { currentEngine, useEngine }` in a process without the library. */
async function runWithoutLibrary(code: string): Promise<string> {
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  imports["stylebook"] = new URL("lib/mod.ts", root).href;
  const folder = await Deno.makeTempDir();
  imports["onnxruntime-node/package.json"] = "./empty/package.json";
  try {
    await Deno.mkdir(`${folder}/empty`);
    await Deno.writeTextFile(`${folder}/empty/package.json`, "{}");
    await Deno.writeTextFile(`${folder}/map.json`, JSON.stringify({ imports }));
    const from = JSON.stringify(new URL("lib/engine/engine.ts", root).href);
    const script = `import { currentEngine, useEngine } from ${from};\n${code}`;
    await Deno.writeTextFile(`${folder}/script.ts`, script);
    const { code: status, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", `--import-map=${folder}/map.json`, `${folder}/script.ts`],
      env: { STYLEBOOK_BACKEND: "", NO_COLOR: "1" },
    }).output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assertEquals(status, 0, decode(stderr));
    return decode(stdout);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("without the native library, the native engine says why it does not start", async () => {
  const output = await runWithoutLibrary(
    `try { await useEngine("native"); } catch (error) { console.log(error.message); }`,
  );
  assertStringIncludes(output, "Cannot load the native engine as onnxruntime-node must work");
  assertStringIncludes(output, "onnxruntime.");
});

Deno.test("without the native library, the choice falls on the next engine", async () => {
  const output = await runWithoutLibrary(
    `await useEngine(); const { name, reason } = await currentEngine(); console.log(name, reason);`,
  );
  // A machine with a GPU does not get as far as the native engine.
  if (!output.includes("webgpu")) assertStringIncludes(output, "the native engine did not start");
});
