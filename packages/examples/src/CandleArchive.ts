/**
 * Archives candles in files: one file per market, with one JSON document per line, oldest first. Each run continues
 * where the last run ended, even if that run was killed. `docs/cookbook/candle-archive.md` explains the program, and
 * `candle-archive.ts` runs it.
 */
import { Candle, type ExchangeError, MarketData } from "@effect-exchange/core"
import { type Error as PlatformError, FileSystem, Path } from "@effect/platform"
import { Chunk, Clock, Data, Effect, Either, Option, Schema, Stream } from "effect"

export interface Options {
  readonly directory: string
  readonly symbols: ReadonlyArray<string>
  readonly interval: Candle.Interval
  /** Where to begin if the archive is empty, in milliseconds since the epoch. */
  readonly from: number
}

/**
 * A range without candles on the exchange. The missing candles would open at `from` or later and before `to`, in
 * milliseconds since the epoch.
 */
export interface Gap {
  readonly from: number
  readonly to: number
}

/** The result of a run for one market. */
export interface Report {
  readonly symbol: string
  readonly path: string
  readonly added: number
  readonly gaps: ReadonlyArray<Gap>
}

/** A line of an archive is not a candle. Inspect the file, then remove the line or restore the file. */
export class ArchiveDamaged extends Data.TaggedError("ArchiveDamaged")<{ readonly path: string }> {
  override get message(): string {
    return `a line of ${this.path} is not a candle`
  }
}

export type Failure = ExchangeError.MarketDataError | PlatformError.PlatformError | ArchiveDamaged

const Line = Schema.parseJson(Candle.Candle)
const encode = Schema.encode(Line)
const decode = Schema.decode(Line)

// The exchange's clock may be behind ours, so a candle counts as ended only a minute after its end by our clock.
const settled = 60_000

// Longer than any line, so that the end of the file always contains a whole last line.
const tailBytes = 4096

/** Archives the candles of several markets. A failure of one market does not affect the others. */
export const run = Effect.fn("CandleArchive.run")(function*(options: Options) {
  return yield* Effect.forEach(
    options.symbols,
    (symbol) => Effect.map(Effect.either(archive(options, symbol)), (result) => ({ symbol, result })),
    { concurrency: 4 }
  )
})

/** Returns the path of a market's file. */
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
  // Only candles that have ended, because the current candle still changes.
  const to = Candle.openTime(options.interval, (yield* Clock.currentTimeMillis) - settled)
  const found = { next: from, added: 0, gaps: new Array<Gap>() }
  if (from < to) {
    const appending = yield* files.open(file, { flag: "a" })
    yield* market.candles(symbol, options.interval, { from, to }).pipe(
      Stream.runForEachChunk((candles) =>
        Effect.gen(function*() {
          const lines = yield* Effect.forEach(candles, (candle) => Effect.orDie(encode(candle)))
          // Write only whole lines, and count candles only once they are on the disk. If the process is killed during a
          // write, the next run removes the incomplete line.
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

/** Reads the last candle of an archive. Removes an incomplete last line, which a killed process leaves behind. */
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

/** Reads the candles of an archive, oldest first. */
export const read = (path: string) =>
  Stream.unwrap(Effect.map(FileSystem.FileSystem, (files) =>
    files.stream(path).pipe(
      Stream.decodeText(),
      Stream.splitLines,
      Stream.filter((line) => line !== ""),
      Stream.mapEffect((line) => Effect.mapError(decode(line), () => new ArchiveDamaged({ path })))
    )))

/** Describes the result for a market as a line to print. */
export const described = (
  { result, symbol }: { readonly symbol: string; readonly result: Either.Either<Report, Failure> }
): string =>
  Either.match(result, {
    onLeft: ({ message }) => `${symbol}: ${message}`,
    onRight: ({ added, gaps }) =>
      [
        `${symbol}: ${added} candles`,
        ...gaps.map(({ from, to }) =>
          `no candles from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}`
        )
      ].join(", ")
  })
