import { assert, assertEquals } from "@std/assert";
import { call } from "../../helpers/command.ts";

Deno.test("steps collect young objects, and few of them old ones", async () => {
  const steps = ["--size", "128", "--steps", "60"];
  const { code, said } = await call("experiments/bench_step.ts", steps, {
    DENO_V8_FLAGS: "--trace-gc",
  });
  assertEquals(code, 0);
  const count = (what: string) => said.split(what).length - 1;
  const [young, old] = [count("Scavenge"), count("Mark-Compact")];
  assert(young >= 60, `${young} collections of young objects in 60 steps`);
  // One in twenty steps or three seconds, and some as the program and its threads start.
  assert(old <= 18, `${old} collections of old objects in 60 steps`);
});
