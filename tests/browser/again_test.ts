/**
 * Run All, and Run All again, in the real JupyterLab: a notebook can be run twice in one kernel, each cell shows
 * what it shows in the committed file, and nothing complains. All notebooks with STYLEBOOK_BROWSER=all; through
 * the kernel alone every one of them is run twice by tests/notebooks/notebooks_test.ts.
 *
 * Runs alone: a browser on a busy machine is late.
 */
import { assertEquals } from "@std/assert";
import { basename } from "node:path";
import {
  listNotebooks,
  type Notebook,
  readNotebook,
} from "../../notebooks/tools/notebook_files.ts";
import { chromiumFor, keepScreenshot, openPage, type Page } from "./chromium.ts";
import { type LabServer, startLab } from "./lab_server.ts";
import { openNotebook } from "./notebook_page.ts";

/** A long run, a sweep with its bar, sliders over a grid. */
const USUAL = ["02", "03"];
/** Seconds for one Run All at a tiny size on a busy machine; the ten programs of 19 take the longest. */
const PATIENCE = 900;

const all = Deno.env.get("STYLEBOOK_BROWSER") === "all";
const chromium = await chromiumFor("notebooks run twice in a browser");
if (chromium !== undefined && !all) {
  console.log(`skipped: in a browser, notebooks but ${USUAL.join(", ")} (STYLEBOOK_BROWSER=all)`);
}

for (const path of listNotebooks()) {
  const name = basename(path, ".ipynb");
  if (!all && !USUAL.includes(name.slice(0, 2))) continue;
  Deno.test({
    name: `${name} in JupyterLab runs twice and shows all`,
    ignore: chromium === undefined,
    sanitizeResources: false, // a WebSocket is closed a moment after the test
    async fn() {
      await using lab = await startLab({
        env: { STYLEBOOK_SIZE: "64", STYLEBOOK_ITERATIONS: "4" },
      });
      await using page = await openPage(chromium!);
      try {
        await runTwice(page, lab, `notebooks/${name}.ipynb`, readNotebook(path));
      } catch (error) {
        await keepScreenshot(page, `${name}-again-failed`);
        throw error;
      }
    },
  });
}

async function runTwice(page: Page, lab: LabServer, notebook: string, { cells }: Notebook) {
  const open = await openNotebook(page, lab, notebook, cells.length);
  // What is only said may be left unsaid at a tiny size.
  const shown = cells.map(({ outputs = [] }) =>
    outputs.some(({ output_type }) => output_type !== "stream")
  );
  for (const time of ["first", "second"]) {
    await open.runAll();
    await open.idle(PATIENCE);
    const errors = await open.errors();
    assertEquals(errors, [], `${time} time: ${errors.join("; ")}`);
    const counts = await open.outputCounts();
    const silent = cells.filter((_, i) => shown[i] && counts[i] === 0).map(({ id }) => id);
    assertEquals(silent, [], time);
  }
  assertEquals(await open.popups(), []);
  await keepScreenshot(page, `${basename(notebook, ".ipynb")}-again`);
}
