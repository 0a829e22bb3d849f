/**
 * `deno task lab`: most tests with stand-ins for uv, Python and JupyterLab, the last ones for real.
 *
 * Runs alone: it sets the project's `.venv` up, and waits for kernels to be idle.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "node:path";
import { setUp } from "../../notebooks/tools/environment.ts";
import { KERNEL_DENO } from "../../notebooks/tools/kernel.ts";
import { waitUntil } from "../browser/chromium.ts";
import { startLab } from "../browser/lab_server.ts";
import { type Project, PYTHON, UV, withProject } from "../helpers/lab_project.ts";
import { ROOT } from "../helpers/command.ts";
import { inFolder } from "../helpers/folder.ts";
import { notebook, run } from "../helpers/notebook_helper.ts";

const posix = Deno.build.os !== "windows";

function test(name: string, programs: Record<string, string>, body: (p: Project) => Promise<void>) {
  Deno.test({ name, ignore: !posix, fn: () => withProject(programs, body) });
}

test("lab without uv and Python names the remedy", {}, async ({ labOutput }) => {
  const { code, said } = await labOutput([]);
  assertEquals(code, 2);
  assertStringIncludes(said, "Cannot set up JupyterLab");
  assertStringIncludes(said, "sudo apt install python3 python3-venv");
  assertStringIncludes(said, "VS Code");
});

test("lab refuses a Python that is too old", {
  python3: "echo 3.8",
}, async ({ labOutput }) => {
  const { code, said } = await labOutput([]);
  assertEquals(code, 2);
  assertStringIncludes(said, "python3: version 3.8, too old");
  assertStringIncludes(said, "needs Python 3.10 or newer");
});

test("lab knows a Python without its venv module", {
  python3: `case "$1" in -c) echo 3.11;; *) echo "ensurepip is not available."; exit 1;; esac`,
}, async ({ labOutput }) => {
  const { code, said } = await labOutput([]);
  assertEquals(code, 2);
  assertStringIncludes(said, "sudo apt install python3-venv");
});

test("lab knows a missing network", {
  uv: `case "$1" in venv) exit 0;; *) echo "error sending request: dns error"; exit 2;; esac`,
}, async ({ labOutput }) => {
  const { code, said } = await labOutput([]);
  assertEquals(code, 2);
  assertStringIncludes(said, "Connect to the network");
});

test("lab leaves a .venv alone that it did not make", {
  python3: PYTHON,
}, async ({ root, labOutput }) => {
  const own = join(root, ".venv", "bin", "mine");
  Deno.mkdirSync(dirname(own), { recursive: true });
  Deno.writeTextFileSync(own, "keep");
  const { code, said } = await labOutput([]);
  assertEquals(code, 2);
  assertStringIncludes(said, "something else made that folder");
  assertEquals(Deno.readTextFileSync(own), "keep");
});

test("lab prefers uv, and takes python3 where uv fails", {
  uv: UV,
  python3: PYTHON,
}, async ({ root, stamp, labOutput, asked }) => {
  assertEquals((await labOutput(["--set-up"])).code, 0);
  assertEquals(asked().map((line) => line.split(" ")[0]), ["uv"]);
  Deno.removeSync(join(root, ".venv"), { recursive: true });
  Deno.writeTextFileSync(join(root, "..", "bin", "uv"), "#!/bin/sh\nexit 1\n");
  assertEquals((await labOutput(["--set-up"])).code, 0);
  assertEquals(asked().map((line) => line.split(" ")[0]), ["uv", "pip"]);
  for (const line of asked()) assertStringIncludes(line, " --require-hashes -r ");
  assert(Deno.statSync(stamp).isFile);
});

test("lab sets up once, and again after a half-made or outdated .venv", {
  python3: PYTHON,
}, async ({ root, stamp, labOutput, asked }) => {
  assertStringIncludes((await labOutput(["--set-up"])).said, "Setting up JupyterLab");
  assertEquals(await labOutput(["--set-up"]), { code: 0, said: "" });
  assertEquals(asked().length, 1);

  // As a set-up leaves it that was ended half-way.
  const left = join(root, ".venv", "left-over");
  Deno.writeTextFileSync(left, "");
  Deno.writeTextFileSync(stamp, "{}\n");
  assertEquals((await labOutput(["--set-up"])).code, 0);
  assertEquals(asked().length, 2);
  assert(![...Deno.readDirSync(join(root, ".venv"))].some(({ name }) => name === "left-over"));

  const requirements = join(root, "notebooks", "tools", "requirements.txt");
  Deno.writeTextFileSync(requirements, "# newer\n", { append: true });
  assertEquals((await labOutput(["--set-up"])).code, 0);
  assertEquals(asked().length, 3);
});

test("lab describes the kernel inside .venv", {
  python3: PYTHON,
}, async ({ root, labOutput }) => {
  await labOutput(["--set-up"]);
  const share = join(root, ".venv", "share", "jupyter");
  const kernel = JSON.parse(Deno.readTextFileSync(join(share, "kernels", "deno", "kernel.json")));
  assertEquals([kernel.display_name, kernel.language], ["Deno", "typescript"]);
  const pinned = Deno.version.deno === KERNEL_DENO;
  const deno = pinned ? Deno.execPath() : join(root, ".venv", "bin", "deno");
  assert(kernel.argv.includes(deno), `${kernel.argv} starts another Deno than ${deno}`);
  assert(kernel.argv.includes("{connection_file}"));
  const settings = Deno.readTextFileSync(join(share, "lab", "settings", "overrides.json"));
  assertStringIncludes(settings, `"fetchNews": "false"`);
  assertStringIncludes(settings, `"kernelShutdown": true`); // a closed notebook ends its kernel
});

test("lab opens the notebook asked for and passes further flags on", {
  python3: PYTHON,
}, async ({ root, labOutput, asked }) => {
  const url = (name: string) => `--LabApp.default_url=/lab/tree/notebooks/${name}.ipynb`;
  await labOutput(["--set-up"]);
  const start = asked().length;
  assertEquals((await labOutput(["--no-browser", "--port", "8899", "--ip=::"])).code, 0);
  const first = asked().slice(start);
  assert(first.includes(url("00_style_transfer")));
  assert(first.includes(`--ServerApp.root_dir=${root}`));
  assertEquals(first.slice(-4), ["--no-browser", "--port", "8899", "--ip=::"]);
  assertEquals(first.includes("--allow-root"), Deno.uid() === 0);

  await labOutput(["04", "--no-browser"]);
  const second = asked().slice(start + first.length);
  assert(second.includes(url("04_start")));
  assertEquals(second.at(-1), "--no-browser");
});

test("lab ends kernels that do nothing for an hour, and spares those that compute", {
  python3: PYTHON,
}, async ({ root, labOutput, asked }) => {
  await labOutput(["--MappingKernelManager.cull_idle_timeout=0"]);
  const file = join(root, ".venv", "etc", "jupyter", "jupyter_server_config.json");
  const { MappingKernelManager: kernels } = JSON.parse(Deno.readTextFileSync(file));
  assertEquals([kernels.cull_idle_timeout, kernels.cull_connected], [3600, true]);
  assertEquals(kernels.cull_busy, false);
  // JupyterLab refuses a flag that is given twice, so ours must not be among the flags.
  assertEquals(asked().filter((flag) => flag.includes("cull_")).length, 1);
});

test("lab warns before it lets other machines in, and its help does so, too", {
  python3: PYTHON,
}, async ({ labOutput }) => {
  const open = [["--ip", "0.0.0.0"], ["--ip=*"], ["--ServerApp.ip=::"], ["04", "--ip", "10.0.0.7"]];
  for (const flags of open) {
    const { code, said } = await labOutput(flags);
    assertEquals(code, 0);
    assertStringIncludes(said, "Warning: with --ip");
    assertStringIncludes(said, "ssh -L");
  }
  for (const flags of [[], ["--ip", "127.0.0.1"], ["--ip=localhost"], ["--port", "8899"]]) {
    assert(!(await labOutput(flags)).said.includes("Warning"), `${flags}`);
  }
  const { code, said } = await run("lab.ts", ["--help"]);
  assertEquals(code, 0);
  assertStringIncludes(said, "its token is all that guards it");
  assert(!/^ +deno task lab.*--ip/m.test(said), "an open address is no example");
});

test("lab refuses unknown notebooks and lists what there is", {
  python3: PYTHON,
}, async ({ labOutput }) => {
  const { code, said } = await labOutput(["--run", "07"]);
  assertEquals(code, 2);
  assertStringIncludes(said, `current value is "07"`);
  assertStringIncludes(said, "00_style_transfer.ipynb, 04_start.ipynb, 05_size.ipynb");
  const two = await labOutput(["--run", "0"]);
  assertStringIncludes(two.said, "must fit exactly one");
  const flags = await labOutput(["--run", "04", "--port", "8899"]);
  assertEquals(flags.code, 2);
  assertStringIncludes(flags.said, `current value is "--port 8899"`);
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  test(`lab ends its server on ${signal}`, { python3: PYTHON }, async ({ labOutput, lab }) => {
    await labOutput(["--set-up"]);
    const process = lab([], { SERVER: "exec /bin/sleep 60" });
    const reader = process.stdout.getReader();
    await reader.read(); // the server says that it is up
    process.kill(signal);
    assertEquals((await process.status).code, 0);
    // The pipe closes when the last program that holds it, the server, has ended.
    assertEquals((await reader.read()).done, true);
    await process.stderr.cancel();
  });
}

const real = await setUp({ log: console.log }).catch((error: Error) => {
  if (Deno.env.has("CI")) throw error;
  console.log(`skipped: the tests with the real JupyterLab: ${error.message}`);
});

Deno.test({
  name: "lab serves a Deno kernel, and leaves no process after Ctrl-C",
  ignore: real === undefined || !posix,
  async fn() {
    await using lab = await startLab();
    await lab.startKernel();
    assertEquals((await lab.kernels()).map(({ name }) => name), ["deno"]);
    assertEquals(await processes(lab.folder), 1);
    assertEquals(await lab.stop("SIGINT"), 0);
    assertEquals(await processes(lab.folder), 0);
  },
});

Deno.test({
  name: "lab ends an idle kernel after the time that a flag says",
  ignore: real === undefined || !posix,
  async fn() {
    const flags = ["idle_timeout=3", "interval=1"].map((f) => `--MappingKernelManager.cull_${f}`);
    await using lab = await startLab({ flags });
    await lab.startKernel();
    assertEquals((await lab.kernels()).length, 1);
    await waitUntil("the end of the idle kernel", 60, async () => !(await lab.kernels()).length);
  },
});

Deno.test({
  name: "lab --run writes the notebook and a page, and fails with the cell that threw",
  ignore: real === undefined,
  fn: () =>
    inFolder(async (folder) => {
      const name = `test-${crypto.randomUUID()}`;
      const path = join(folder, `${name}.ipynb`);
      const results = [".ipynb", ".html"].map((end) => join(ROOT, "output", name + end));
      try {
        Deno.writeTextFileSync(path, notebook(["const a = 40;", "a + 2"]));
        const good = await run("lab.ts", ["--run", path]);
        assertEquals(good.code, 0);
        for (const result of results) {
          assertStringIncludes(good.said, result.slice(ROOT.length + 1));
          assertStringIncludes(Deno.readTextFileSync(result), "42");
        }
        Deno.writeTextFileSync(path, notebook(["1", "throw new RangeError('too far')", "2"]));
        const bad = await run("lab.ts", ["--run", path]);
        assertEquals(bad.code, 1);
        assertStringIncludes(bad.said, "code cell 2 failed");
        assertStringIncludes(bad.said, "RangeError: too far");
      } finally {
        for (const result of results) Deno.removeSync(result);
      }
    }),
});

/** How many running programs have the text in their command line. */
async function processes(text: string): Promise<number> {
  const { stdout } = await new Deno.Command("ps", { args: ["-eo", "args"] }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line.includes(text)).length;
}
