#!/usr/bin/env node
/**
 * The `exchange` executable.
 *
 * @since 0.1.0
 */
import { runMain } from "./RunMain.js"

runMain(process, process.argv.slice(2))
