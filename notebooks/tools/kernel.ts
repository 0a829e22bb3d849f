/**
 * The Deno kernel: how Jupyter's programs start it, and `deno task kernel`, which tells that to those that
 * do not look into `.venv`, such as VS Code.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { writeWhole } from "../../lib/base/files.ts";

/**
 * The Deno that runs the notebooks. Its kernel loses no output; those of 2.8.2 to 2.9.8 may publish
 * the last outputs of a cell after they have reported it as done.
 */
export const KERNEL_DENO = "2.8.1";

/** The `kernel.json` of a kernel that this Deno runs. */
export function kernelSpec(deno: string, name: string): Record<string, unknown> {
  const run = [deno, "jupyter", "--quiet", "--kernel", "--conn", "{connection_file}"];
  // With SIGINT ignored at the start, the Stop button does not end a kernel that has not imported
  // the library yet. The library's own listener takes the signal over.
  const guarded = ["sh", "-c", `trap '' INT; exec "$0" jupyter --quiet --kernel --conn "$1"`];
  return {
    argv: Deno.build.os === "windows" ? run : [...guarded, deno, "{connection_file}"],
    display_name: name,
    language: "typescript",
    env: { DENO_NO_UPDATE_CHECK: "1" },
  };
}

const HELP = `Describes the notebooks' kernel to programs outside the project, such as VS Code.

  deno task kernel            writes kernel.json into your Jupyter folder; pick "Deno (Stylebook)" there
  deno task kernel --remove   deletes it

\`deno task lab\` does not need it. Exit codes: 0 done, 2 wrong usage, or the folder cannot be written.`;

/** The name under which it is kept beside a kernel that \`deno jupyter --install\` may have described. */
const NAME = "stylebook";

/** Where Jupyter looks for a user's kernels, see "Jupyter: Common Directories and File Locations". */
function dataFolder(): string {
  const given = Deno.env.get("JUPYTER_DATA_DIR");
  if (given) return given;
  const home = Deno.env.get(Deno.build.os === "windows" ? "USERPROFILE" : "HOME");
  if (!home) throw new Error("Cannot find your Jupyter folder: set HOME or JUPYTER_DATA_DIR");
  if (Deno.build.os === "darwin") return join(home, "Library", "Jupyter");
  if (Deno.build.os === "windows") {
    return join(Deno.env.get("APPDATA") ?? join(home, "AppData", "Roaming"), "jupyter");
  }
  return join(Deno.env.get("XDG_DATA_HOME") || join(home, ".local", "share"), "jupyter");
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      help: { type: "boolean", short: "h", default: false },
      remove: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const path = join(dataFolder(), "kernels", NAME, "kernel.json");
  if (values.remove) {
    try {
      Deno.removeSync(dirname(path), { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return console.log(`There is no ${path} any more`);
  }
  if (Deno.version.deno !== KERNEL_DENO) {
    throw new Error(
      `Cannot describe a kernel of Deno ${Deno.version.deno} as it must be ${KERNEL_DENO}: ` +
        `run npx -y deno@${KERNEL_DENO} task kernel`,
    );
  }
  const spec = kernelSpec(Deno.execPath(), "Deno (Stylebook)");
  Deno.mkdirSync(dirname(path), { recursive: true });
  await writeWhole(path, JSON.stringify(spec, null, 2) + "\n", `write ${path}`);
  console.log(`Wrote ${path}\nIn VS Code: Select Kernel → Jupyter Kernel… → Deno (Stylebook)`);
}

if (import.meta.main) {
  main().catch((error) => {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(2);
  });
}
