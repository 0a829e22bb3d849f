/**
 * `deno task kernel`: the kernel for VS Code, started by its description as VS Code does.
 *
 * Runs alone: it sets the project's `.venv` up.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { setUp } from "../../notebooks/tools/environment.ts";
import { KERNEL_DENO } from "../../notebooks/tools/kernel.ts";
import { ROOT } from "../helpers/command.ts";
import { inFolder, namesIn } from "../helpers/folder.ts";
import { run } from "../helpers/notebook_helper.ts";

const pinned = Deno.version.deno === KERNEL_DENO;
if (!pinned) {
  console.log(`skipped: the kernel by its description, as this is not Deno ${KERNEL_DENO}`);
}

Deno.test("kernel says where it is described, takes that back, and touches no other", () =>
  inFolder(async (folder) => {
    const env = { JUPYTER_DATA_DIR: folder };
    const other = join(folder, "kernels", "deno", "kernel.json");
    await Deno.mkdir(join(folder, "kernels", "deno"), { recursive: true });
    await Deno.writeTextFile(other, "precious");
    const { code, said } = await run("kernel.ts", [], env);
    if (!pinned) return assertStringIncludes(said, `npx -y deno@${KERNEL_DENO} task kernel`);
    assertEquals(code, 0, said);
    const path = join(folder, "kernels", "stylebook", "kernel.json");
    assertStringIncludes(said, path);
    const { argv, display_name } = JSON.parse(await Deno.readTextFile(path));
    assert(argv.includes(Deno.execPath()), `${argv}`);
    assertEquals(display_name, "Deno (Stylebook)");
    for (let i = 0; i < 2; i++) assertEquals((await run("kernel.ts", ["--remove"], env)).code, 0);
    assertEquals(namesIn(join(folder, "kernels")), ["deno"]);
    assertEquals(await Deno.readTextFile(other), "precious");
  }));

Deno.test("kernel refuses a flag that it does not know", async () => {
  const { code, said } = await run("kernel.ts", ["--delete"], { JUPYTER_DATA_DIR: "/nowhere" });
  assertEquals(code, 2);
  assertStringIncludes(said, "--delete");
});

Deno.test({
  name: "a program that knows the kernel by its description alone runs cells and stops them",
  ignore: !pinned || Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const { python } = await setUp({ log: console.log });
      const env = { JUPYTER_DATA_DIR: folder };
      assertEquals((await run("kernel.ts", [], env)).code, 0);
      const { success, stdout, stderr } = await new Deno.Command(python, {
        args: [
          join(ROOT, "tests", "notebooks", "kernel_client.py"),
          "stylebook",
          join(ROOT, "notebooks"),
        ],
        env,
      }).output();
      const text = new TextDecoder().decode(stdout);
      assert(success, new TextDecoder().decode(stderr));
      assertEquals(text, "alive: 2\nstopped: [ true, true ]\n");
    }),
});
