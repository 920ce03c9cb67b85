/**
 * `exchange contract`: runs the contract suite against exchanges and their clients.
 *
 * @since 0.1.0
 */
import { Environment, type ExchangeSymbol, MarketData, OrderJournal } from "@effect-exchange/core"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Trip from "@effect-exchange/resilience/Trip"
import * as Simulator from "@effect-exchange/simulator/Simulator"
import * as Suite from "@effect-exchange/testing/Contract"
import * as LossyHttp from "@effect-exchange/testing/LossyHttp"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Arr from "effect/Array"
import * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Connections from "../Connections.js"
import { Incomplete, UsageError } from "../Failure.js"
import * as Options from "../Options.js"
import * as Progress from "../Progress.js"
import * as Registry from "../Registry.js"
import * as Screen from "../Screen.js"
import * as Table from "../Table.js"
import * as Verbose from "../Verbose.js"
import * as Wire from "../Wire.js"

/**
 * The options of the command.
 *
 * @since 0.1.0
 * @category models
 */
export interface Input extends Options.Places {
  readonly symbol: ReadonlyArray<ExchangeSymbol.ExchangeSymbol>
  readonly trading: boolean
  readonly output: Option.Option<string>
}

/**
 * Runs the contract suite against each exchange, prints the result of each case, and writes the report if `output` is
 * set. Fails with `Incomplete` if a case failed.
 *
 * @since 0.1.0
 * @category commands
 */
export const handle = Effect.fnUntraced(function*(
  input: Input,
  program: string
): Effect.fn.Return<
  void,
  UsageError | Incomplete,
  Connections.Network | FileSystem.FileSystem | Path.Path | Screen.Screen
> {
  const screen = yield* Screen.Screen
  const registry = yield* Registry.registry
  yield* possible(input, registry)
  const write = yield* writer(input.output)
  const reports = yield* Effect.scoped(Effect.gen(function*() {
    const watched = yield* Verbose.watching<Connections.Network>(input)
    const subjects = yield* Effect.forEach(input.exchange, (exchange) => subjectOf(exchange, input, watched, registry))
    const onProgress = yield* Progress.make(
      subjects.length * Suite.cases.length,
      `${subjects.length * Suite.cases.length} cases of ${input.exchange.join(", ")}`
    )
    return yield* Concurrent.forEach(
      subjects,
      (subject) => Suite.report(subject, ({ id, result }) => onProgress(`${subject.name} ${id} ${result}`)),
      { concurrency: "unbounded" }
    )
  }))
  yield* Screen.line(table(reports, screen.colors))
  yield* write(reports.map(Suite.renderReport).join("\n"))
  const failed = reports.filter(({ rows }) => rows.some(({ result }) => result === "failed")).map(({ name }) => name)
  const remarks = [
    ...reports.map(summary),
    ...Option.match(input.output, { onNone: () => [], onSome: (output) => [`The report is in ${output}.`] })
  ]
  yield* Screen.line(`\n${remarks.join("\n")}`)
  yield* Screen.note(next(input, failed, program, registry.ids))
  if (failed.length > 0) return yield* new Incomplete({ exchanges: failed })
})

const possible = (input: Input, { features }: Registry.Registry): Effect.Effect<void, UsageError> => {
  if (input.trading && input.environment === "live") {
    return new UsageError({
      detail: "--trading places orders and is not allowed on a live exchange; use --environment testnet or simulated."
    })
  }
  // A remote base URL may lead to the live exchange behind a proxy.
  const remote = [...input.baseUrl].find(([, url]) => !Environment.isLoopback(new URL(url).hostname))
  if (input.trading && remote !== undefined) {
    return new UsageError({
      detail: `--trading places orders, so every --base-url must be on this machine; that of ${remote[0]} is not.`
    })
  }
  const without = input.environment === "testnet"
    ? input.exchange.filter((id) => !input.baseUrl.has(id) && !features(id).testnet)
    : []
  return without.length === 0
    ? Effect.asVoid(Options.agree(Options.healthy(input)))
    : new UsageError({
      detail: `No testnet exists for ${
        without.join(", ")
      }; choose other exchanges with --exchange, or use --environment simulated.`
    })
}

// Created before the suite runs, so that an invalid path fails before minutes of work.
const writer = Effect.fnUntraced(function*(
  output: Option.Option<string>
): Effect.fn.Return<
  (text: string) => Effect.Effect<void, UsageError>,
  UsageError,
  FileSystem.FileSystem | Path.Path
> {
  if (Option.isNone(output)) return () => Effect.void
  const files = yield* FileSystem.FileSystem
  const { dirname } = yield* Path.Path
  const refused = Effect.mapError((error: { readonly message: string }) =>
    new UsageError({ detail: `The report cannot be written: ${error.message}. Choose another --output.` })
  )
  yield* refused(files.makeDirectory(dirname(output.value), { recursive: true }))
  return (text) => refused(files.writeFileString(output.value, text))
})

type Subject = Suite.Options<LossyHttp.LossyHttp | Wire.Wire, ConfigError.ConfigError>

type Watched = (network: Context.Context<Connections.Network>) => Context.Context<Connections.Network>

const subjectOf = (
  exchange: string,
  input: Input,
  watched: Watched,
  registry: Registry.Registry
): Effect.Effect<Subject, UsageError, Connections.Network | Scope.Scope> => {
  const about = {
    name: exchange,
    features: registry.features(exchange),
    observer: Wire.Wire,
    faults: LossyHttp.LossyHttp
  }
  return Connections.isInMemory(exchange, input)
    ? Effect.succeed({ ...about, ...inMemory(exchange, input, watched, registry) })
    : Effect.map(onSockets(exchange, input, watched, registry), (subject) => ({ ...about, ...subject }))
}

const inMemory = (
  exchange: string,
  { symbol, trading }: Input,
  watched: Watched,
  { dialect, layerAccount, layerMarketData, layerTrading }: Registry.Registry
) => {
  const simulated = dialect(exchange)
  const environment = Simulator.environment(simulated)
  const wire = Wire.layer.pipe(Layer.provideMerge(Layer.map(Simulator.layer(simulated), watched)))
  return {
    layer: Layer.provideMerge(layerMarketData(exchange, { environment }), wire),
    account: Layer.provide(
      layerAccount(exchange, { environment, credentials: Simulator.credentials(simulated, "read") }),
      wire
    ),
    trading: trading
      ? Layer.provideMerge(
        layerTrading(exchange, { environment, credentials: Simulator.credentials(simulated) }),
        Layer.merge(wire, OrderJournal.layerMemory)
      )
      : undefined,
    symbols: Arr.isNonEmptyReadonlyArray(symbol) ? symbol : undefined,
    clock: "test",
    // On a test clock, so no real time passes.
    limit: "10 minutes"
  } as const
}

// All cases share one client, so that together they stay within the rate limits of the exchange. Its circuit breaker
// practically never opens, so that each case reports its own error.
const onSockets = Effect.fnUntraced(function*(
  exchange: string,
  input: Input,
  watched: Watched,
  { dialect, layerAccount, layerMarketData, layerTrading }: Registry.Registry
) {
  const network = watched(yield* Effect.context<Connections.Network>())
  const wire = Context.merge(network, yield* Effect.provide(Layer.build(Wire.layer), network))
  const environment = Connections.environmentOf(exchange, input)
  const options = {
    environment,
    credentials: input.environment === "simulated" ? Simulator.credentials(dialect(exchange)) : undefined,
    deadline: "4 minutes",
    breaker: { trip: Trip.consecutive(1_000_000) }
  } as const
  const build = <A>(layer: Layer.Layer<A, ConfigError.ConfigError, Connections.Network>) =>
    Effect.map(Layer.build(Layer.provide(layer, Layer.succeedContext(wire))), Layer.succeedContext)
  const trading = input.trading && environment !== "live"
    ? yield* Effect.mapError(
      build(Layer.provide(layerTrading(exchange, { ...options, environment }), OrderJournal.layerMemory)),
      Connections.refused
    )
    : undefined
  const account = trading ?? Option.getOrUndefined(
    yield* build(layerAccount(exchange, options)).pipe(
      Effect.asSome,
      Effect.catchIf(ConfigError.isMissingDataOnly, () => Effect.succeedNone),
      Effect.mapError(Connections.refused)
    )
  )
  const data = account ?? (yield* Effect.mapError(
    build(layerMarketData(exchange, options)),
    Connections.refused
  ))
  const symbols = yield* MarketData.MarketData.pipe(
    Effect.flatMap((market) => Connections.symbolsOf(input.symbol, market)),
    Effect.provide(data),
    // The cases report the error themselves.
    Effect.orElseSucceed(() => input.symbol)
  )
  const withWire = Layer.merge(Layer.succeedContext(wire))
  return {
    layer: withWire(data),
    account,
    trading: trading === undefined ? undefined : withWire(trading),
    symbols: Arr.isNonEmptyReadonlyArray(symbols) ? symbols : undefined,
    clock: "live",
    on: environment === "live" ? "live" : undefined,
    // Limits the load on an exchange that is not ours.
    concurrency: 5,
    limit: "5 minutes"
  } as const
})

const tones: { readonly [R in Suite.Row["result"]]: Table.Tone } = { passed: "good", failed: "bad", skipped: "faint" }

const table = (reports: ReadonlyArray<Suite.Report>, colors: boolean): string =>
  Table.render(
    [
      { title: "exchange" },
      { title: "case" },
      { title: "what" },
      { title: "result" },
      { title: "why" }
    ],
    reports.flatMap(({ name, rows }) =>
      rows.map(({ detail, id, result, title }) => [name, id, title, { text: result, tone: tones[result] }, detail])
    ),
    colors
  )

const summary = ({ name, rows }: Suite.Report): string => {
  const count = (result: Suite.Row["result"]) => rows.filter((row) => row.result === result).length
  return `${name}: ${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped.`
}

const next = (
  input: Input,
  failed: ReadonlyArray<string>,
  program: string,
  all: ReadonlyArray<string>
): string => {
  const { environment, exchange, trading } = input
  if (failed.length > 0) {
    const failing = exchange.filter((id) => failed.includes(id))
    return `Next: ${program} health${
      Options.typed({ ...input, exchange: failing }, all)
    } shows the status of the exchanges.`
  }
  return trading || environment === "live"
    ? `Next: ${program} record${Options.typed(input, all)} --output fixtures records the responses of the exchanges.`
    : `Next: ${program} contract${Options.typed(input, all)} --trading also places orders.`
}
