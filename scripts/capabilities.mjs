/**
 * Writes the tables that are generated from code: the capabilities of each exchange into the README, and the variables
 * that the command reads into the configuration page.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { Variables } from "../packages/cli/src/index.ts"
import { Capabilities } from "../packages/exchanges/src/index.ts"

const write = (path, name, table) => {
  const page = new URL(path, import.meta.url)
  const marked = new RegExp(`(<!-- ${name} -->)[^]*?(<!-- /${name} -->)`)
  writeFileSync(page, readFileSync(page, "utf8").replace(marked, (_, begin, end) => `${begin}\n\n${table}\n\n${end}`))
}

write("../README.md", "capabilities", Capabilities.table())
write("../docs/configuration.md", "variables", Variables.markdown())
