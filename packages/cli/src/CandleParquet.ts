/**
 * Candles as Parquet. Decimals are exact, as `DECIMAL(38, 18)`, and times are `TIMESTAMP` in milliseconds, UTC.
 *
 * @since 0.1.0
 */
import { type Candle, Decimal } from "@effect-exchange/core"
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import { UsageError } from "./Failure.js"
import { once } from "./internal/once.js"
import { quote } from "./internal/quote.js"

const library = once(() => import("hyparquet-writer"))

/** Decimal places, out of 38 digits. No exchange sends a decimal with more. */
const scale = 18

const beyond = 10n ** 38n

/** The number of candles per row group. They are kept in memory until the group is written. */
const group = 10_000

/**
 * A Parquet file that is being written.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sink {
  readonly append: (candles: ReadonlyArray<Candle.Candle>) => Effect.Effect<void, UsageError>
  /** Writes the remaining candles and the footer. Call it once, even if not all candles were received. */
  readonly finish: Effect.Effect<void, UsageError>
}

/**
 * Creates a file whose metadata names the environment of its candles. Fails if it already exists: a Parquet file ends
 * with its footer, so it cannot be appended to.
 *
 * @since 0.1.0
 * @category constructors
 */
export const open = Effect.fnUntraced(function*(
  path: string,
  environment: string
): Effect.fn.Return<Sink, UsageError, FileSystem.FileSystem | Path.Path | Scope.Scope> {
  const files = yield* FileSystem.FileSystem
  const { dirname } = yield* Path.Path
  const isThere = yield* Effect.mapError(files.exists(path), unwritable)
  if (isThere) {
    return yield* new UsageError({
      detail: `${
        quote(path)
      } already exists, and a Parquet file cannot be appended to; choose another --output, or --format csv.`
    })
  }
  yield* Effect.mapError(files.makeDirectory(dirname(path), { recursive: true }), unwritable)
  const scope = yield* Effect.scope
  // Opened on the first write: without candles there is no file, so the same command can be run again.
  const file = yield* Effect.cached(Effect.mapError(Scope.extend(files.open(path, { flag: "wx" }), scope), unwritable))
  const { ByteWriter, ParquetWriter } = yield* library
  const bytes = new ByteWriter()
  const writer = new ParquetWriter({
    writer: bytes,
    schema: [...schema],
    kvMetadata: [{ key: "environment", value: environment }]
  })
  let kept: Array<Row> = []
  const save = Effect.suspend(() => {
    const written = bytes.getBytes().slice()
    bytes.index = 0
    return Effect.flatMap(file, (file) => Effect.mapError(file.writeAll(written), unwritable))
  })
  const flush = Effect.suspend(() => {
    const rows = kept
    kept = []
    if (rows.length === 0) return Effect.void
    return Effect.zipRight(
      Effect.promise(async () => writer.write({ columnData: columns(rows), rowGroupSize: rows.length })),
      save
    )
  })
  return {
    append: (candles) =>
      Effect.zipRight(
        Effect.forEach(candles, (candle) => Effect.map(rowOf(candle), (row) => void kept.push(row)), { discard: true }),
        Effect.suspend(() => kept.length >= group ? flush : Effect.void)
      ),
    finish: Effect.zipRight(
      flush,
      Effect.suspend(() =>
        writer.num_rows === 0n ? Effect.void : Effect.zipRight(Effect.promise(async () => writer.finish()), save)
      )
    ).pipe(Effect.uninterruptible)
  }
})

const texts = ["exchange", "symbol", "interval"] as const

const decimals = ["open", "high", "low", "close", "volume"] as const

type Row = { readonly [K in typeof texts[number]]: string } & { readonly [K in typeof decimals[number]]: bigint } & {
  readonly openTime: bigint
}

const schema = [
  { name: "root", num_children: 9 },
  ...texts.map((name) => ({
    name,
    type: "BYTE_ARRAY",
    repetition_type: "REQUIRED",
    converted_type: "UTF8",
    logical_type: { type: "STRING" }
  } as const)),
  {
    name: "openTime",
    type: "INT64",
    repetition_type: "REQUIRED",
    converted_type: "TIMESTAMP_MILLIS",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MILLIS" }
  },
  ...decimals.map((name) => ({
    name,
    type: "FIXED_LEN_BYTE_ARRAY",
    type_length: 16,
    repetition_type: "REQUIRED",
    converted_type: "DECIMAL",
    precision: 38,
    scale,
    logical_type: { type: "DECIMAL", precision: 38, scale }
  } as const))
] as const

const columns = (rows: ReadonlyArray<Row>) =>
  [...texts, "openTime" as const, ...decimals].map((name) => ({ name, data: rows.map((row) => row[name]) }))

const rowOf = (candle: Candle.Candle): Effect.Effect<Row, UsageError> =>
  Effect.map(
    Effect.all({
      open: unscaled(candle.open),
      high: unscaled(candle.high),
      low: unscaled(candle.low),
      close: unscaled(candle.close),
      volume: unscaled(candle.volume)
    }),
    (prices) => ({
      exchange: candle.exchange,
      symbol: candle.symbol,
      interval: candle.interval,
      openTime: BigInt(candle.openTime),
      ...prices
    })
  )

/** Converts a decimal to an integer in units of the last decimal place. Fails rather than rounds if it does not fit. */
const unscaled = (decimal: BigDecimal.BigDecimal): Effect.Effect<bigint, UsageError> => {
  const shortest = BigDecimal.normalize(decimal)
  const { value } = BigDecimal.scale(shortest, scale)
  return shortest.scale <= scale && value < beyond && value > -beyond
    ? Effect.succeed(value)
    : new UsageError({
      detail: `${Decimal.format(decimal)} does not fit into 38 digits with ${scale} decimal places; use --format csv.`
    })
}

const unwritable = (error: PlatformError): UsageError =>
  new UsageError({ detail: `The candles cannot be written: ${error.message}. Choose another --output.` })
