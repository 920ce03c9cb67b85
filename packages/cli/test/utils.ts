import { Cli, Commands, Configuration, Failure, Network, Screen, Stop } from "@effect-exchange/cli"
import { Simulator } from "@effect-exchange/simulator"
import type { HttpClient, Socket } from "@effect/platform"
import { NodeFileSystem, NodePath, NodeTerminal } from "@effect/platform-node"
import { ConfigProvider, Deferred, Effect, Layer } from "effect"

// Loads the commands before a test runs, because `TestClock` would not wait for them.
await Effect.runPromise(Commands.load)

/** A run of the command in this process. `out` and `err` are what it has written so far. */
export interface Session {
  readonly out: () => string
  readonly err: () => string
  readonly stop: (signal: Stop.Signal) => Effect.Effect<boolean>
  /** Completes with the exit code. */
  readonly run: Effect.Effect<number, never, HttpClient.HttpClient | Socket.WebSocketConstructor>
}

interface Options {
  /** The configuration, by names of environment variables. */
  readonly env?: Readonly<Record<string, string>>
  /** Sources that are searched before the environment by `Configuration`. */
  readonly sources?: ReadonlyArray<Configuration.Source>
  readonly terminal?: boolean
  readonly program?: string
  /** The exchanges of other packages. */
  readonly exchanges?: Cli.Options["exchanges"]
}

/** The HTTP client of simulated exchanges, reached with `--base-url binance=http://binance.localhost`. */
export const network = Simulator.layer(["binance", "bitmex"])

export const session = (line: string, options: Options = {}) =>
  Effect.gen(function*() {
    const { env = {}, exchanges = [], program = "exchange", sources = [], terminal = false } = options
    const provider = ConfigProvider.fromMap(new Map(Object.entries(env)), { pathDelim: "_" })
    const written = { out: "", err: "" }
    const stop = yield* Deferred.make<Stop.Signal>()
    const screen = Layer.succeed(Screen.Screen, {
      out: (text: string) => Effect.sync(() => void (written.out += text)),
      err: (text: string) => Effect.sync(() => void (written.err += text)),
      outIsTerminal: terminal,
      errIsTerminal: terminal,
      colors: terminal
    })
    return {
      out: () => written.out,
      err: () => written.err,
      stop: (signal: Stop.Signal) => Deferred.succeed(stop, signal),
      run: Cli.run(line === "" ? [] : line.split(" "), { exchanges, program }).pipe(
        Effect.provide([
          screen,
          Layer.effect(
            Network.Network,
            Effect.map(Effect.context<HttpClient.HttpClient | Socket.WebSocketConstructor>(), (context) =>
              Layer.succeedContext(context))
          ),
          Layer.succeed(Stop.Stop, Deferred.await(stop)),
          Layer.succeed(Configuration.Configuration, [...sources, { name: "environment", provider }]),
          Layer.setConfigProvider(provider),
          NodeFileSystem.layer,
          NodePath.layer,
          NodeTerminal.layer
        ]),
        Effect.exit,
        Effect.map(Failure.exitCode)
      )
    }
  })

/** Runs a command to its end without advancing the test clock. */
export const runCommand = (line: string, options?: Options) =>
  Effect.gen(function*() {
    const { err, out, run } = yield* session(line, options)
    const code = yield* run
    return { code, out: out(), err: err() }
  }).pipe(Effect.provide(network))
