/**
 * Which test files are quick: those that neither start a process nor load the weights of a whole network,
 * themselves or through a helper, and do not say "Not quick: …" in a comment. That is read off their
 * source, so there is no list to keep.
 *
 * @module
 */

/** What costs seconds: a process, or a network with its weights. */
const COSTLY = /\bDeno\.Command\b|\bload(?:Vgg16|Vgg19|Inception5h|Network)\(|\bload\(/;

const MARKED = /^( \*|\/\/) Not quick: /m;

/** Whether a source starts processes, loads networks, or says that it takes its time. */
export const isCostly = (source: string): boolean => COSTLY.test(source) || MARKED.test(source);

/** Whether a test file is quick, the helpers that it imports from `tests/` included. */
export function isQuick(file: URL, tests: URL, seen: Set<string> = new Set()): boolean {
  if (seen.has(file.href)) return true;
  seen.add(file.href);
  const source = Deno.readTextFileSync(file);
  if (isCostly(source)) return false;
  return [...source.matchAll(/(?:from|import) "(\.[^"]+)"/g)]
    .map(([, path]) => new URL(path!, file))
    .filter(({ href }) => href.startsWith(tests.href))
    .every((helper) => isQuick(helper, tests, seen));
}

/** Files in so many groups of about the same size, as a measure of the time that they take. */
export function inGroups(files: readonly URL[], count: number): URL[][] {
  const groups = Array.from({ length: count }, () => ({ size: 0, files: [] as URL[] }));
  const sized = files.map((file) => ({ file, size: Deno.statSync(file).size }));
  for (const { file, size } of sized.sort((a, b) => b.size - a.size)) {
    const least = groups.reduce((a, b) => b.size < a.size ? b : a);
    least.size += size;
    least.files.push(file);
  }
  return groups.map(({ files }) => files);
}
