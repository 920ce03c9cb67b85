/** Writes the table of what each exchange can do into the README, as `Capabilities.table()` makes it of their features. */
import { readFileSync, writeFileSync } from "node:fs"
import { Capabilities } from "../packages/exchanges/src/index.ts"

const readme = new URL("../README.md", import.meta.url)
const marked = /(<!-- capabilities -->)[^]*?(<!-- \/capabilities -->)/
writeFileSync(
  readme,
  readFileSync(readme, "utf8").replace(marked, (_, begin, end) => `${begin}\n\n${Capabilities.table()}\n\n${end}`)
)
