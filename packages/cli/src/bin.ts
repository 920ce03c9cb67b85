#!/usr/bin/env node
/**
 * The `exchange` executable. `--version` loads only the version constant, not the rest of the command.
 *
 * @since 0.1.0
 */
import { isLost, lost } from "./internal/lostOutput.js"
import { version } from "./Version.js"

const args = process.argv.slice(2)

if (args.length === 1 && args[0] === "--version") {
  process.stdout.on("error", (error) => {
    if (!isLost(error)) return
    process.exitCode = 1
    process.stderr.write(lost(error))
  })
  process.stdout.write(`${version}\n`)
} else {
  const { runMain } = await import("./RunMain.js")
  runMain(process, args)
}
