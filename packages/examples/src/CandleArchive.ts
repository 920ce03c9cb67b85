/**
 * An archive of candles: a file for each market, one JSON document a line, oldest first. A run goes on where the last one
 * ended, however it ended. `docs/cookbook/candle-archive.md` walks through it, `candle-archive.ts` runs it.
 */
import { Candle, type ExchangeError, MarketData } from "@effect-exchange/core"
import { type Error as PlatformError, FileSystem, Path } from "@effect/platform"
import { Chunk, Clock, Data, Effect, Either, Option, Schema, Stream } from "effect"

export interface Options {
  readonly directory: string
  readonly symbols: ReadonlyArray<string>
  readonly interval: Candle.Interval
  /** Where an archive begins that has nothing yet, in epoch milliseconds. */
  readonly from: number
}

/** Candles that the exchange has not: those that would have opened at `from` or later and before `to` (epoch milliseconds). */
export interface Gap {
  readonly from: number
  readonly to: number
}

/** What a run has added to the archive of a market. */
export interface Report {
  readonly symbol: string
  readonly path: string
  readonly added: number
  readonly gaps: ReadonlyArray<Gap>
}

/** A line of an archive is none: look at it, and take it out or restore the file. */
export class ArchiveDamaged extends Data.TaggedError("ArchiveDamaged")<{ readonly path: string }> {
  override get message(): string {
    return `the last line of ${this.path} is no candle`
  }
}

export type Failure = ExchangeError.MarketDataError | PlatformError.PlatformError | ArchiveDamaged

const Line = Schema.parseJson(Candle.Candle)
const encode = Schema.encode(Line)
const decode = Schema.decode(Line)

// By the clock of the exchange a candle may end a little later than by ours.
const settled = 60_000

// Longer than a line ever is.
const tailBytes = 4096

/** Archives the candles of several markets. What goes wrong with one keeps no other from being archived. */
export const run = Effect.fn("CandleArchive.run")(function*(options: Options) {
  return yield* Effect.forEach(
    options.symbols,
    (symbol) => Effect.map(Effect.either(archive(options, symbol)), (result) => ({ symbol, result })),
    { concurrency: 4 }
  )
})

/** The file of a market. */
export const pathOf = Effect.fnUntraced(function*({ directory, interval }: Options, exchange: string, symbol: string) {
  const path = yield* Path.Path
  return path.join(directory, exchange, `${encodeURIComponent(symbol)}-${interval}.jsonl`)
})

const archive = Effect.fn("CandleArchive.archive")(function*(options: Options, symbol: string) {
  const market = yield* MarketData.MarketData
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = yield* pathOf(options, market.exchange, symbol)
  yield* files.makeDirectory(path.dirname(file), { recursive: true })

  const from = Option.match(yield* last(file), {
    onNone: () => Candle.openFrom(options.interval, options.from),
    onSome: ({ openTime }) => Candle.closeTime(options.interval, openTime)
  })
  // Only what has ended: the candle under way still changes.
  const to = Candle.openTime(options.interval, (yield* Clock.currentTimeMillis) - settled)
  const found = { next: from, added: 0, gaps: new Array<Gap>() }
  if (from < to) {
    const appending = yield* files.open(file, { flag: "a" })
    yield* market.candles(symbol, options.interval, { from, to }).pipe(
      Stream.runForEachChunk((candles) =>
        Effect.gen(function*() {
          const lines = yield* Effect.forEach(candles, (candle) => Effect.orDie(encode(candle)))
          // Whole lines, and on the disk before they count; where the process is killed in between, the next run sees.
          yield* appending.writeAll(new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")))
          yield* appending.sync
          for (const { openTime } of candles) {
            if (openTime > found.next) found.gaps.push({ from: found.next, to: openTime })
            found.next = Candle.closeTime(options.interval, openTime)
          }
          found.added += Chunk.size(candles)
        })
      )
    )
  }
  return { symbol, path: file, added: found.added, gaps: found.gaps } satisfies Report
}, Effect.scoped)

/** The last candle of an archive. What a killed process left of a line is cut off. */
const last = Effect.fnUntraced(function*(path: string) {
  const files = yield* FileSystem.FileSystem
  if (!(yield* files.exists(path))) return Option.none<Candle.Candle>()
  const size = Number((yield* files.stat(path)).size)
  const tail = yield* files.stream(path, { offset: Math.max(0, size - tailBytes) }).pipe(
    Stream.runFold(new Uint8Array(), (all, part) => Uint8Array.from([...all, ...part]))
  )
  const end = tail.lastIndexOf(10) + 1
  if (end < tail.length) yield* files.truncate(path, size - tail.length + end)
  if (end === 0) return size <= tailBytes ? Option.none() : yield* new ArchiveDamaged({ path })
  const line = new TextDecoder().decode(tail.subarray(tail.lastIndexOf(10, end - 2) + 1, end - 1))
  return Option.some(yield* Effect.mapError(decode(line), () => new ArchiveDamaged({ path })))
})

/** The candles of an archive, oldest first. */
export const read = (path: string) =>
  Stream.unwrap(Effect.map(FileSystem.FileSystem, (files) =>
    files.stream(path).pipe(
      Stream.decodeText(),
      Stream.splitLines,
      Stream.filter((line) => line !== ""),
      Stream.mapEffect((line) => Effect.mapError(decode(line), () => new ArchiveDamaged({ path })))
    )))

/** What has become of a market, as a line to print. */
export const described = (
  { result, symbol }: { readonly symbol: string; readonly result: Either.Either<Report, Failure> }
): string =>
  Either.match(result, {
    onLeft: ({ message }) => `${symbol}: ${message}`,
    onRight: ({ added, gaps }) =>
      [
        `${symbol}: ${added} candles`,
        ...gaps.map(({ from, to }) => `none from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}`)
      ].join(", ")
  })
