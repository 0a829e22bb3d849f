/**
 * Every engine at hand, for tests that must hold on all of them. An engine that cannot run here is
 * named, with the reason, in a line of the output.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type EngineName, engineTrouble, useEngine } from "../../lib/engine/engine.ts";

const NAMES: readonly EngineName[] = ["cpu", "native", "webgpu"];

/**
 * The engines that run on this machine. `STYLEBOOK_TEST_ENGINES=cpu,native` narrows them,
 * `STYLEBOOK_REQUIRE_ENGINES=native,webgpu` makes it an error when one of these is missing.
 */
export const ENGINES: readonly EngineName[] = await findEngines();

async function findEngines(): Promise<EngineName[]> {
  const asked = Deno.env.get("STYLEBOOK_TEST_ENGINES")?.split(",");
  const required = Deno.env.get("STYLEBOOK_REQUIRE_ENGINES")?.split(",") ?? [];
  const found: EngineName[] = [];
  for (const name of NAMES) {
    if (asked && !asked.includes(name)) {
      console.log(`skipped: tests on ${name} (STYLEBOOK_TEST_ENGINES=${asked})`);
      continue;
    }
    try {
      await useEngine(name);
      found.push(name);
    } catch (error) {
      if (required.includes(name)) throw error;
      console.log(`skipped: tests on ${name} (${(error as Error).message})`);
    }
  }
  return found;
}

/**
 * Declares a test per engine at hand; each runs inside a scope that frees its tensors. Of a list of its
 * own without any of those, the first engine is used.
 */
export function useEachEngine(
  name: string,
  test: (engine: EngineName) => Promise<void> | void,
  engines: readonly EngineName[] = ENGINES,
): void {
  const atHand = engines.filter((engine) => ENGINES.includes(engine));
  for (const engine of atHand.length > 0 ? atHand : engines.slice(0, 1)) {
    Deno.test(`${name} [${engine}]`, async () => {
      await useEngine(engine);
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
