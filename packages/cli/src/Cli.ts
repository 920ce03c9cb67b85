/**
 * The `exchange` command, independent of the process that runs it.
 *
 * @since 0.1.0
 */
import type * as CliApp from "@effect/cli/CliApp"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Span from "@effect/cli/HelpDoc/Span"
import * as ValidationError from "@effect/cli/ValidationError"
import * as Effect from "effect/Effect"
import * as Struct from "effect/Struct"
import * as Commands from "./Commands.js"
import * as Completions from "./Completions.js"
import type * as Configuration from "./Configuration.js"
import { examples } from "./Examples.js"
import { type Failure, UsageError } from "./Failure.js"
import * as Help from "./Help.js"
import { quote } from "./internal/quote.js"
import type * as Network from "./Network.js"
import * as Others from "./Others.js"
import * as Screen from "./Screen.js"
import type * as Stop from "./Stop.js"
import * as Suggestions from "./Suggestions.js"
import { version } from "./Version.js"

/**
 * Options of {@link run}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The name the user calls the command by, used in texts that suggest a command line. Defaults to `"exchange"`. */
  readonly program?: string | undefined
  /** Exchanges of other packages, which every command has besides its own. Defaults to none. */
  readonly exchanges?: ReadonlyArray<Others.Other> | undefined
}

/**
 * The services that the command needs.
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
 * Runs the command with the arguments of the user, without the program and the script. By the time it fails, every
 * error has been printed. `Failure.exitCode` returns the exit code.
 *
 * @since 0.1.0
 * @category running
 */
export const run = (
  args: ReadonlyArray<string>,
  { exchanges = [], program = "exchange" }: Options = {}
): Effect.Effect<void, Failure, Environment> => {
  const ids = Others.ids(exchanges)
  const cli = Command.run(root(program, ids), {
    name: "exchange",
    version,
    executable: program,
    summary: Span.text("prices from crypto exchanges, even on their bad days")
  })
  return cli(["", "", ...args]).pipe(
    Effect.catchIf(
      ValidationError.isValidationError,
      (error) => new UsageError({ detail: noCommand(program, args) ?? textOf(error) })
    ),
    Effect.tapError((error) => explain(error, seeHelp(program, args))),
    Effect.provide(Screen.layerConsole(formOf(program, args, ids))),
    Effect.provideService(Others.Others, exchanges)
  )
}

/** Reformats help and completion scripts, and leaves all other output unchanged. */
const formOf = (
  program: string,
  args: ReadonlyArray<string>,
  ids: ReadonlyArray<string>
) =>
(text: string, colors: boolean): string => {
  if (Help.isHelp(text)) return Help.fit(text, program, Help.commandOf(args), colors)
  return Completions.isScript(text) ? Completions.complete(text, ids) : text
}

const root = (program: string, ids: ReadonlyArray<string>) =>
  Command.make("exchange").pipe(
    Command.withDescription(
      "Shows prices from crypto exchanges. Exchanges are simulated unless --environment says otherwise."
    ),
    Command.withSubcommands(Commands.all(program, ids))
  )

/**
 * Returns the command that the arguments name, or `undefined` if they name none. Options of every command, such as
 * `--log-level`, may precede it.
 *
 * @since 0.1.0
 * @category getters
 */
export const commandOf = (args: ReadonlyArray<string>): string | undefined =>
  args.find((arg) => commandNames.includes(arg))

const commandNames = Struct.keys(examples).filter((name) => /^[a-z]+$/.test(name))

const subcommandsOf = (command: string): ReadonlyArray<string> =>
  Struct.keys(examples).filter((name) => name.startsWith(`${command} `)).map((name) => name.slice(command.length + 1))

/**
 * The message for an unknown command, with the nearest known command as a suggestion. `undefined` if the command is
 * known.
 */
const noCommand = (program: string, [first = "", second = ""]: ReadonlyArray<string>): string | undefined => {
  const refused = (called: string, text: string, names: ReadonlyArray<string>) =>
    text === "" || text.startsWith("-") || names.includes(text)
      ? undefined
      : `${called} has no command ${quote(text)}; expected one of ${names.join(", ")}.${
        Suggestions.question(Suggestions.nearest(text, names))
      }`
  const subcommands = subcommandsOf(first)
  return subcommands.length > 0
    ? refused(`${program} ${first}`, second, subcommands)
    : refused(program, first, commandNames)
}

const explain = (error: Failure, see: string): Effect.Effect<void, never, Screen.Screen> => {
  switch (error._tag) {
    case "UsageError":
      return Screen.note(`${error.message} See ${see}.`)
    case "Incomplete":
      return Effect.void
    case "Stopped":
      // A reader that closes the pipe, such as `head`, has what it wanted.
      return error.signal === "SIGPIPE" ? Effect.void : Screen.note(error.message)
    default:
      return Screen.note(error.message)
  }
}

const seeHelp = (program: string, args: ReadonlyArray<string>): string => {
  const first = args.findIndex((arg) => commandNames.includes(arg))
  const command = first === -1 ? "" : Help.commandOf(args.slice(first))
  return [program, ...command === "" ? [] : [command], "--help"].join(" ")
}

const textOf = (error: ValidationError.ValidationError): string => {
  const text = Screen.withoutStyle(HelpDoc.toAnsiText(error.error)).replace(/[\s\p{Cc}]+/gu, " ").trim()
    .replace(/^Expected to find option: '(--[\w-]+)'/, "Missing option $1")
  return /[.!?]$/.test(text) ? text : `${text}.`
}
