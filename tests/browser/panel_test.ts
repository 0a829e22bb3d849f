/**
 * The control panel of `play()` in the real JupyterLab, in headless Chromium: a slider is moved, and the
 * loss follows. Screenshots go to the folder that the variable STYLEBOOK_SCREENSHOTS names.
 *
 * Runs alone: a browser on a busy machine is late.
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { chromiumFor, keepScreenshot, openPage } from "./chromium.ts";
import { ROOT, startLab } from "./lab_server.ts";
import { openNotebook } from "./notebook_page.ts";

const NOTEBOOK = "notebooks/18_play.ipynb";
const FRAME = `document.querySelector("iframe[title='control panel']")`;
const LAST = `curves.style?.at(-1)?.[1]`;

const chromium = await chromiumFor("the test of the control panel");

Deno.test({
  name: "18_play.ipynb in JupyterLab: a slider moves, the loss follows, the picture stays",
  ignore: chromium === undefined,
  sanitizeResources: false, // a WebSocket is closed a moment after the test
  async fn() {
    const env = { STYLEBOOK_SIZE: "64", STYLEBOOK_ITERATIONS: "100000" };
    await using lab = await startLab({ env });
    await using page = await openPage(chromium!);
    const { cells } = JSON.parse(await Deno.readTextFile(join(ROOT, NOTEBOOK)));
    const notebook = await openNotebook(page, lab, NOTEBOOK, cells.length);
    await notebook.runAll();
    const address = await page.waitFor<string>("the panel", `${FRAME}?.src`, 120);
    assert(new URL(address).hostname === "127.0.0.1", address);

    // The panel is a page of another origin, so it is played with in a window of its own.
    await using panel = await openPage(chromium!);
    await panel.goto(address);
    await panel.waitFor("a picture", `document.querySelector("img").naturalWidth > 0`, 60);
    await panel.waitFor("some steps", `curves.style?.length > 20`, 60);
    await keepScreenshot(page, "18_play-lab");
    const before = await panel.evaluate<number>(LAST);
    const words = await panel.evaluate<string>(`(() => {
      const slider = document.querySelector("input[name=style]");
      slider.value = 2;
      slider.dispatchEvent(new Event("input"));
      slider.dispatchEvent(new Event("change"));
      return slider.nextElementSibling.textContent;
    })()`);
    assertEquals(words, "× 100");
    await panel.waitFor("a style loss that follows", `${LAST} < ${before} / 2`, 60);
    await panel.click("[data-kind=pause]");
    await panel.waitFor("a pause", `document.querySelector("p").textContent.startsWith("paused")`);
    await keepScreenshot(panel, "18_play-panel");
    await panel.click("[data-kind=branch]");
    await panel.waitFor("a branch", `!!document.querySelector(".branches button")`);
    await panel.click("[data-kind=finish]");
    await panel.waitFor("the end", `document.querySelector("p").textContent.includes("ended")`);
    await notebook.idle(60);
    assertEquals(await notebook.errors(), []);
    await keepScreenshot(page, "18_play-after");
    await page.waitFor("the last picture in the panel's place", `${FRAME} === null`, 20);
  },
});
