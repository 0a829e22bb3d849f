"""Talks to the kernel that `deno task kernel` described as VS Code does: by its kernel.json, from the folder
of the notebooks, with SIGINT to the one process when it is to be interrupted. Prints what the cells showed.

    python kernel_client.py NAME FOLDER
"""

import os
import signal
import sys
import time

from jupyter_client.manager import KernelManager

RUN = """
const { gatys, loadVgg16, readPicture, stylize, toPicture } = await import("stylebook");
const network = await loadVgg16();
const small = (file: string) => readPicture("images/" + file, { maxSize: 32 });
const content = await small("content/eilean-donan.jpg");
const style = await small("style/church-at-auvers.jpg");
console.log("begins");
const result = await stylize(network, gatys(content, style, { iterations: 100_000 }));
"""


def execute(client, code, interrupt=lambda: None):
    """What a cell prints and shows, and how it ends."""
    asked = client.execute(code)
    shown = ""
    while True:
        message = client.get_iopub_msg(timeout=120)
        if message["parent_header"].get("msg_id") != asked:
            continue
        content = message["content"]
        if message["msg_type"] == "stream":
            shown += content["text"]
            if "begins" in content["text"]:
                time.sleep(1)
                interrupt()
        elif message["msg_type"] == "execute_result":
            shown += content["data"]["text/plain"]
        elif message["msg_type"] == "error":
            shown += "error: " + content["evalue"]
        elif message["msg_type"] == "status" and content["execution_state"] == "idle":
            return shown


def main():
    name, folder = sys.argv[1:]
    manager = KernelManager(kernel_name=name)
    manager.start_kernel(cwd=folder)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        process = manager.provisioner.pid
        # Before the library listens, a signal must not end the kernel.
        os.kill(process, signal.SIGINT)
        print("alive:", execute(client, "1 + 1"))
        execute(client, RUN, lambda: os.kill(process, signal.SIGINT))
        print("stopped:", execute(client, "[result.stopped, result.iterations < 100_000]"))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


main()
