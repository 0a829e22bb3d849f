"""Executes one notebook in a fresh Deno kernel and writes it with its outputs.

    python run_notebook.py NOTEBOOK TARGET [--html FILE] [--limit BYTES] [--timeout S] [--keep-failed]
        [--again]

The target is replaced in one step, and only by a whole notebook that ran without an error (with
--keep-failed also by one whose cell threw). Exit code: 0 done, 1 a cell threw or the kernel died,
2 the notebook cannot be read, 3 it is larger than the limit, 130 stopped. With --again all code cells
are run a second time in the same kernel, as a reader does; the outputs kept are those of the first.
"""

import argparse
import copy
import logging
import os
import re
import sys
import time
from pathlib import Path
from queue import Empty

import nbformat
from jupyter_client.utils import ensure_async
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbclient.exceptions import CellExecutionComplete

ROOT = Path(__file__).resolve().parents[2]
ANSI = re.compile(r"\x1b\[[0-9;]*m")
# A kernel newer than the pinned one may publish outputs after it has reported a cell as done.
LATE_OUTPUT_SECONDS = 0.15
KERNEL = {"display_name": "Deno", "language": "typescript", "name": "deno"}


class Client(NotebookClient):
    """Reports progress, and reads on for a moment after a cell is done."""

    current = 0  # the number of the code cell that runs, from 1

    async def async_execute_cell(self, cell, cell_index, *args, **kwargs):
        if cell.cell_type == "code" and cell.source.strip():
            self.current += 1
            if sys.stderr.isatty():
                print(f"\r\x1b[K  code cell {self.current} …", end="", file=sys.stderr, flush=True)
        return await super().async_execute_cell(cell, cell_index, *args, **kwargs)

    async def _async_poll_output_msg(self, parent_msg_id, cell, cell_index):
        await super()._async_poll_output_msg(parent_msg_id, cell, cell_index)
        while True:
            try:
                channel = self.kc.iopub_channel
                message = await ensure_async(channel.get_msg(timeout=LATE_OUTPUT_SECONDS))
                if message["parent_header"].get("msg_id") == parent_msg_id:
                    self.process_message(message, cell, cell_index)
            except Empty:
                return
            except CellExecutionComplete:
                pass


def tidy(notebook):
    """Leaves only what is the same at every run, and no path of this machine."""
    # As the kernel describes its language: JupyterLab would put that in, and call the file changed.
    kept = {"language_info": notebook.metadata.get("language_info", {"name": "typescript"})}
    notebook.metadata.clear()
    notebook.metadata.update(nbformat.from_dict({"kernelspec": KERNEL, **kept}))
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = in_order(cell.outputs)
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                output.text = without_paths(output.text)
            elif output.output_type == "error":
                output.evalue = without_paths(output.evalue)
                output.traceback = [without_paths(line) for line in output.traceback]
            else:
                output.metadata.pop("execution", None)
                for kind, value in output.data.items():
                    if isinstance(value, str) and (kind.startswith("text/") or "svg" in kind):
                        output.data[kind] = without_paths(value)


def in_order(outputs):
    """The same outputs, the cell's value last: now and then the kernel sends it before the prints."""
    ordered = []
    for output in sorted(outputs, key=lambda output: output.output_type == "execute_result"):
        last = ordered[-1] if ordered else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            ordered.append(output)
    return ordered


def without_paths(text):
    """The text with the project's folder and the home folder taken out of its paths."""
    for folder, stand_in in ((ROOT, ""), (Path.home(), "~/")):
        if folder == folder.parent:
            continue  # a home of "/" is in every path
        for start in (folder.as_uri(), str(folder)):
            text = text.replace(start + "/", stand_in).replace(start + os.sep, stand_in)
    return text


def write(path, text):
    """Replaces the file in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.partial")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def write_html(notebook, path, folder):
    from nbconvert import HTMLExporter  # takes half a second to import

    exporter = HTMLExporter(embed_images=True)
    resources = {"metadata": {"name": path.stem, "path": str(folder)}}
    write(path, exporter.from_notebook_node(notebook, resources)[0])


def largest_cells(notebook):
    """The three code cells with the largest outputs, in words."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    sizes = [(len(nbformat.writes(nbformat.v4.new_notebook(cells=[c]))), n) for n, c in enumerate(code, 1)]
    return ", ".join(f"cell {n} {size / 1e3:.0f} kB" for size, n in sorted(sizes, reverse=True)[:3])


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("notebook", type=Path)
    arguments.add_argument("target", type=Path)
    arguments.add_argument("--html", type=Path)
    arguments.add_argument("--limit", type=int)
    arguments.add_argument("--timeout", type=int, help="seconds a cell may take")
    arguments.add_argument("--keep-failed", action="store_true")
    arguments.add_argument("--again", action="store_true", help="run all code cells twice")
    options = arguments.parse_args()
    name = options.notebook.stem
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # speaks of tasks cut off by a stop

    try:
        notebook = nbformat.read(options.notebook, as_version=4)
    except Exception as error:
        print(f"{name}: cannot be read as a notebook: {error}", file=sys.stderr)
        return 2

    folder = options.notebook.resolve().parent
    once = list(notebook.cells)
    count = sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in once)
    if options.again:
        notebook.cells += [copy.deepcopy(cell) for cell in once if cell.cell_type == "code"]
    client = Client(
        notebook,
        kernel_name="deno",
        timeout=options.timeout,
        shutdown_kernel="immediate",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    start = time.monotonic()
    failure = None
    try:
        client.execute()
    except CellExecutionError:
        failure = in_words(notebook)
    except CellTimeoutError:
        failure = f"took longer than {options.timeout} s"
    except (AssertionError, DeadKernelError):
        # On SIGINT and SIGTERM nbclient takes the kernel away from under its own feet.
        if hasattr(client, "_async_cleanup_kernel_future"):
            print(f"{name}: stopped", file=sys.stderr)
            return 130
        failure = "the kernel died"
    seconds = time.monotonic() - start
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr)

    notebook.cells = once
    tidy(notebook)
    text = nbformat.writes(notebook) + "\n"
    size = len(text.encode())
    if failure is not None:
        failure = without_paths(ANSI.sub("", failure))
        indented = failure.replace("\n", "\n    ")
        cell = f"{client.current}" if client.current <= count else f"{client.current - count}, run again,"
        print(f"{name}: code cell {cell} failed after {seconds:.1f} s: {indented}", file=sys.stderr)
    if failure is None and options.limit and size > options.limit:
        most = largest_cells(notebook)
        print(
            f"{name}: {size / 1e3:.0f} kB is over the limit of {options.limit / 1e3:.0f} kB ({most})",
            file=sys.stderr,
        )
        return 3
    if failure is None or options.keep_failed:
        write(options.target, text)
        if options.html:
            write_html(notebook, options.html, folder)
    if failure is not None:
        return 1
    times = " twice" if options.again else ""
    print(f"{name}: {count} code cells{times}, {seconds:.1f} s, {size / 1e3:.0f} kB", flush=True)
    return 0


def in_words(notebook):
    """The last error's message, and the first line of its stack that is not inside Deno."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    error = [output for output in outputs if output.output_type == "error"][-1]
    message = error.evalue
    if error.ename not in ("Unknown error", message):  # a syntax error is its own name
        message = f"{error.ename}: {message}"
    lines = [ANSI.sub("", line).strip() for line in "\n".join(error.traceback).splitlines()]
    places = [line for line in lines if line.startswith("at ") and "ext:" not in line]
    return "\n".join([message, *places[:1]])


if __name__ == "__main__":
    sys.exit(main())
