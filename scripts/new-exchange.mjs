/**
 * Creates the files of a new exchange from the templates in `new-exchange/`, whose exchange is called Acme: its
 * package, its simulator dialect, its page in the docs, and its line in `exchanges.json`. Then it updates all lists of
 * exchanges.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { moduleOf } from "./names.mjs"

const root = fileURLToPath(new URL("../", import.meta.url))
const at = (...path) => join(root, ...path)
const read = (...path) => readFileSync(at(...path), "utf8")

const help = `npm run new-exchange -- <id> [--name "Gate.io"] [--no-install]

Creates a package, a simulator dialect, a docs page and a line in exchanges.json for an exchange. Programs and the names of its
environment variables use the id: lower-case letters and digits, starting with a letter.

  --name        name of the exchange in its own spelling (default: the capitalized id)
  --no-install  do not link the new package into the workspace (linking needs no network, but takes a moment)
  --help        show this help

See docs/adding-an-exchange.md for the next steps.`

const end = (message) => {
  console.error(`${message}\n\n${help}`)
  process.exit(1)
}

const asked = () => {
  try {
    const options = { name: { type: "string" }, "no-install": { type: "boolean" }, help: { type: "boolean" } }
    const { positionals, values } = parseArgs({ options, allowPositionals: true })
    return { ids: positionals, ...values }
  } catch (error) {
    return end(error.message)
  }
}

const { help: wantsHelp, ids, name: named, "no-install": staysApart } = asked()
if (wantsHelp) {
  console.log(help)
  process.exit(0)
}
if (ids.length !== 1) end("Expected exactly one id.")
const [id] = ids
const registry = JSON.parse(read("exchanges.json"))
const name = (named ?? `${id.slice(0, 1).toUpperCase()}${id.slice(1)}`).trim()
const module = moduleOf(name)

if (!/^[a-z][a-z0-9]*$/.test(id)) end(`"${id}" is not a valid id: use lower-case letters and digits, starting with a letter.`)
if (id in registry) end(`The exchange ${id} already exists.`)
if (!/^[A-Z][A-Za-z0-9]*$/.test(module) || /["\\`$*/<>&|]/.test(name)) {
  end(`"${name}" is not a valid name: use letters and digits, without quotes or special characters.`)
}
if (Object.values(registry).some((other) => moduleOf(other) === module)) {
  end(`The module ${module} already exists; use another --name.`)
}

const folders = { package: `packages/${id}`, dialect: `packages/simulator/src/exchanges/${id}` }
const page = `docs/exchanges/${id}.md`
for (const path of [...Object.values(folders), page]) {
  if (existsSync(at(path))) end(`${path} already exists and is not overwritten.`)
}

// `Acme Exchange` is the name, `Acme` the module, and `ACME` the prefix of environment variables.
const ours = (text) =>
  text.replaceAll("Acme Exchange", name).replaceAll("Acme", module).replaceAll("acme", id).replaceAll("ACME", id.toUpperCase())

const write = (path, text) => {
  mkdirSync(dirname(at(path)), { recursive: true })
  writeFileSync(at(path), text)
  console.log(`Wrote ${path}`)
}

for (const [template, folder] of Object.entries(folders)) {
  for (const entry of readdirSync(at("scripts/new-exchange", template), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath ?? entry.path, entry.name)
    const within = path.slice(at("scripts/new-exchange", template).length + 1).replaceAll("\\", "/")
    write(`${folder}/${ours(within)}`, ours(readFileSync(path, "utf8")))
  }
}

write(page, ours(read("scripts/new-exchange/page/acme.md")))
const isRow = (line) => line.startsWith("| [")
const pages = read("docs/exchanges/README.md").split("\n")
const rows = [...pages.filter(isRow), `| [${name}](${id}.md) | ${name}: the list of markets |`]
  .toSorted((one, other) => one.toLowerCase() < other.toLowerCase() ? -1 : 1)
const first = pages.findIndex(isRow)
write("docs/exchanges/README.md", pages.toSpliced(first, rows.length - 1, ...rows).join("\n"))

// The manifest and the compiler configuration are copies of those of another exchange.
const [sibling] = Object.keys(registry)
const manifest = JSON.parse(read("packages", sibling, "package.json"))
const description = `${name} for Effect: market data, account and orders as services`
write(
  `${folders.package}/package.json`,
  `${
    JSON.stringify(
      {
        ...manifest,
        name: `@effect-exchange/${id}`,
        description,
        keywords: manifest.keywords.map((word) => word === sibling ? id : word)
      },
      null,
      2
    )
  }\n`
)
write(`${folders.package}/tsconfig.json`, read("packages", sibling, "tsconfig.json"))

const sorted = Object.entries({ ...registry, [id]: name }).toSorted(([one], [other]) => one < other ? -1 : 1)
write("exchanges.json", `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`)

const run = (command, ...args) => {
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit", shell: process.platform === "win32" })
  return status === 0
}

// Update all lists of exchanges. Those that are generated from code need the new package to be linked.
const { packageManager } = JSON.parse(read("package.json"))
const steps = [
  ["node", "scripts/exchanges.mjs"],
  ...staysApart ? [] : [
    ["npx", "--yes", packageManager, "install", "--prefer-offline", "--no-frozen-lockfile", "--reporter=silent"],
    ["npx", "tsx", "scripts/capabilities.mjs"]
  ],
  ["npx", "dprint", "fmt"]
]
const failed = steps.find(([command, ...args]) => !run(command, ...args))
if (failed !== undefined) {
  console.error(`\nThe files were created, but \`${failed.join(" ")}\` failed: run it again, and then \`npm run exchanges\`.`)
  process.exit(1)
}

console.log(`
Created the exchange ${id} (${name}). Most of it is not implemented yet: the contract cases fail, and each says what is missing.

  npx vitest run packages/${id}/test/contract.test.ts -t "on the simulator MD"

See docs/adding-an-exchange.md for the steps. Start with the hosts in packages/${id}/src/Protocol.ts.`)
