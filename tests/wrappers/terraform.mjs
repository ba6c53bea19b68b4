// Parses the module of Terraform, and checks that it refers only to what it declares and to what a release has.
import { parse } from "@cdktf/hcl2json";
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const release = process.argv[2];
const text = readFileSync(new URL("../../examples/terraform/main.tf", import.meta.url), "utf8");
const module = await parse("main.tf", text);

const declared = new Set([
  ...Object.keys(module.variable).map((name) => `var.${name}`),
  ...module.locals.flatMap(Object.keys).map((name) => `local.${name}`),
  ...Object.entries(module.resource).flatMap(([type, each]) => Object.keys(each).map((name) => `${type}.${name}`)),
]);
const used = JSON.stringify([module.locals, module.resource, module.output]).matchAll(/\b(?:var|local|aws_\w+)\.\w+/g);
for (const [reference] of used) assert.ok(declared.has(reference), `${reference} is not declared`);

for (const [, file] of text.matchAll(/"\$\{var\.release\}\/([A-Za-z0-9.]+)"/g)) {
  assert.ok(existsSync(join(release, file)), `${file} is in a release`);
}
const template = readFileSync(join(release, "template.yaml"), "utf8");
assert.ok(template.match(/CodeUri: functions\//g).length > 10, "the template has the text that the module replaces");
console.log("The module of Terraform parses.");
process.exit(0); // The parser, which is Go, would keep the process alive.
