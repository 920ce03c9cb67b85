/**
 * Runs the `exchange` command as a Node.js process: streams, signals and the exit code.
 *
 * @since 0.1.0
 */
import * as NodeConfig from "@effect-exchange/core/engine/NodeConfig"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as NodeTerminal from "@effect/platform-node/NodeTerminal"
import type { PlatformError } from "@effect/platform/Error"
import * as Cause from "effect/Cause"
import * as ConfigError from "effect/ConfigError"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Cli from "./Cli.js"
import * as Configuration from "./Configuration.js"
import * as Failure from "./Failure.js"
import { isLost, lost } from "./internal/lostOutput.js"
import { Network } from "./Network.js"
import { Screen } from "./Screen.js"
import * as Stop from "./Stop.js"

/**
 * The parts of Node's `process` that {@link runMain} uses.
 *
 * @since 0.1.0
 * @category models
 */
export type Process = Pick<NodeJS.Process, "stdout" | "stderr" | "on" | "exit">

/**
 * Runs the command and ends the process with its exit code.
 *
 * The first SIGINT or SIGTERM asks the command to stop, and the second exits immediately. Output that cannot be written
 * ends it with 1, unless it was a pipe whose reader left.
 *
 * Configuration is read from
 * the secret manager, if any, the files in `EXCHANGE_SECRETS_DIR`, the environment, and `.env`, in this order.
 * `HTTPS_PROXY` and `NO_PROXY` are honoured as usual.
 *
 * @since 0.1.0
 * @category running
 */
export const runMain = (process: Process, args: ReadonlyArray<string>, options?: Cli.Options): void => {
  const stop = Deferred.unsafeMake<Stop.Signal>(FiberId.none)
  const ask = (signal: Stop.Signal) => Deferred.unsafeDone(stop, Effect.succeed(signal))
  let isStopping = false
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(130)
      isStopping = true
      ask(signal)
    })
  }
  let unwritten: Error | undefined
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (isLost(error)) unwritten ??= error
      ask("SIGPIPE")
    })
  }
  process.on("uncaughtException", (error) => {
    process.stderr.write(`${unexpected(error)}\n`, () => process.exit(70))
  })

  const main = Cli.run(args, options).pipe(
    Effect.provide(environment(process, stop, Cli.commandOf(args))),
    Effect.tapErrorCause((cause) =>
      Option.isNone(Cause.failureOption(cause))
        ? write(process.stderr, `${unexpected(Cause.squash(cause))}\n`)
        : Effect.void
    )
  )
  Effect.runFork(main).addObserver((exit) => {
    if (unwritten === undefined) process.exit(Failure.exitCode(exit))
    // The exit code of the command does not matter: its result was lost.
    process.stderr.write(lost(unwritten), () => process.exit(1))
  })
}

const unexpected = (error: unknown): string => {
  const what = (error instanceof Error ? error.message : String(error)).split("\n", 1).join("")
  return `This is a bug in the command, not in your input: ${what}. Please report it with the command you ran.`
}

const write = (stream: NodeJS.WriteStream, text: string): Effect.Effect<void> =>
  Effect.async((resume) => {
    // A closed reader is reported by the "error" event of the stream, so the callback ignores its error.
    stream.write(text, () => resume(Effect.void))
  })

/** Names the variable of an invalid value, which its message does not. */
const reasonOf = (error: ConfigError.ConfigError | PlatformError): string =>
  (ConfigError.isConfigError(error) && error._op === "InvalidData" ? Configuration.describe(error) : error.message)
    .replace(/\.$/, "")

const network = Layer.unwrapEffect(
  Effect.map(
    Effect.promise(() => import("@effect-exchange/core/engine/NodeExchange")),
    (NodeExchange) => NodeExchange.layerWith({ proxy: "environment" })
  )
).pipe(
  Layer.mapError((error) =>
    new Failure.UsageError({
      detail: `The proxy cannot be used: ${Configuration.describe(error)}. Fix it and try again.`
    })
  )
)

const configured = (provider: ConfigProvider.ConfigProvider, sources: ReadonlyArray<Configuration.Source>) =>
  Layer.merge(Layer.setConfigProvider(provider), Layer.succeed(Configuration.Configuration, sources))

const environment = (
  process: Process,
  stop: Deferred.Deferred<Stop.Signal>,
  command: string | undefined
): Layer.Layer<Cli.Environment, Failure.UsageError> => {
  const screen = Layer.effect(
    Screen,
    Effect.map(Configuration.noColor, (noColor) => ({
      out: (text: string) => write(process.stdout, text),
      err: (text: string) => write(process.stderr, text),
      outIsTerminal: process.stdout.isTTY === true,
      errIsTerminal: process.stderr.isTTY === true,
      colors: process.stdout.isTTY === true && !noColor
    }))
  )
  const configuration = Layer.unwrapScoped(Effect.gen(function*() {
    const secrets = Option.getOrUndefined(yield* Configuration.secretsDirectory)
    const sources = yield* NodeConfig.sources({ secrets, dotEnv: ".env" })
    const here = NodeConfig.inOrder(sources)
    const name = yield* here.load(Configuration.secretsFrom)
    if (Option.isNone(name)) return configured(here, sources)
    const before = yield* Effect.promise(() => import("./internal/secretManagers.js")).pipe(
      Effect.flatMap((managed) => managed.before(name.value)),
      Effect.withConfigProvider(here)
    )
    const nothing = ConfigProvider.fromMap(new Map())
    const all = [{ name: name.value, provider: before(nothing) }, ...sources]
    // If the secret manager fails, the command fails: it does not fall back to the environment. Only `doctor` reports
    // the failure and goes on, without keys.
    const reports = command === "doctor" && !(yield* Effect.isSuccess(before(here).load(Configuration.noColor)))
    return configured(reports ? here : before(here), all)
  }))
  const logger = Logger.replace(
    Logger.defaultLogger,
    process.stderr.isTTY === true
      ? Logger.prettyLogger({ stderr: true })
      : Logger.withConsoleError(Logger.jsonLogger)
  )
  return Layer.mergeAll(
    screen,
    Layer.succeed(Stop.Stop, Deferred.await(stop)),
    Layer.succeed(Network, network),
    NodeFileSystem.layer,
    NodePath.layer,
    NodeTerminal.layer,
    logger,
    Logger.minimumLogLevel(LogLevel.Warning)
  ).pipe(
    Layer.provideMerge(configuration),
    Layer.mapError((error) =>
      new Failure.UsageError({ detail: `The configuration cannot be read: ${reasonOf(error)}. Fix it and try again.` })
    ),
    Layer.tapError((error) => write(process.stderr, `${error.message}\n`))
  )
}
