import { assert } from "@std/assert";
import { letOthersIn } from "../../lib/base/turn.ts";

/** Computes like a run, which lets others in after every 20 ms, until something has happened. */
async function stepsUntil(happened: () => boolean): Promise<number> {
  let steps = 0;
  for (; steps < 250 && !happened(); steps++) {
    for (const end = performance.now() + 20; performance.now() < end;);
    await letOthersIn();
  }
  return steps;
}

Deno.test("timers and signals get in between two iterations", async () => {
  let [fired, caught] = [false, false];
  setTimeout(() => fired = true, 50);
  assert(await stepsUntil(() => fired) < 10);

  if (Deno.build.os === "windows") return;
  const listen = () => caught = true;
  Deno.addSignalListener("SIGUSR2", listen);
  Deno.kill(Deno.pid, "SIGUSR2");
  assert(await stepsUntil(() => caught) < 20);
  Deno.removeSignalListener("SIGUSR2", listen);
});

Deno.test("requests are answered between iterations", async () => {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    return new Response((await request.text()).toUpperCase());
  });
  const { port } = server.addr;
  // Another program: what asks from this one would wait for the same turns.
  const code = `
    const ask = () => fetch("http://127.0.0.1:${port}", { method: "POST", body: "a".repeat(20000) });
    for (let i = 0; i < 5; i++) if (await (await ask()).text() !== "A".repeat(20000)) Deno.exit(1);`;
  const client = new Deno.Command(Deno.execPath(), { args: ["eval", code] }).spawn();
  let ended: Deno.CommandStatus | undefined;
  void client.status.then((status) => ended = status);
  await stepsUntil(() => ended !== undefined);
  assert(ended?.success);
  await server.shutdown();
});
