/**
 * The `exchange` command, without the process around it.
 *
 * @since 0.1.0
 */
import type * as CliApp from "@effect/cli/CliApp"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Span from "@effect/cli/HelpDoc/Span"
import * as ValidationError from "@effect/cli/ValidationError"
import * as Effect from "effect/Effect"
import * as Commands from "./Commands.js"
import * as Completions from "./Completions.js"
import type * as Configuration from "./Configuration.js"
import { type Failure, UsageError } from "./Failure.js"
import * as Help from "./Help.js"
import { quote } from "./internal/quote.js"
import type * as Network from "./Network.js"
import * as Screen from "./Screen.js"
import type * as Stop from "./Stop.js"
import * as Suggestions from "./Suggestions.js"
import { version } from "./Version.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** How the user calls the command, for the texts that tell what to type. Defaults to `"exchange"`. */
  readonly program?: string | undefined
}

/**
 * What the command needs from where it runs.
 *
 * @since 0.1.0
 * @category models
 */
export type Environment =
  | CliApp.CliApp.Environment
  | Configuration.Configuration
  | Network.Network
  | Screen.Screen
  | Stop.Stop

/**
 * Runs the command with arguments as the user typed them, without program and script. Whatever went wrong has been
 * printed when it fails; `Failure.exitCode` knows the exit code.
 *
 * @since 0.1.0
 * @category running
 */
export const run = (
  args: ReadonlyArray<string>,
  options: Options = {}
): Effect.Effect<void, Failure, Environment> => {
  const program = options.program ?? "exchange"
  const cli = Command.run(root(program), {
    name: "exchange",
    version,
    executable: program,
    summary: Span.text("prices from crypto exchanges, also on their bad days")
  })
  return cli(["", "", ...args]).pipe(
    Effect.catchIf(
      ValidationError.isValidationError,
      (error) => new UsageError({ detail: noCommand(program, args) ?? textOf(error) })
    ),
    Effect.tapError((error) => explain(error, seeHelp(program, args))),
    Effect.provide(Screen.layerConsole(formOf(program, args)))
  )
}

/** Help and completion scripts in a form of our own, all else as it is. */
const formOf = (program: string, args: ReadonlyArray<string>) => (text: string, colors: boolean): string => {
  if (Help.isHelp(text)) return Help.fit(text, program, Help.commandOf(args), colors)
  return Completions.isScript(text) ? Completions.complete(text) : text
}

const root = (program: string) =>
  Command.make("exchange").pipe(
    Command.withDescription("Prices from crypto exchanges, simulated ones unless told otherwise."),
    Command.withSubcommands(Commands.all(program))
  )

const commandNames = [
  "price",
  "watch",
  "book",
  "trades",
  "markets",
  "candles",
  "balance",
  "orders",
  "fills",
  "positions",
  "order",
  "call",
  "health",
  "doctor",
  "keys",
  "config",
  "serve",
  "simulate",
  "contract",
  "record"
]

/** What to say where a command is called that there is not: what it was, and what may have been meant. */
const noCommand = (program: string, [first = "", second = ""]: ReadonlyArray<string>): string | undefined => {
  const refused = (called: string, text: string, names: ReadonlyArray<string>) =>
    text === "" || text.startsWith("-") || names.includes(text)
      ? undefined
      : `${called} has no command ${quote(text)}; accepted are ${names.join(", ")}.${
        Suggestions.question(Suggestions.nearest(text, names))
      }`
  if (first === "keys") return refused(`${program} keys`, second, ["check"])
  if (first === "order") return refused(`${program} order`, second, ["show", "place", "amend", "cancel"])
  return refused(program, first, commandNames)
}

const explain = (error: Failure, see: string): Effect.Effect<void, never, Screen.Screen> => {
  switch (error._tag) {
    case "UsageError":
      return Screen.note(`${error.message} See ${see}.`)
    case "Incomplete":
      return Effect.void
    default:
      return Screen.note(error.message)
  }
}

const seeHelp = (program: string, args: ReadonlyArray<string>): string =>
  [program, ...args.filter((arg) => commandNames.includes(arg)).slice(0, 1), "--help"].join(" ")

const textOf = (error: ValidationError.ValidationError): string => {
  const text = Screen.withoutStyle(HelpDoc.toAnsiText(error.error)).replace(/[\s\p{Cc}]+/gu, " ").trim()
  return /[.!?]$/.test(text) ? text : `${text}.`
}
