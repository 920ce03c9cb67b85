/**
 * `exchange candles`: writes the candles of a market to a file or to standard output.
 *
 * @since 0.1.0
 */
import { Candle, Decimal, Environment, type ExchangeError, type ExchangeSymbol } from "@effect-exchange/core"
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Advice from "../Advice.js"
import * as Answers from "../Answers.js"
import * as CandleFile from "../CandleFile.js"
import * as CandleFormat from "../CandleFormat.js"
import type * as CandleOptions from "../CandleOptions.js"
import * as CandleParquet from "../CandleParquet.js"
import * as Connections from "../Connections.js"
import { Incomplete, UsageError } from "../Failure.js"
import type * as Options from "../Options.js"
import * as Progress from "../Progress.js"
import { count } from "../Quotes.js"
import * as Screen from "../Screen.js"

/**
 * The options of the command.
 *
 * @since 0.1.0
 * @category models
 */
export interface Input extends Options.Settings {
  readonly symbol: ExchangeSymbol.ExchangeSymbol
  readonly interval: Candle.Interval
  readonly from: number
  readonly to: Option.Option<number>
  readonly format: Option.Option<CandleOptions.FormatName>
  readonly output: Option.Option<string>
  readonly json: boolean
}

/**
 * Writes candles page by page as they are received. The open candle is left out, as it is still changing.
 *
 * Fails with `Incomplete` if the exchange fails before the last page. Candles that are already written stay.
 *
 * @since 0.1.0
 * @category commands
 */
export const handle = (
  input: Input
): Effect.Effect<
  void,
  UsageError | Incomplete,
  Connections.Network | FileSystem.FileSystem | Path.Path | Screen.Screen
> =>
  Effect.scoped(Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const to = Option.getOrElse(input.to, () => now)
    const format = yield* formatOf(input, to)
    const connections = yield* Connections.open(input, patience)
    yield* Effect.forEach(connections, (connection) => download(input, to, format, connection), { discard: true })
    // A remark may follow a table, but other formats must contain only candles.
    const print = format === "table" ? Screen.line : Screen.note
    if (!input.json) yield* Effect.forEach(Answers.simulation(input), print, { discard: true })
  }))

// The deadline of each page, which may have to wait where the rate limit is tight.
const patience = "90 seconds"

const formatOf = (
  { format, from, json, output }: Input,
  to: number
): Effect.Effect<CandleOptions.FormatName, UsageError> => {
  const name = Option.getOrElse(format, () => json ? "jsonl" as const : "csv" as const)
  if (from >= to) {
    return new UsageError({
      detail: `--from ${CandleFormat.iso(from)} is not before ${CandleFormat.iso(to)}; choose an earlier start.`
    })
  }
  if (json && name !== "jsonl") {
    return new UsageError({ detail: `--json means --format jsonl, not ${name}; remove one of them.` })
  }
  if (name === "parquet" && Option.isNone(output)) {
    return new UsageError({
      detail: "Parquet is written to a file; choose one with --output, such as --output candles.parquet."
    })
  }
  return name === "table" && Option.isSome(output)
    ? new UsageError({
      detail: "A table cannot be written to a file; with --output, use --format csv, jsonl or parquet."
    })
    : Effect.succeed(name)
}

interface Destination {
  readonly from: number
  readonly append: (candles: ReadonlyArray<Candle.Candle>) => Effect.Effect<void, UsageError>
  /** Runs at the end, on success, failure and interruption. */
  readonly finish?: Effect.Effect<void, UsageError>
}

const download = Effect.fnUntraced(function*(
  input: Input,
  to: number,
  name: CandleOptions.FormatName,
  { exchange, market }: Connections.Connection
): Effect.fn.Return<
  void,
  UsageError | Incomplete,
  FileSystem.FileSystem | Path.Path | Scope.Scope | Screen.Screen
> {
  const { interval, output, symbol } = input
  const about = CandleFormat.series({ exchange, symbol, interval })
  const environment = Environment.name(Connections.environmentOf(exchange, input))
  const destination: Destination = name === "table"
    ? yield* onScreen(input.from, { header: header, line: tableLine })
    : Option.isNone(output)
    ? yield* onScreen(input.from, CandleFormat.of(name === "parquet" ? "csv" : name, environment))
    : name === "parquet"
    ? { from: input.from, ...yield* CandleParquet.open(output.value, environment) }
    : yield* inFile(output.value, name, input, { exchange, symbol, interval, environment })
  const written = yield* Ref.make(0)
  const report = input.json ? Progress.silent : yield* Progress.share
  const read = destination.from >= to ? Stream.empty : market.candles(symbol, interval, {
    from: destination.from,
    to,
    onProgress: ({ candles, fraction, readTo }) =>
      report(fraction, `${about}: ${count(candles, "candle")} until ${CandleFormat.iso(readTo)}`)
  })
  yield* Stream.runForEachChunk(
    Stream.filter(read, ({ isOpen }) => !isOpen),
    (candles) =>
      Effect.zipRight(
        destination.append(Chunk.toReadonlyArray(candles)),
        Ref.update(written, (before) => before + candles.length)
      )
  ).pipe(
    Effect.catchIf(isExchangeError, (error) =>
      Effect.gen(function*() {
        const advice = yield* Advice.from(error, market)
        yield* Screen.note(`${exchange}: ${error._tag}. ${Answers.sentence(error.message)} ${advice}`)
        return yield* new Incomplete({ exchanges: [exchange] })
      })),
    Effect.onInterrupt(() => Effect.ignore(destination.finish ?? Effect.void)),
    Effect.either,
    Effect.tap(() => destination.finish ?? Effect.void),
    Effect.flatten
  )
  if (!input.json) {
    const where = Option.match(output, { onNone: () => "", onSome: (path) => ` to ${path}` })
    yield* Screen.note(`${about}: ${count(yield* Ref.get(written), "candle")} written${where}.`)
  }
})

const isExchangeError = (
  error: ExchangeError.MarketDataError | UsageError
): error is ExchangeError.MarketDataError => error._tag !== "UsageError"

const onScreen = Effect.fnUntraced(function*(
  from: number,
  { header, line }: Pick<CandleFormat.Format, "header" | "line">
): Effect.fn.Return<Destination, never, Screen.Screen> {
  const screen = yield* Screen.Screen
  if (header !== undefined) yield* Screen.line(header)
  return {
    from,
    append: (candles) => candles.length === 0 ? Effect.void : screen.out(`${candles.map(line).join("\n")}\n`)
  }
})

const inFile = Effect.fnUntraced(function*(
  path: string,
  name: CandleFormat.Name,
  { from, interval }: Input,
  series: CandleFile.Series
): Effect.fn.Return<
  Destination,
  UsageError,
  FileSystem.FileSystem | Path.Path | Scope.Scope | Screen.Screen
> {
  const { append, beginsAt, namesEnvironment, resumeAt } = yield* CandleFile.open(path, name, series)
  if (Option.isNone(resumeAt)) return { from, append }
  const next = resumeAt.value
  if (next < from) {
    return yield* new UsageError({
      detail: `The candles in ${path} end at ${
        CandleFormat.iso(next)
      }, before --from, so that some would be missing; use --from ${CandleFormat.iso(next)}, or another --output.`
    })
  }
  yield* Screen.note(`${path} has candles until ${CandleFormat.iso(next)}; continuing from there.`)
  const begin = Option.getOrElse(beginsAt, () => from)
  if (begin > Candle.openFrom(interval, from)) {
    yield* Screen.note(
      `${path} begins at ${
        CandleFormat.iso(begin)
      }; earlier candles are not added. If there are any, choose another --output.`
    )
  }
  if (!namesEnvironment) {
    yield* Screen.note(`${path} does not name the environment of its candles; those that are added are live.`)
  }
  return { from: next, append }
})

const titles = ["open", "high", "low", "close", "volume"]

const header = ["open time".padEnd(24), ...titles.map((title) => title.padStart(14))].join("  ")

/** Columns have a fixed width, as later candles are not known yet. */
const tableLine = ({ close, high, low, open, openTime, volume }: Candle.Candle): string =>
  [
    CandleFormat.iso(openTime),
    ...[open, high, low, close, volume].map((value) => Decimal.format(value).padStart(14))
  ].join("  ")
