/**
 * A command like `exchange`, with one more exchange. Every subcommand has it: `own-command.ts price BTC/USDT -e acme`.
 */
import * as RunMain from "@effect-exchange/cli/RunMain"
import { Deribit } from "@effect-exchange/deribit"
import { Dialects } from "@effect-exchange/simulator"

// Stands for an exchange of yours, which has a declaration and a dialect: `import { Acme, dialect } from "your-package"`.
const Acme = Deribit
const dialect = { ...Dialects.dialects.deribit, id: "acme" }

RunMain.runMain(process, process.argv.slice(2), { program: "acme", exchanges: [{ exchange: Acme, dialect }] })
