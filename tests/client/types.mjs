// What the types of the client name.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
export const text = (name) => readFileSync(path(name), "utf8");

const options = {
  strict: true, noEmit: true, noUncheckedIndexedAccess: true, types: [], lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
  target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext,
  paths: { react: [path("tests/client/node_modules/@types/react")] },
};

/** Compiles a program against the types. */
export const compile = (name) => ts.createProgram([path(name)], options);

/** Returns the complaints of the compiler about a program. */
export function complaints(program) {
  const host = { getCurrentDirectory: () => "", getCanonicalFileName: (name) => name, getNewLine: () => "\n" };
  return ts.formatDiagnostics(ts.getPreEmitDiagnostics(program), host);
}

/** Returns the names of the properties of an exported interface, in order. */
export function membersOf(program, name) {
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(path("clients/js/vestibule.d.ts")));
  const symbol = checker.getExportsOfModule(module).find((each) => each.name === name);
  return checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol)).map((each) => each.name).sort();
}

/** Returns the string literals of a type, in order. */
export function literalsOf(name) {
  const declaration = new RegExp(`export type ${name} =([^;]+);`).exec(text("clients/js/vestibule.d.ts"))[1];
  const literals = declaration.replace(/\/\*.*?\*\//gs, "").matchAll(/"([a-z-]+)"/g);
  return [...literals].map(([, literal]) => literal).sort();
}

/** Returns the rows of the first table below a heading of a page whose first cell has names in backticks. */
export function firstCells(page, heading) {
  const [, below] = text(page).split(`\n${heading}\n`);
  const lines = below.slice(below.indexOf("\n|") + 1).split("\n\n")[0].split("\n");
  const rows = lines.filter((line) => line.startsWith("| `"));
  return rows.map((row) => ({ row, names: [...row.split(" | ")[0].matchAll(/`([^`]+)`/g)].map(([, name]) => name) }));
}
