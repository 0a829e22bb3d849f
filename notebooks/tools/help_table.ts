/**
 * Writes `lib/display/help.json`, from which `help(stylize)` answers in a notebook: what `deno doc` knows
 * of every exported function, boiled down to a line per option. The kernel cannot ask `deno doc` itself
 * without a wait of seconds.
 *
 *     deno run -A notebooks/tools/help_table.ts [--check]
 *
 * With `--check` nothing is written; the exit code is 1 when the file is out of date.
 *
 * @module
 */
import { join } from "node:path";
import type { HelpEntry, HelpOption } from "../../lib/display/help.ts";
import { PRESETS } from "../../lib/run/presets.ts";
import { SETTINGS } from "../../lib/run/settings.ts";
import { ROOT } from "./environment.ts";

type Tag = { kind: string; name?: string; doc?: string; value?: string };
type Doc = { doc?: string; tags?: Tag[] };
type Property = { name: string; jsDoc?: Doc; optional?: boolean; tsType?: Type };
type Parameter = {
  kind: string;
  name?: string;
  optional?: boolean;
  left?: Parameter;
  tsType?: Type;
};
type Type = { kind: string; repr?: string; value?: unknown };
type Declaration = { kind: string; jsDoc?: Doc; def: Record<string, unknown> };
type Node = { name: string; declarations: Declaration[] };

const FILE = join(ROOT, "lib", "display", "help.json");

/** All symbols that `deno doc` finds in some files. */
async function documented(files: string[]): Promise<Map<string, Node>> {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", ...files],
    cwd: ROOT,
  }).output();
  if (!success) throw new Error(`deno doc failed: ${new TextDecoder().decode(stderr)}`);
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout));
  const symbols = Object.values<{ symbols?: Node[] }>(nodes).flatMap(({ symbols = [] }) => symbols);
  return new Map(symbols.map((node) => [node.name, node]));
}

const rooms = [...Deno.readDirSync(join(ROOT, "lib"))].filter(({ isDirectory }) => isDirectory)
  .flatMap(({ name }) => filesBelow(`lib/${name}`)).filter((file) => !file.includes("/native/"));
const everything = await documented(rooms);
const exported = await documented(["lib/mod.ts"]);

function filesBelow(folder: string): string[] {
  return [...Deno.readDirSync(join(ROOT, folder))].flatMap(({ name, isDirectory }) =>
    isDirectory
      ? filesBelow(`${folder}/${name}`)
      : name.endsWith(".ts")
      ? [`${folder}/${name}`]
      : []
  ).sort();
}

function aliasOf(name: string): Declaration | undefined {
  const node = exported.get(name) ?? everything.get(name);
  return node?.declarations.find(({ kind }) => kind === "typeAlias");
}

/** The properties of an options type, whatever it is put together from. */
function propertiesOf(type: Type | undefined): Property[] {
  if (!type) return [];
  if (type.kind === "intersection") return (type.value as Type[]).flatMap(propertiesOf);
  if (type.kind === "parenthesized") return propertiesOf(type.value as Type);
  if (type.kind === "typeLiteral") return (type.value as { properties: Property[] }).properties;
  if (type.kind !== "typeRef") return [];
  const { typeName, typeParams = [] } = type.value as { typeName: string; typeParams?: Type[] };
  const [of, keys] = typeParams;
  if (["Required", "Partial", "Readonly"].includes(typeName)) return propertiesOf(of);
  if (["Omit", "Pick"].includes(typeName)) {
    const named = literalsOf(keys);
    const picks = typeName === "Pick";
    return propertiesOf(of).filter(({ name }) => named.includes(name) === picks);
  }
  return propertiesOf(aliasOf(typeName)?.def.tsType as Type | undefined);
}

function literalsOf(type: Type | undefined): string[] {
  if (type?.kind === "union") return (type.value as Type[]).flatMap(literalsOf);
  return type?.kind === "literal" ? [type.repr ?? ""] : [];
}

/** A type in words; a name that stands for a choice is written out. */
function words(type: Type | undefined): string {
  if (!type) return "";
  const value = type.value;
  switch (type.kind) {
    case "literal":
      return (value as { kind: string }).kind === "string" ? `"${type.repr}"` : type.repr ?? "";
    case "union":
      return [...new Set((value as Type[]).map(words))].join(" | ");
    case "intersection":
      return (value as Type[]).map(words).join(" & ");
    case "array": {
      const inner = words(value as Type);
      return inner.includes(" | ") ? `(${inner})[]` : `${inner}[]`;
    }
    case "typeOperator":
      return words((value as { tsType: Type }).tsType);
    case "parenthesized":
    case "optional":
    case "rest":
      return words(value as Type);
    case "tuple":
      return `[${(value as Type[]).map(words).join(", ")}]`;
    case "fnOrConstructor":
      return "function";
    case "typeLiteral": {
      const { properties } = value as { properties: Property[] };
      return `{ ${
        properties.map(({ name, optional }) => name + (optional ? "?" : "")).join(", ")
      } }`;
    }
    case "typeRef": {
      const { typeName, typeParams = [] } = value as { typeName: string; typeParams?: Type[] };
      const alias = aliasOf(typeName)?.def.tsType as Type | undefined;
      if (alias?.kind === "union" && literalsOf(alias).length > 0) return words(alias);
      const inner = typeParams.map(words).join(", ");
      return inner && typeName !== "Readonly" ? `${typeName}<${inner}>` : inner || typeName;
    }
  }
  return type.repr ?? "";
}

/** The first sentence, without the default, on one line. */
function firstSentence(text = ""): string {
  const line = text.replaceAll(/\{@link(?:code)? ([^}]+)\}/g, "$1").replace(
    /@(default|throws|example)[^]*$/,
    "",
  )
    .replaceAll(/\s+/g, " ").trim();
  return line.match(/^.*?[.?](?= [A-Z`]|$)/)?.[0] ?? line;
}

function defaultOf({ doc = "", tags = [] }: Doc = {}): string {
  const tag = tags.map(({ value = "", doc = "" }) => value || doc)
    .find((value) => value.startsWith("@default"));
  const stated = tags.find(({ kind }) => kind === "default");
  const text = tag?.slice("@default".length) ?? stated?.doc ?? stated?.value ??
    doc.match(/@default([^]*)$/)?.[1] ?? "";
  return text.replaceAll(/\s+/g, " ").trim().replace(/^\{(.*)\}$/, "$1").replace(
    /^["'](.*)["']$/,
    "$1",
  );
}

function optionOf({ name, jsDoc, tsType }: Property): HelpOption {
  const setting = SETTINGS[name as keyof typeof SETTINGS];
  const line = firstSentence(jsDoc?.doc) ||
    (setting ? `${setting.help[0]!.toUpperCase()}${setting.help.slice(1)}.` : "");
  return { name, type: words(tsType), default: defaultOf(jsDoc), line };
}

/** What a parameter is called, and its type; a destructured one is `options`. */
function parameterOf(
  parameter: Parameter,
  tags: Tag[],
): { name: string; type: Type | undefined; line: string } {
  const inner = parameter.left ?? parameter;
  const type = inner.tsType ?? parameter.tsType;
  const name = inner.name ?? "options";
  const tag = tags.find((tag) => tag.kind === "param" && tag.name === name);
  return { name, type, line: firstSentence(tag?.doc) };
}

function entryOf({ name, declarations }: Node): HelpEntry | undefined {
  const declaration = declarations[0]!;
  const { jsDoc = {}, def } = declaration;
  let from = def as { params?: Parameter[]; returnType?: Type };
  if (declaration.kind === "variable") {
    const type = def.tsType as Type | undefined;
    const alias = type?.kind === "typeRef"
      ? aliasOf((type.value as { typeName: string }).typeName)
      : undefined;
    const named = (alias?.def.tsType ?? type) as Type | undefined;
    if (named?.kind !== "fnOrConstructor") return;
    from = named.value as { params?: Parameter[]; returnType?: Type };
  } else if (declaration.kind !== "function") return;

  const parameters = (from.params ?? []).map((each) => parameterOf(each, jsDoc.tags ?? []));
  const preset: Record<string, unknown> = PRESETS[name as keyof typeof PRESETS] ?? {};
  const options: HelpOption[] = [];
  for (const { name, type, line } of parameters) {
    const properties = propertiesOf(type);
    const isOptions = properties.length > 0 && /options|overrides|crop|target/i.test(name);
    if (!isOptions) options.push({ name, type: words(type), default: "", line, positional: true });
    else options.push(...properties.map(optionOf));
  }
  for (const option of options) {
    if (option.name in preset) option.default = String(preset[option.name]).replaceAll(",", ", ");
  }
  const call = `${name}(${parameters.map(({ name }) => name).join(", ")})`;
  const returns = words(from.returnType);
  const waits = returns.startsWith("Promise<");
  return { call: waits ? `await ${call}` : call, line: firstSentence(jsDoc.doc), options };
}

const table: Record<string, HelpEntry> = {};
for (const node of [...exported.values()].sort((a, b) => a.name < b.name ? -1 : 1)) {
  const entry = entryOf(node);
  if (entry) table[node.name] = entry;
}
// A function a line, so that changes can be read.
const lines = Object.entries(table).map(([name, entry]) =>
  `  ${JSON.stringify(name)}: ${JSON.stringify(entry)}`
);
const text = `{\n${lines.join(",\n")}\n}\n`;
if (Deno.args.includes("--check")) {
  const current = await Deno.readTextFile(FILE).catch(() => "");
  if (current !== text) {
    console.error("lib/display/help.json is out of date: run `deno task help`");
    Deno.exit(1);
  }
} else {
  await Deno.writeTextFile(FILE, text);
  console.log(`Wrote ${Object.keys(table).length} functions, ${Math.round(text.length / 1000)} kB`);
}
