/**
 * What a reader does with a notebook in JupyterLab, by mouse and keyboard.
 *
 * @module
 */
import { type Page, waitUntil } from "./chromium.ts";
import type { LabServer } from "./lab_server.ts";

/** A notebook that is open, with its kernel connected. */
export type NotebookPage = {
  /** Run > Run All Cells, from the menu. */
  runAll(): Promise<void>;
  /** Presses the Stop button of the toolbar; the seconds until the running cell is done. */
  stop(patience?: number): Promise<number>;
  /** Adds a cell at the end and starts it; the function returned waits for the text of its output. */
  startNewCell(code: string): Promise<() => Promise<string>>;
  /** Waits until one cell's picture has been replaced `changes` times, in place. */
  watchPicture(changes: number, patience?: number): Promise<void>;
  /** Waits until the kernel has nothing to do. */
  idle(patience?: number): Promise<void>;
  /** How many outputs each cell has, in the order of the notebook. */
  outputCounts(): Promise<number[]>;
  /** The errors that cells show. */
  errors(): Promise<string[]>;
  /** Texts of dialogs and notices that the page has shown: there should be none. */
  popups(): Promise<string[]>;
};

const NOTEBOOK = ".jp-NotebookPanel:not(.lm-mod-hidden)";
const STATUS =
  `document.querySelector("${NOTEBOOK} .jp-Notebook-ExecutionIndicator")?.dataset.status`;
// Not innerText, which is empty where a cell is outside the window. The first is the one that runs;
// the others wait.
const RUNNING = `[...document.querySelectorAll("${NOTEBOOK} .jp-Cell")].find((cell) =>
  cell.querySelector(".jp-InputPrompt")?.textContent.includes("*"))`;

/** Opens a notebook and waits until all its cells are on the page and its kernel is ready. */
export async function openNotebook(
  page: Page,
  lab: LabServer,
  notebook: string,
  cellCount: number,
): Promise<NotebookPage> {
  await page.goto(lab.url(notebook));
  const cells = `[...document.querySelectorAll("${NOTEBOOK} .jp-Cell")]`;
  await page.waitFor("the cells", `${cells}.length === ${cellCount}`, 60);
  await waitUntil("the kernel", 60, async () => {
    const kernels = await lab.kernels();
    return kernels.length > 0 && kernels.every((kernel) => kernel.execution_state === "idle");
  });
  await page.waitFor("the kernel's connection", `${STATUS} === "idle"`, 60);
  // Kept for later: every dialog that appears, also one that is gone by the time we look.
  await page.evaluate(`new MutationObserver(() => {
    for (const each of document.querySelectorAll(".jp-Dialog, .Toastify__toast")) {
      (window.popups ??= new Set()).add(each.innerText.trim());
    }
  }).observe(document.body, { childList: true, subtree: true })`);

  let added = 0; // cells
  const texts = (selector: string) =>
    page.evaluate<string[]>(`[...document.querySelectorAll("${NOTEBOOK} ${selector}")]
      .map(({ textContent }) => textContent)`);

  return {
    async runAll() {
      await menu(page, "Run", "runmenu:run-all");
      await page.waitFor("a running cell", `!!${RUNNING}`);
    },
    async stop(patience = 30) {
      await page.waitFor("a running cell", `${RUNNING}?.dataset.windowedListIndex`, 5);
      const index = `${RUNNING}?.dataset.windowedListIndex`;
      const before = await page.evaluate<string>(index);
      await page.click(`${NOTEBOOK} .jp-Toolbar-item[data-jp-item-name="interrupt"] jp-button`);
      const start = performance.now();
      await page.waitFor("the stopped cell's end", `${index} !== "${before}"`, patience);
      return (performance.now() - start) / 1000;
    },
    async startNewCell(code) {
      const mark = `new-${++added}`;
      const found = `(() => {
        const last = ${cells}.at(-1);
        if (${cells}.length === before || !last.contains(document.activeElement)) return false;
        return last.dataset.mark = "${mark}";
      })()`;
      await page.evaluate(`void (window.before = ${cells}.length)`);
      await waitUntil("a new cell", 30, async () => {
        // Now and then the page moves at the very moment of the click.
        await page.click(`${NOTEBOOK} .jp-Notebook-footer`);
        return await page.waitFor("a new cell", found, 3);
      });
      const cell = `document.querySelector("[data-mark=${mark}]")`;
      const editor = `${cell}.querySelector(".cm-content")`;
      await page.enter(); // from selecting the cell to typing into it
      await page.waitFor("its cursor", `${editor} === document.activeElement`, 10);
      await page.type(code);
      await page.enter({ shift: true });
      const output = `${cell}.querySelector(".jp-OutputArea-output")?.textContent`;
      return () => page.waitFor<string>("the new cell's output", output);
    },
    async watchPicture(changes, patience = 60) {
      // Of the running cell, as the others may still show pictures of an earlier run.
      const pictures = `(() => {
        const cell = ${RUNNING};
        const images = [...cell?.querySelectorAll(".jp-OutputArea-output img") ?? []];
        images.at(-1)?.scrollIntoView({ block: "nearest" });
        return { cell: cell?.dataset.windowedListIndex, marks: images.map(({ src }) => src) };
      })()`;
      const seen = { cell: "", marks: new Set<string>(), most: 0 };
      await waitUntil(`a picture that changes ${changes} times`, patience, async () => {
        const { cell, marks } = await page.evaluate<{ cell: string; marks: string[] }>(pictures);
        if (cell !== seen.cell) Object.assign(seen, { cell, marks: new Set(), most: 0 });
        for (const mark of marks) seen.marks.add(mark);
        seen.most = Math.max(seen.most, marks.length);
        // Replaced, not added: the cell has shown more pictures in all than at any one time.
        return seen.marks.size - seen.most >= changes;
      });
    },
    async idle(patience = 60) {
      await page.waitFor("an idle kernel", `${STATUS} === "idle" && !${RUNNING}`, patience);
    },
    outputCounts: () =>
      page.evaluate(`[...document.querySelectorAll("${NOTEBOOK} .jp-Cell")]
        .map((cell) => cell.querySelectorAll(".jp-OutputArea-output").length)`),
    errors: () => texts("[data-mime-type='application/vnd.jupyter.error']"),
    popups: () => page.evaluate(`[...(window.popups ?? [])]`),
  };
}

/** Chooses a command from the menu bar. */
async function menu(page: Page, title: string, command: string): Promise<void> {
  await page.evaluate(`[...document.querySelectorAll(".lm-MenuBar-item")]
    .find(({ innerText }) => innerText.trim() === "${title}").id ||= "menu-${title}"`);
  await page.click(`#menu-${title}`);
  await page.click(`.lm-Menu-item[data-command="${command}"]`);
}
