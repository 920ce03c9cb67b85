/**
 * Writes all lists of exchanges from `exchanges.json`, which has one line per exchange: its id, and its name as the
 * exchange writes it. `--check` writes nothing and fails if a list is out of date.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { moduleOf } from "./names.mjs"

const root = new URL("../", import.meta.url)
const read = (path) => readFileSync(new URL(path, root), "utf8")

const registry = Object.entries(JSON.parse(read("exchanges.json")))
  .map(([id, name]) => ({ id, name, module: moduleOf(name) }))
  .toSorted(({ id: one }, { id: other }) => one < other ? -1 : 1)
const ids = registry.map(({ id }) => id)

const json = (path, change) => [path, `${JSON.stringify(change(JSON.parse(read(path))), null, 2)}\n`]

/**
 * Replaces the references to the exchanges in a tsconfig and keeps its other references. The exchanges come right after
 * `core`.
 */
const referring = (path, prefix) =>
  json(path, (config) => {
    const others = config.references.filter(({ path }) => !ids.includes(path.slice(prefix.length)))
    const core = others.findIndex(({ path }) => path === `${prefix}core`) + 1
    return { ...config, references: others.toSpliced(core, 0, ...ids.map((id) => ({ path: `${prefix}${id}` }))) }
  })

/** Replaces the text between the markers of a name in a page. */
const marked = (page, name, text) =>
  page.replace(
    new RegExp(`(<!-- ${name} -->)[^]*?(<!-- /${name} -->)`, "g"),
    (_, begin, end) => `${begin}${text}${end}`
  )

const numbers = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]

const names = registry.map(({ name }) => name)
const texts = {
  "number of exchanges": numbers[ids.length] ?? String(ids.length),
  "names of exchanges": [names.slice(0, -1).join(", "), ...names.slice(-1)].filter((part) => part !== "").join(" and "),
  "ids of exchanges": ids.map((id) => `\`${id}\``).join(", "),
  "packages of exchanges": ids.map((id) => `[\`@effect-exchange/${id}\`](packages/${id}/README.md)`).join(", ")
}

const pages = [
  "README.md",
  "docs/testing.md",
  "packages/exchanges/README.md",
  "packages/cli/README.md",
  "packages/simulator/README.md"
].map((path) => [
  path,
  Object.entries(texts).reduce((page, [name, text]) => marked(page, name, text), read(path))
])

/** Creates a module that exports an object of all exchanges, by id. */
const byId = (path, doc, importOf, valueOf) => [
  path,
  `// Written by scripts/exchanges.mjs from exchanges.json.\n${registry.map((one) => `${importOf(one)}\n`).join("")}\n` +
  `${doc}\nexport const registry = {\n${registry.map((one) => `  ${one.id}: ${valueOf(one)}`).join(",\n")}\n}\n`
]

const files = [
  [
    "packages/exchanges/src/internal/ids.ts",
    `// Written by scripts/exchanges.mjs from exchanges.json.\n\n/** @internal */\n` +
    `export const ids = [${ids.map((id) => JSON.stringify(id)).join(", ")}] as const\n`
  ],
  byId(
    "packages/exchanges/src/internal/registry.ts",
    "/** @internal */",
    ({ id, module }) => `import { ${module} } from "@effect-exchange/${id}"`,
    ({ module }) => module
  ),
  byId(
    "packages/simulator/src/internal/registry.ts",
    "/** @internal */",
    ({ id, module }) => `import * as ${module} from "../exchanges/${id}/dialect.js"`,
    ({ module }) => `${module}.dialect`
  ),
  byId(
    "packages/exchanges/test/support/registry.ts",
    "/** The facts about each exchange, from its documentation. */",
    ({ id, module }) => `import { facts as ${module} } from "../../../${id}/test/facts.js"`,
    ({ module }) => module
  ),
  json("packages/exchanges/package.json", (manifest) => {
    const others = Object.keys(manifest.dependencies).filter((name) => !ids.includes(name.split("/")[1]))
    const names = [...others, ...ids.map((id) => `@effect-exchange/${id}`)].toSorted()
    return { ...manifest, dependencies: Object.fromEntries(names.map((name) => [name, "workspace:^"])) }
  }),
  referring("packages/exchanges/tsconfig.json", "../"),
  referring("tsconfig.packages.json", "packages/"),
  ...pages
]

const stale = files.filter(([path, text]) => {
  try {
    return read(path) !== text
  } catch {
    return true
  }
})

if (process.argv.includes("--check")) {
  for (const [path] of stale) console.error(`${path} does not match exchanges.json: run npm run exchanges`)
  process.exitCode = stale.length === 0 ? 0 : 1
} else {
  for (const [path, text] of stale) writeFileSync(fileURLToPath(new URL(path, root)), text)
  console.log(stale.length === 0 ? "All lists are up to date" : stale.map(([path]) => `Wrote ${path}`).join("\n"))
}
