/**
 * The notebooks in the real JupyterLab, in headless Chromium, as a reader uses them. Screenshots go to
 * the folder that the variable STYLEBOOK_SCREENSHOTS names.
 *
 * Runs alone: a browser on a busy machine is late.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { basename, join } from "node:path";
import { chromiumFor, keepScreenshot, openPage, type Page } from "./chromium.ts";
import { type LabServer, ROOT, startLab } from "./lab_server.ts";
import { openNotebook } from "./notebook_page.ts";

/** A notebook whose first live picture is watched, stopped, and followed by another cell. */
type Scenario = {
  notebook: string;
  /** Small enough to be quick, long enough to be stopped in the middle. */
  env: Record<string, string>;
  /** Code whose output shows that the variables are kept after a stop, and that output. */
  after: { code: string; output: RegExp };
};

const SMALL = { STYLEBOOK_SIZE: "64", STYLEBOOK_ITERATIONS: "100" };

const SCENARIOS: Scenario[] = [
  {
    notebook: "tests/browser/fixture.ipynb",
    env: {},
    after: { code: "[frame > 2, frame < 600, stopped]", output: /true, true, true/ },
  },
  ...["00_style_transfer", "07_save_images", "11_lbfgs"].map((name) => ({
    notebook: `notebooks/${name}.ipynb`,
    env: SMALL,
    // By hand a run begins again: a moment after the last cell of the queue.
    after: {
      code: "await new Promise((done) => setTimeout(done, 2000)); " +
        "(await stylize(network, gatys(content, style, { iterations: 2 }))).iterations",
      output: /2/,
    },
  })),
];

/** The Stop button promises a second; a busy CI machine may add some. */
const STOP_SECONDS = Deno.env.has("CI") ? 5 : 2;

const chromium = await chromiumFor("the browser tests");

for (const scenario of SCENARIOS) {
  const { notebook } = scenario;
  if (!exists(join(ROOT, notebook))) continue;
  Deno.test({
    name: `${basename(notebook)} in JupyterLab redraws its picture, stops and goes on`,
    ignore: chromium === undefined,
    sanitizeResources: false, // a WebSocket is closed a moment after the test
    async fn() {
      await using lab = await startLab({ env: scenario.env });
      await using page = await openPage(chromium!);
      try {
        await readAlong(page, lab, scenario);
      } catch (error) {
        await keepScreenshot(page, `${basename(notebook, ".ipynb")}-failed`);
        throw error;
      }
    },
  });
}

async function readAlong(page: Page, lab: LabServer, scenario: Scenario): Promise<void> {
  const { notebook, after } = scenario;
  const before = await Deno.readTextFile(join(ROOT, notebook));
  const { cells } = JSON.parse(before) as { cells: { id: string; outputs?: unknown[] }[] };
  const open = await openNotebook(page, lab, notebook, cells.length);
  await keepScreenshot(page, `${basename(notebook, ".ipynb")}-1-opened`);
  assertEquals((await lab.kernels()).map(({ name }) => name), ["deno"]);

  // The kernel lives through a Stop even before the library listens for one.
  const code = 'await new Promise((done) => setTimeout(done, 1500)); "slept"';
  const slept = await open.startNewCell(code);
  await open.stop();
  assert((await slept()).includes("slept"));

  await open.runAll();
  await open.watchPicture(2);
  await keepScreenshot(page, `${basename(notebook, ".ipynb")}-2-running`);
  const seconds = await open.stop();
  await open.idle(300);
  await keepScreenshot(page, `${basename(notebook, ".ipynb")}-3-stopped`);
  assert(seconds < STOP_SECONDS, `Stop took ${seconds.toFixed(1)} s`);

  const kept = await (await open.startNewCell(after.code))();
  await keepScreenshot(page, `${basename(notebook, ".ipynb")}-4-after`);
  assert(after.output.test(kept), `The new cell shows ${kept}`);

  // Nothing is lost: what has an output in the file has one here, up to the cell that was stopped. Runs
  // behind it refused to begin, and what needs them failed.
  const errors = await open.errors();
  const counts = await open.outputCounts();
  const seen = errors.length === 0 ? cells.length : counts.findLastIndex((count) => count > 0) / 2;
  const silent = cells.filter(({ outputs }, i) => i < seen && outputs?.length && counts[i] === 0);
  assertEquals(silent.map(({ id }) => id), []);
  if (errors.length > 0) assertStringIncludes(errors[0]!, "Stopped a moment ago");
  assertEquals(await open.popups(), []);
  assertEquals(await Deno.readTextFile(join(ROOT, notebook)), before);
  console.log(
    `${basename(notebook)}: JupyterLab up after ${lab.seconds.toFixed(1)} s, stopped after ${
      seconds.toFixed(2)
    } s`,
  );
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
