/**
 * The script behind `npm start`: runs the command, or a sample command when called without arguments.
 *
 * @since 0.1.0
 */
import { runMain } from "./RunMain.js"

const firstLook = "price BTC/USDT --faults flaky"

const args = process.argv.slice(2)

runMain(process, args.length === 0 ? firstLook.split(" ") : args, { program: "npm start --" })
