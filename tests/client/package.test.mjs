// The package of the client: its files, its size, its types, and that the types name what the module has.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import ts from "typescript";
import { createClient } from "../../clients/js/vestibule.js";

const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const text = (name) => readFileSync(path(name), "utf8");

/** Returns the string literals of a type of the client. */
function literals(name) {
  const declaration = new RegExp(`export type ${name} =([^;]+);`).exec(text("clients/js/vestibule.d.ts"))[1];
  return [...declaration.replace(/\/\*.*?\*\//gs, "").matchAll(/"([a-z-]+)"/g)].map(([, literal]) => literal).sort();
}

test("the module has at most 4 kB when it is compressed", () => {
  const { length } = gzipSync(text("clients/js/vestibule.js"), { level: 9 });
  assert.ok(length <= 4096, `${length} bytes`);
});

test("the package has exactly these files", () => {
  const packed = execFileSync("npm", ["pack", "--dry-run", "--json"], { cwd: path("clients/js"), encoding: "utf8" });
  const files = JSON.parse(packed)[0].files.map((file) => file.path).sort();
  const expected = ["README.md", "package.json", "react.d.ts", "react.js", "vestibule.d.ts", "vestibule.js"];
  assert.deepEqual(files, expected);
  assert.ok(text("clients/js/react.js").split("\n").length <= 16);
});

test("the types accept a program that uses all of them, with tsc --strict", () => {
  const options = { strict: true, noEmit: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext, noUncheckedIndexedAccess: true, types: [],
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts"], paths: { react: [path("tests/client/node_modules/@types/react")] } };
  const program = ts.createProgram([path("tests/client/types.ts")], options);
  const found = ts.getPreEmitDiagnostics(program);
  const host = { getCurrentDirectory: () => "", getCanonicalFileName: (name) => name, getNewLine: () => "\n" };
  assert.equal(ts.formatDiagnostics(found, host), "");

  const source = program.getSourceFile(path("clients/js/vestibule.d.ts"));
  const checker = program.getTypeChecker();
  const members = (name) => {
    const symbol = checker.getExportsOfModule(checker.getSymbolAtLocation(source)).find((each) => each.name === name);
    return checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol)).map((each) => each.name).sort();
  };
  const client = createClient("https://login.example.com");
  assert.deepEqual(Object.keys(client).sort(), members("Client"));
  assert.deepEqual(Object.keys(client.user).sort(), members("CurrentUserStore"));
});

test("the types name every problem that a frontend can get, and every rule for passwords", () => {
  const [, table] = text("docs/api.md").split("\n## Problem types\n");
  const rows = table.split("\n").filter((line) => line.startsWith("| `") && !line.includes("administrators only"));
  const documented = rows.map((line) => line.split("`")[1]);
  assert.deepEqual(literals("ProblemType"), [...documented, "network", "cookies-blocked", "unexpected"].sort());
  const [, reasons] = text("docs/passwords.md").split("| reason | what is wrong |\n|---|---|\n");
  const cells = reasons.split("\n\n")[0].split("\n").map((line) => line.split(" | ")[0]);
  const named = cells.flatMap((cell) => [...cell.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name));
  assert.deepEqual(literals("WeakPassword"), named.sort());
});
