// The package of the client: its files, its size, its types, and that types and pages name what there is.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { createClient } from "../../clients/js/vestibule.js";
import { compile, complaints, firstCells, literalsOf, membersOf, path, text } from "./types.mjs";

test("the module has at most 4 kB when it is compressed", () => {
  const { length } = gzipSync(text("clients/js/vestibule.js"), { level: 9 });
  assert.ok(length <= 4096, `${length} bytes`);
});

test("the package has exactly these files", () => {
  const packed = execFileSync("npm", ["pack", "--dry-run", "--json"], { cwd: path("clients/js"), encoding: "utf8" });
  const files = JSON.parse(packed)[0].files.map((file) => file.path).sort();
  const expected = ["README.md", "package.json", "react.d.ts", "react.js", "vestibule.d.ts", "vestibule.js"];
  assert.deepEqual(files, expected);
});

test("the example and the hook are as short as the pages say", () => {
  const isCode = (line) => /\w/.test(line) && !/^\s*\/[/*]/.test(line);
  const lines = (...names) => names.map(text).join("\n").split("\n").filter(isCode).length;
  assert.ok(lines("examples/spa/app.js", "examples/spa/portal.js") <= 60);
  assert.ok(lines("clients/js/react.js") <= 15);
});

test("the types accept a program that uses all of them, with tsc --strict, and name what the module has", () => {
  const program = compile("tests/client/types.ts");
  assert.equal(complaints(program), "");
  const client = createClient("https://login.example.com");
  assert.deepEqual(Object.keys(client).sort(), membersOf(program, "Client"));
  assert.deepEqual(Object.keys(client.user).sort(), membersOf(program, "CurrentUserStore"));
});

test("the types and the guide name every problem that a frontend can get, and every rule for passwords", () => {
  const documented = firstCells("docs/api.md", "## Problem types")
    .filter(({ row }) => !row.includes("administrators only")).flatMap(({ names }) => names);
  const types = [...documented, "network", "cookies-blocked", "unexpected"].sort();
  assert.deepEqual(literalsOf("ProblemType"), types);
  assert.deepEqual(firstCells("docs/frontends.md", "## Errors").flatMap(({ names }) => names).sort(), types);
  const rules = firstCells("docs/passwords.md", "## Which passwords are accepted").flatMap(({ names }) => names);
  assert.deepEqual(literalsOf("WeakPassword"), rules.sort());
});

test("the guide has a row for every call", () => {
  const client = createClient("https://login.example.com");
  const names = (part, prefix = "") => Object.entries(part).flatMap(([name, value]) =>
    typeof value === "function" ? [prefix + name] : names(value, `${name}.`));
  const rows = firstCells("docs/frontends.md", "## Calls").map((cell) => cell.names[0].split("(")[0]);
  assert.deepEqual(rows.sort(), names(client).sort());
});
