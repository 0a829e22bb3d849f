/**
 * What a reader does with a notebook in JupyterLab, by mouse and keyboard.
 *
 * @module
 */
import { type Page, waitUntil } from "./chromium.ts";
import type { LabServer } from "./lab_server.ts";

/** A picture in an output: the number of its cell, and a mark of its content. */
type Sight = { cell: number; mark: string };

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
const PICTURES = `[...document.querySelectorAll("${NOTEBOOK} .jp-Cell")].flatMap((cell, index) =>
  [...cell.querySelectorAll(".jp-OutputArea-output img")].map(({ src }) =>
    ({ cell: index, mark: src.length + src.slice(-400) })))`;

/** Opens a notebook and waits until its kernel is ready. */
export async function openNotebook(
  page: Page,
  lab: LabServer,
  notebook: string,
): Promise<NotebookPage> {
  await page.goto(lab.url(notebook));
  await page.waitFor("the notebook", `document.querySelector("${NOTEBOOK} .jp-Cell")`, 60);
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

  const running = `[...document.querySelectorAll("${NOTEBOOK} .jp-Cell")].findIndex((cell) =>
    cell.querySelector(".jp-InputPrompt")?.innerText.includes("*"))`;
  let added = 0; // cells
  const texts = (selector: string) =>
    page.evaluate<string[]>(`[...document.querySelectorAll("${NOTEBOOK} ${selector}")]
      .map(({ innerText }) => innerText)`);

  return {
    async runAll() {
      await menu(page, "Run", "runmenu:run-all");
      await page.waitFor("a running cell", `${running} >= 0`);
    },
    async stop(patience = 30) {
      await page.waitFor("a running cell", `${running} >= 0`, 5);
      const before = await page.evaluate<number>(running);
      const start = performance.now();
      await page.click(`${NOTEBOOK} .jp-Toolbar-item[data-jp-item-name="interrupt"] jp-button`);
      await page.waitFor("the stopped cell's end", `${running} !== ${before}`, patience);
      return (performance.now() - start) / 1000;
    },
    async startNewCell(code) {
      await page.click(`${NOTEBOOK} .jp-Notebook-footer`);
      const mark = `new-${++added}`;
      await page.waitFor(
        "a new cell",
        `(() => {
          const last = [...document.querySelectorAll("${NOTEBOOK} .jp-Cell")].at(-1);
          if (last.dataset.mark || !last.contains(document.activeElement)) return false;
          return last.dataset.mark = "${mark}";
        })()`,
        10,
      );
      const cell = `document.querySelector("[data-mark=${mark}]")`;
      const editor = `${cell}.querySelector(".cm-content")`;
      await page.enter(); // from selecting the cell to typing into it
      await page.waitFor("its cursor", `${editor} === document.activeElement`, 10);
      await page.type(code);
      await page.enter({ shift: true });
      const output = `${cell}.querySelector(".jp-OutputArea-output")?.innerText`;
      return () => page.waitFor<string>("the new cell's output", output);
    },
    async watchPicture(changes, patience = 60) {
      const seen = new Map<number, { marks: Set<string>; most: number }>();
      await waitUntil(`a picture that changes ${changes} times`, patience, async () => {
        const pictures = await page.evaluate<Sight[]>(PICTURES);
        for (const { cell, mark } of pictures) {
          const known = seen.get(cell) ?? { marks: new Set(), most: 0 };
          known.marks.add(mark);
          known.most = Math.max(known.most, pictures.filter((each) => each.cell === cell).length);
          seen.set(cell, known);
        }
        // Replaced, not added: the cell showed fewer pictures at once than it has shown in all.
        return [...seen.values()].some(({ marks, most }) => marks.size - most >= changes);
      });
    },
    async idle(patience = 60) {
      await page.waitFor("an idle kernel", `${STATUS} === "idle" && ${running} < 0`, patience);
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
