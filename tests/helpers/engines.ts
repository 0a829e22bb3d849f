/**
 * Every engine at hand, for tests that must hold on all of them. An engine that cannot run here is
 * named, with the reason, in a line of the output.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type BackendName, engineTrouble, useBackend } from "../../lib/engine/engine.ts";

const NAMES: readonly BackendName[] = ["cpu", "native", "webgpu"];

/**
 * The engines that run on this machine. `STYLEBOOK_TEST_ENGINES=cpu,native` narrows them,
 * `STYLEBOOK_REQUIRE_ENGINES=native,webgpu` makes it an error when one of these is missing.
 */
export const ENGINES: readonly BackendName[] = await findEngines();

async function findEngines(): Promise<BackendName[]> {
  const asked = Deno.env.get("STYLEBOOK_TEST_ENGINES")?.split(",");
  const required = Deno.env.get("STYLEBOOK_REQUIRE_ENGINES")?.split(",") ?? [];
  const found: BackendName[] = [];
  for (const name of NAMES) {
    if (asked && !asked.includes(name)) {
      console.log(`skipped: tests on ${name} (STYLEBOOK_TEST_ENGINES=${asked})`);
      continue;
    }
    try {
      await useBackend(name);
      found.push(name);
    } catch (error) {
      if (required.includes(name)) throw error;
      console.log(`skipped: tests on ${name} (${(error as Error).message})`);
    }
  }
  return found;
}

/** Declares a test per engine; each runs inside a scope that frees its tensors. */
export function useEachEngine(
  name: string,
  test: (engine: BackendName) => Promise<void> | void,
  engines: readonly BackendName[] = ENGINES,
): void {
  for (const engine of engines) {
    Deno.test(`${name} [${engine}]`, async () => {
      await useBackend(engine);
      tf.engine().startScope();
      try {
        await test(engine);
        if (engineTrouble()) throw new Error(engineTrouble());
      } finally {
        tf.engine().endScope();
      }
    });
  }
}
