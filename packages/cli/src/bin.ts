#!/usr/bin/env node
/**
 * The `exchange` executable. `--version` loads only the version constant, not the rest of the command.
 *
 * @since 0.1.0
 */
import { version } from "./Version.js"

const args = process.argv.slice(2)

if (args.length === 1 && args[0] === "--version") {
  process.stdout.write(`${version}\n`)
} else {
  const { runMain } = await import("./RunMain.js")
  runMain(process, args)
}
