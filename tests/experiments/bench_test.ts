import { assertEquals, assertStringIncludes } from "@std/assert";
import { measured, outputOf } from "../../experiments/measured.ts";
import { call } from "../helpers/command.ts";

const SCRIPT = "experiments/bench.ts";

Deno.test("bench: what was typed wrongly is named, with exit code 2", async () => {
  for (
    const [args, text] of [
      [["--size", "128"], "did you mean --sizes?"],
      [["--sizes", "128,big"], "--sizes must be a positive integer"],
      [["--steps", "7,9"], "--steps must be a positive integer"],
      [["--rounds", "0"], "--rounds must be a positive integer"],
      [["--preset", "quick"], "--preset must be one of"],
      [["128"], "flags alone are known"],
    ] as const
  ) {
    const { code, err } = await call(SCRIPT, [...args]);
    assertEquals(code, 2);
    assertStringIncludes(err, text);
    assertStringIncludes(err, "--help");
  }
});

Deno.test("bench: what a process measured is the last line that it prints", async () => {
  const script = "console.log('so far'); console.log(JSON.stringify({ median: 2 }));";
  assertEquals(await measured(Deno.execPath(), ["eval", script]), { median: 2 });
});

Deno.test({
  name: "bench: a signal ends the process that measures, too",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const url = new URL("../../experiments/measured.ts", import.meta.url).href;
    const inner = `Deno.writeTextFileSync(Deno.env.get("PID_FILE"), String(Deno.pid));
      await new Promise((resolve) => setTimeout(resolve, 60000));`;
    const outer = `import { endTogether, outputOf } from "${url}";
      endTogether();
      await outputOf(Deno.execPath(), ["eval", ${JSON.stringify(inner)}]);`;
    const file = await Deno.makeTempFile();
    const child = new Deno.Command(Deno.execPath(), {
      args: ["eval", outer],
      env: { PID_FILE: file },
      stderr: "null",
    }).spawn();
    let pid = 0;
    for (let i = 0; pid === 0 && i < 200; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      pid = Number(await Deno.readTextFile(file));
    }
    child.kill("SIGTERM");
    assertEquals((await child.status).code, 143);
    const alive = async () =>
      (await outputOf("ps", ["-A", "-o", "pid="])).split(/\s+/).includes(`${pid}`);
    for (let i = 0; await alive() && i < 100; i++) await new Promise((r) => setTimeout(r, 50));
    assertEquals(pid > 0 && !(await alive()), true);
    await Deno.remove(file);
  },
});
