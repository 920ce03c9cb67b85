/**
 * Tests the output of `npm run new-exchange` in a copy of the workspace: it compiles, passes the linter and respects
 * the package boundaries, each failing case of its contract says what is missing, and each case of its feeds fails. It
 * also checks that the dialect programs of the guide compile there.
 */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = realpathSync(fileURLToPath(new URL("..", import.meta.url)))
const copy = realpathSync(mkdtempSync(join(tmpdir(), "effect-exchange-new-")))
const [id, name] = ["tulip", "Tulip.io 2"]

const start = (command, ...args) => {
  console.log(`> ${command} ${args.join(" ").replaceAll(copy, "<copy>")}`)
  return spawnSync(command, args, { cwd: copy, encoding: "utf8", shell: process.platform === "win32" })
}

const run = (command, ...args) => {
  const { status, stderr, stdout } = start(command, ...args)
  if (status === 0) return
  console.error(`${stdout}${stderr}\nfailed; the created files are in ${copy}`)
  process.exit(1)
}

// The links inside packages are copied unchanged. They lead to the copied packages and, by way of the link to
// `node_modules`, to the installed dependencies.
const left = ["node_modules", ".git", "api", "dist"].map((name) => join(root, name))
const isCopied = (path) => !left.includes(path) && basename(path) !== ".vite"
cpSync(root, copy, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true, filter: isCopied })
symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "junction")

for (
  const [args, why] of [
    [[], "Expected exactly one id"],
    [["Tulip"], "is not a valid id"],
    [["kraken"], "The exchange kraken already exists"],
    [["core"], "packages/core already exists"],
    [[id, "--name", "OKX"], "The module Okx already exists"],
    [[id, "--name", "<b>"], "is not a valid name"],
    [[id, "--force"], "--force"]
  ]
) {
  const { status, stderr } = start("node", "scripts/new-exchange.mjs", ...args)
  assert(status === 1 && stderr.includes(why), `${args.join(" ")} must be refused: ${stderr}`)
}
run("node", "scripts/new-exchange.mjs", id, "--name", name, "--no-install")

// Simulates an installation: the new package gets the links of a sibling.
const packages = join(copy, "packages")
cpSync(join(packages, "kraken/node_modules"), join(packages, id, "node_modules"), {
  recursive: true,
  verbatimSymlinks: true
})
symlinkSync(join(packages, id), join(packages, "exchanges/node_modules/@effect-exchange", id), "junction")

run("node", "scripts/exchanges.mjs", "--check")
const made = [`packages/${id}`, `packages/simulator/src/exchanges/${id}`]
run("npx", "oxlint", "--deny-warnings", ...made)
run("npx", "dprint", "check")
run("npx", "depcruise", "--config", ".dependency-cruiser.cjs", ...made)

// The programs of the README and the page, as a user would paste them.
const page = readFileSync(join(copy, "docs/exchanges", `${id}.md`), "utf8")
for (const [file, text] of [["readme", readFileSync(join(packages, id, "README.md"), "utf8")], ["page", page]]) {
  const [, pasted] = /^```ts\n([\s\S]*?)^```/m.exec(text) ?? []
  assert(pasted !== undefined, `the ${file} must have a program`)
  writeFileSync(join(packages, id, `test/${file}.ts`), pasted)
}

// The page is listed, names the exchange and its keys, and links to existing files.
assert(page.startsWith(`# ${name}\n`), "the page must have the name of the exchange as its title")
assert(page.includes(`\`${id.toUpperCase()}_API_KEY\``), "the page must name the variables of its keys")
assert(!/acme/i.test(page), "the page must not mention Acme")
for (const [, link] of page.matchAll(/\]\(([^)#]*)/g)) assert(existsSync(join(copy, "docs/exchanges", link)), `the page links to ${link}, which does not exist`)
const listed = [...readFileSync(join(copy, "docs/exchanges/README.md"), "utf8").matchAll(/^\| \[.*?\]\((\w+)\.md\)/gm)].map(([, one]) => one)
assert.deepEqual(listed, [...Object.keys(JSON.parse(readFileSync(join(root, "exchanges.json"), "utf8"))), id].toSorted(), "the list of pages must include the page")

// The dialect programs of the guide, each as a file of this dialect.
const guide = readFileSync(join(copy, "docs/adding-an-exchange.md"), "utf8")
const programs = [...guide.matchAll(/^```ts in the dialect\n([\s\S]*?)^```/gm)]
assert(programs.length > 0, "the guide must have dialect programs")
for (const [index, [, text]] of programs.entries()) {
  writeFileSync(join(packages, "simulator/src/exchanges", id, `guide-${index}.ts`), text)
}

writeFileSync(
  join(copy, "tsconfig.new.json"),
  JSON.stringify({
    extends: "./tsconfig.tests.json",
    include: [`packages/${id}/test/**/*.ts`, "packages/exchanges/test/support/registry.ts"],
    // Not composite, so that imported files need not be listed.
    compilerOptions: { composite: false, declarationMap: false },
    references: [id, "exchanges", "simulator", "testing", "core"].map((name) => ({ path: `packages/${name}` }))
  })
)
run("npx", "tsc", "-b", "tsconfig.new.json")

/** Runs a test of the new exchange, and returns its cases. */
const casesOf = (test, ...args) => {
  const results = join(copy, `results-${test}.json`)
  start("npx", "vitest", "run", `packages/${id}/test/${test}.test.ts`, ...args, "--reporter=json", `--outputFile=${results}`)
  return JSON.parse(readFileSync(results, "utf8")).testResults.flatMap(({ assertionResults, message }) => {
    assert.equal(message, "", `${test} must run`)
    return assertionResults
  })
}

const cases = casesOf("contract", "-t", "in memory")
const titled = (status) => cases.filter((one) => one.status === status).map(({ title }) => title)
const has = (status, title) => titled(status).some((one) => one.includes(title))

// The implemented cases pass, and each of the others fails with what is missing.
for (const title of ["MD-01", "MD-05", "MD-11"]) assert(has("passed", title), `${title} must pass`)
for (const title of ["MD-06", "MD-17", "MD-19", "MD-22", "MD-23", "AC-01", "AC-04", "TR-01", "ER-01", "LM-01"]) {
  assert(has("failed", title), `${title} must fail`)
}
for (const { failureMessages: [message = ""], status, title } of cases) {
  if (status !== "failed") continue
  assert.match(message, /ContractViolation: .* violates/, title)
  assert.match(message, /is not written yet; declare its endpoint/, title)
}

// No feed is declared, so each case of the feeds fails by itself, and none waits for a timeout.
const feedCases = ["Feeds", "AccountFeeds"].flatMap((test) => {
  const found = casesOf(test)
  assert(found.length > 5, `${test} must have cases`)
  return found
})
for (const { failureMessages: [message = ""], status, title } of feedCases) {
  assert.equal(status, "failed", title)
  assert.doesNotMatch(message, /timed out/, title)
}

rmSync(copy, { recursive: true })
console.log(`the created exchange compiles, and fails ${titled("failed").length} cases of the contract and ${feedCases.length} of the feeds, each with its own error`)
