import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { openTrace, TRACE_COLUMNS } from "../../lib/terminal/trace.ts";
import { inFolder, namesIn } from "../helpers/folder.ts";

const LOSSES = { content: { loss: 2, weight: 1, adjustment: 0.5, share: 1 } };

Deno.test("a trace appears when it is closed, with a row an iteration", () =>
  inFolder(async (folder) => {
    const path = join(folder, "log.csv");
    const trace = await openTrace(path, () => {});
    trace.add(0, 1.25, LOSSES);
    assert(!namesIn(folder).includes("log.csv"));
    trace.close();
    trace.close();
    const [header, row] = (await Deno.readTextFile(path)).trim().split("\n");
    assertEquals(header, TRACE_COLUMNS.join());
    assertEquals(row, "0,2,,,0.5,,,1.250");
    assertEquals(namesIn(folder), ["log.csv"]);
  }));

Deno.test("a trace that cannot be written is said once, and the run goes on", async () => {
  if (Deno.build.os !== "linux") return console.log("skipped: no /dev/full here");
  const said: string[] = [];
  const trace = await openTrace("/dev/full", (line) => said.push(line));
  trace.add(0, 0, LOSSES);
  trace.add(1, 0, LOSSES);
  trace.close();
  assertEquals(said.length, 1);
  assertStringIncludes(said[0]!, '"/dev/full"');
  assertStringIncludes(said[0]!, "the run goes on without it");
});

Deno.test("a trace in a folder that is missing is refused", async () => {
  await assertRejects(() => openTrace("no/such/folder/x.csv", () => {}), Error, "x.csv");
});
