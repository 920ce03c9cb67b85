import * as CandleParquet from "@effect-exchange/cli/CandleParquet"
import { Candle } from "@effect-exchange/core"
import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema, TestClock } from "effect"
import { parquetMetadata, parquetReadObjects, parquetSchema } from "hyparquet"
import { runCommand } from "./utils.js"

const candle = Schema.decodeSync(Candle.Candle)

const at = (index: number, close = `64000.${index % 10}`, volume = "0.000000000000000001") =>
  candle({
    exchange: "kraken",
    symbol: "BTC/USDT",
    interval: "1m",
    openTime: index * 60_000,
    open: "64000",
    high: "99999999999999999999.123456789012345678",
    low: "0.1",
    close,
    volume,
    isOpen: false
  })

const path = Effect.map(
  Effect.flatMap(FileSystem.FileSystem, (files) => files.makeTempDirectoryScoped()),
  (directory) => `${directory}/some/candles.parquet`
)

/** The content of a file. */
const bytesOf = (path: string) =>
  Effect.map(
    Effect.flatMap(FileSystem.FileSystem, (files) => files.readFile(path)),
    (bytes) => bytes.slice().buffer
  )

/** The rows with decimals as unscaled integers, because the reader would convert decimals to floats. */
const rowsOf = (file: ArrayBuffer) => {
  const metadata = parquetMetadata(file)
  for (const element of metadata.schema) {
    if (element.converted_type === "DECIMAL") {
      delete element.converted_type
      delete element.logical_type
    }
  }
  return Effect.promise(() => parquetReadObjects({ file, metadata }))
}

const unscaled = (bytes: Uint8Array): bigint =>
  BigInt.asIntN(128, bytes.reduce((value, byte) => value << 8n | BigInt(byte), 0n))

describe("candles as Parquet", () => {
  it.scoped("are read back exactly, with logical types", () =>
    Effect.gen(function*() {
      const to = yield* path
      const { append, finish } = yield* CandleParquet.open(to, "live")
      yield* append([at(1), at(2)])
      yield* finish
      const file = yield* bytesOf(to)
      const metadata = parquetMetadata(file)
      const types = parquetSchema(metadata).children.map(({ element }) => [element.name, element.logical_type?.type])
      assert.deepStrictEqual(types, [
        ["exchange", "STRING"],
        ["symbol", "STRING"],
        ["interval", "STRING"],
        ["openTime", "TIMESTAMP"],
        ...["open", "high", "low", "close", "volume"].map((name) => [name, "DECIMAL"])
      ])
      const stated = metadata.key_value_metadata?.find(({ key }) => key === "environment")
      assert.strictEqual(stated?.value, "live")
      const [first, second] = yield* rowsOf(file)
      assert.deepStrictEqual([first?.["exchange"], first?.["symbol"], first?.["interval"]], [
        "kraken",
        "BTC/USDT",
        "1m"
      ])
      assert.strictEqual(second?.["openTime"].getTime(), 120_000)
      const decimals = ["open", "high", "low", "close", "volume"].map((name) => unscaled(first?.[name]))
      assert.deepStrictEqual(decimals, [
        64000n * 10n ** 18n,
        99999999999999999999123456789012345678n,
        10n ** 17n,
        640001n * 10n ** 17n,
        1n
      ])
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scoped("are written in row groups before all candles are known", () =>
    Effect.gen(function*() {
      const to = yield* path
      const { append, finish } = yield* CandleParquet.open(to, "live")
      const files = yield* FileSystem.FileSystem
      yield* append(Array.from({ length: 10_000 }, (_, index) => at(index)))
      assert.isAbove(Number((yield* files.stat(to)).size), 10_000)
      yield* append(Array.from({ length: 500 }, (_, index) => at(10_000 + index)))
      yield* finish
      const file = yield* bytesOf(to)
      assert.deepStrictEqual(parquetMetadata(file).row_groups.map(({ num_rows }) => Number(num_rows)), [10_000, 500])
      const rows = yield* rowsOf(file)
      assert.strictEqual(rows.length, 10_500)
      assert.strictEqual(rows.at(-1)?.["openTime"].getTime(), 10_499 * 60_000)
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scoped("are rejected when a decimal does not fit into 38 digits", () =>
    Effect.gen(function*() {
      const { append } = yield* CandleParquet.open(yield* path, "live")
      for (const volume of ["0.0000000000000000001", "1000000000000000000000"]) {
        const error = yield* Effect.flip(append([at(1, "64000", volume)]))
        assert.include(error.message, `${volume} does not fit into 38 digits`)
      }
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scoped("are written by the command, which does not append to an existing file", () =>
    Effect.gen(function*() {
      const to = yield* path
      yield* TestClock.setTime(Date.parse("2026-01-03T00:00:00Z"))
      const line =
        "candles BTC/USDT --exchange binance --interval 1m --from 2026-01-01 --to 2026-01-01T01:00Z --format parquet"
      const unlisted = yield* runCommand(`${line.replace("BTC/USDT", "NO/SUCH")} --output ${to}`)
      assert.strictEqual(unlisted.code, 1)
      const { code, err, out } = yield* runCommand(`${line} --output ${to}`)
      assert.strictEqual(code, 0, err)
      assert.strictEqual(out, "")
      assert.match(err, /60 candles written/)
      const rows = yield* rowsOf(yield* bytesOf(to))
      assert.strictEqual(rows.length, 60)
      const again = yield* runCommand(`${line} --output ${to}`)
      assert.strictEqual(again.code, 2)
      assert.include(
        again.err,
        "already exists, and a Parquet file cannot be appended to; choose another --output, or --format csv."
      )
      const nowhere = yield* runCommand(line)
      assert.strictEqual(nowhere.code, 2)
      assert.include(nowhere.err, "Parquet is written to a file; choose one with --output")
    }).pipe(Effect.provide(NodeContext.layer)))
})
