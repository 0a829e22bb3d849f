import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { play } from "../../lib/display/play.ts";
import { openPanel, type PlayCommand } from "../../lib/display/play_panel.ts";
import type { StylizeOptions } from "../../lib/run/options.ts";
import { stylize } from "../../lib/run/stylize.ts";
import { adam } from "../../lib/optimizers/adam.ts";
import { useEachEngine } from "../helpers/engines.ts";
import { noisePicture, stubNetwork } from "../helpers/stub.ts";
import { tensorsLeft } from "../helpers/stub.ts";

const setup = { losses: ["content", "style"], stepSize: 5 };

Deno.test("a panel takes commands from its own page, and from nobody else", async () => {
  const taken: PlayCommand[] = [];
  const panel = openPanel(setup, (command) => taken.push(command));
  const ask = async (
    body: string,
    { address = panel.address, origin }: { address?: string; origin?: string } = {},
  ) => {
    const headers: Record<string, string> = origin === undefined ? {} : { origin };
    const answer = await fetch(`${address}command`, { method: "POST", body, headers });
    return [answer.status, await answer.text()] as const;
  };
  try {
    const { origin } = new URL(panel.address);
    const pause = '{"kind":"pause"}';
    assertEquals(await ask(pause, { origin }), [204, ""]);
    assertEquals((await ask(pause, { origin: "https://example.org" }))[0], 403);
    assertEquals((await ask(pause, { origin: "null" }))[0], 403);
    assertEquals((await ask(pause, { address: `${origin}/` }))[0], 403);
    assertEquals((await ask(pause, { address: `${origin}/${"0".repeat(32)}/` }))[0], 403);
    assertEquals(taken, [{ kind: "pause" }]);

    for (
      const [body, words] of [
        ["{", "JSON"],
        ["null", "the command must be one of"],
        ['{"kind":"exit"}', "the command must be one of"],
        ['{"kind":"factor","name":"color","value":1}', "content, style"],
        ['{"kind":"factor","name":"style","value":"2"}', "value must be a number from 0"],
        ['{"kind":"factor","name":"style","value":1e9}', "value must be a number from 0"],
        ['{"kind":"stepSize","value":0}', "value must be a number from 0.01"],
        ['{"kind":"take","index":-1}', "index must be a number"],
        [`{"kind":"pause","more":"${"x".repeat(600)}"}`, "not as long"],
      ] as const
    ) {
      const [status, said] = await ask(body);
      assertEquals(status, 400, body);
      assertStringIncludes(said, words);
    }
    assertEquals(taken.length, 1);

    const page = await fetch(panel.address);
    const html = await page.text();
    assertStringIncludes(html, 'name="content"');
    assertStringIncludes(page.headers.get("content-security-policy")!, "default-src 'none'");
    assertEquals(html.match(/https?:/), null);
    const missing = await fetch(`${panel.address}passwd`);
    assertEquals(missing.status, 404);
    await missing.body?.cancel();
  } finally {
    await panel.close();
  }
  await assertRejects(() => fetch(panel.address), TypeError);
});

Deno.test("pages that come later get the last word of each kind", async () => {
  const panel = openPanel(setup, () => {});
  panel.send("state", { words: "first" });
  panel.send("state", { words: "paused" });
  assertEquals(panel.isWatched(), false);
  const events = await fetch(`${panel.address}events`);
  assertEquals(panel.isWatched(), true);
  const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await reader.read()).value, 'event: state\ndata: {"words":"paused"}\n\n');
  await panel.close();
  assertEquals((await reader.read()).done, true);
});

const options: StylizeOptions = {
  content: { picture: noisePicture(12, 10, 1), layers: ["relu2_1"], weight: 1 },
  style: { picture: noisePicture(9, 11, 2), layers: ["relu1_1"], weight: 1e-6 },
  weighting: "constant",
  iterations: 6,
};

/** A page: it reads events, and commands. */
async function openPage(address: string) {
  const events = await fetch(`${address}events`);
  const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  return {
    /** The next event that fits; those before it are dropped. */
    // deno-lint-ignore no-explicit-any -- events of several kinds
    async until(kind: string, fits: (value: any) => boolean): Promise<any> {
      for (;;) {
        const end = rest.indexOf("\n\n");
        if (end < 0) {
          const { done, value } = await reader.read();
          if (done) throw new Error(`The events ended before a ${kind} that fits`);
          rest += value;
          continue;
        }
        const [, name, text] = rest.slice(0, end).match(/^event: (\w+)\ndata: (.*)$/)!;
        rest = rest.slice(end + 2);
        const value = JSON.parse(text!);
        if (name === kind && fits(value)) return value;
      }
    },
    async ask(command: PlayCommand): Promise<void> {
      const answer = await fetch(`${address}command`, {
        method: "POST",
        body: JSON.stringify(command),
      });
      assertEquals(answer.status, 204, await answer.text());
    },
    close: () => reader.cancel(),
  };
}

useEachEngine("play() without a page is an ordinary run", async () => {
  const network = stubNetwork();
  const run = async () => await play(network, options, { stepSize: 3 });
  const played = await run();
  const plain = await stylize(network, { ...options, optimizer: adam({ stepSize: 3 }) });
  assertEquals(played.picture, plain.picture);
  assertEquals(played.branches, []);
  assertEquals(await tensorsLeft(run), 0);
  network.dispose();
});

Deno.test("a panel pauses, steps, weighs, keeps, undoes and finishes a run", async () => {
  const network = stubNetwork();
  const page = Promise.withResolvers<Awaited<ReturnType<typeof openPage>>>();
  const run = play(network, { ...options, iterations: 100_000 }, {
    stepSize: 3,
    onOpen: async (address) => page.resolve(await openPage(address)),
  });
  const { until, ask, close } = await page.promise;
  await until("frame", ({ iteration }) => iteration >= 1);
  await ask({ kind: "pause" });
  const { words } = await until("state", ({ isPaused }) => isPaused);
  const at = Number(words.match(/after step (\d+)/)[1]);
  await ask({ kind: "branch" });
  assertEquals(
    (await until("state", ({ branches }) => branches.length > 0)).branches,
    [`Branch 1: step ${at}`],
  );
  await ask({ kind: "factor", name: "style", value: 100 });
  await ask({ kind: "stepSize", value: 1 });
  await ask({ kind: "step" });
  await until("state", ({ words }) => words.includes(`after step ${at + 1}`));
  await ask({ kind: "step" });
  await until("state", ({ words }) => words.includes(`after step ${at + 2}`));
  await ask({ kind: "undo" });
  await until("state", ({ words }) => words.includes(`after step ${at + 1}`));
  await ask({ kind: "finish" });
  await until("state", ({ ended }) => ended);
  const { iterations, losses, branches } = await run;
  assertEquals(iterations, at + 1);
  assertEquals(losses.style!.weight, 1e-6 * 100);
  assertEquals(losses.content!.weight, 1);
  assertEquals(branches.map(({ iterations }) => iterations), [at]);
  // The branch goes on as the run did: the same weights and step lead to the same picture.
  const { picture } = await run;
  const again = await stylize(network, {
    ...options,
    style: { ...options.style!, weight: 1e-6 * 100 },
    optimizer: adam({ stepSize: 1 }),
    iterations: 1,
    resume: branches[0]!.checkpoint,
  });
  assertEquals(again.picture, picture);
  await close();
  network.dispose();
});

Deno.test("play() refuses several sizes and unknown options before it begins", async () => {
  const network = stubNetwork();
  await assertRejects(() => play(network, { ...options, sizes: [0.5, 1] }), TypeError, "one size");
  await assertRejects(
    () => play(network, options, { stepsize: 2 } as never),
    TypeError,
    "did you mean stepSize?",
  );
  await assertRejects(
    () => play(network, { ...options, iteration: 2 } as never),
    TypeError,
    "did you mean iterations?",
  );
  const control = new AbortController();
  control.abort();
  await assertRejects(() => play(network, { ...options, signal: control.signal }), Error, "abort");
  network.dispose();
});
