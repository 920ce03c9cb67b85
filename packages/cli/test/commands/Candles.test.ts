import * as CandleFile from "@effect-exchange/cli/CandleFile"
import { Candle } from "@effect-exchange/core"
import { FileSystem } from "@effect/platform"
import { NodeFileSystem, NodePath } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Schema, TestClock } from "effect"
import { runCommand } from "../utils.js"

const today = TestClock.setTime(Date.UTC(2026, 0, 10, 12, 34, 56))

const files = Effect.provide(FileSystem.FileSystem, NodeFileSystem.layer)

/** A path in a directory of its own. */
const path = Effect.flatMap(files, (files) => files.makeTempDirectoryScoped()).pipe(
  Effect.map((directory) => `${directory}/there/candles`)
)

const read = (file: string) => Effect.flatMap(files, (files) => files.readFileString(file))

const write = (file: string, text: string) =>
  Effect.flatMap(files, (files) =>
    Effect.zipRight(
      files.makeDirectory(file.slice(0, file.lastIndexOf("/")), { recursive: true }),
      files.writeFileString(file, text)
    ))

const candle = Schema.decodeSync(Candle.Candle)({
  exchange: "binance",
  symbol: "BTC/USDT",
  interval: "1h",
  openTime: Date.UTC(2026, 0, 2),
  open: "1",
  high: "1",
  low: "1",
  close: "1",
  volume: "1",
  isOpen: false
})

const hours = "candles BTC/USDT --exchange binance --interval 1h --from 2026-01-01"

describe("exchange candles", () => {
  it.effect("prints exact decimals and ISO times as CSV, and progress on standard error", () =>
    Effect.gen(function*() {
      yield* today
      const { code, err, out } = yield* runCommand(`${hours} --to 2026-01-02`)
      assert.strictEqual(code, 0, err)
      const lines = out.trimEnd().split("\n")
      assert.strictEqual(lines[0], "exchange,symbol,interval,openTime,open,high,low,close,volume,environment")
      assert.match(lines[1] ?? "", /^binance,BTC\/USDT,1h,2026-01-01T00:00:00\.000Z(,\d+(\.\d+)?){5},simulated$/)
      assert.match(lines[24] ?? "", /^binance,BTC\/USDT,1h,2026-01-01T23:00:00\.000Z,/)
      assert.strictEqual(lines.length, 25)
      assert.include(err, "[100 %] binance BTC/USDT 1h: 24 candles until 2026-01-02T00:00:00.000Z\n")
      assert.include(err, "binance BTC/USDT 1h: 24 candles written.\nAll of this is simulated.")
    }))

  it.effect("--json prints one document per line, without the open candle", () =>
    Effect.gen(function*() {
      yield* today
      const { code, err, out } = yield* runCommand(`${hours.replace("01-01", "01-10")} --json`)
      assert.strictEqual(code, 0)
      assert.strictEqual(err, "")
      const lines = out.trimEnd().split("\n")
      assert.strictEqual(lines.length, 12)
      assert.match(
        lines[11] ?? "",
        /^\{"exchange":"binance","symbol":"BTC\/USDT","interval":"1h","openTime":"2026-01-10T11:00:00\.000Z","open":"\d+(\.\d+)?",/
      )
    }))

  it.effect("--format table prints an aligned table", () =>
    Effect.gen(function*() {
      yield* today
      const { out } = yield* runCommand(`${hours} --to 2026-01-01T03:00Z --format table`)
      assert.match(out, /^open time +open +high +low +close +volume\n2026-01-01T00:00:00\.000Z( +\d+(\.\d+)?){5}\n/)
      assert.strictEqual(out.trimEnd().split("\n").length, 5)
      assert.match(out, /\nAll of this is simulated\.\n$/)
    }))

  for (const format of ["csv", "jsonl"]) {
    it.scoped(`--output continues where the ${format} file ends, and produces the same file as one run`, () =>
      Effect.gen(function*() {
        yield* today
        const [whole, parts] = [yield* path, yield* path]
        const line = `${hours} --format ${format}`
        assert.strictEqual((yield* runCommand(`${line} --to 2026-01-03 --output ${whole}`)).code, 0)
        assert.strictEqual((yield* runCommand(`${line} --to 2026-01-02 --output ${parts}`)).code, 0)
        const half = yield* read(parts)
        const rest = yield* runCommand(`${line} --to 2026-01-03 --output ${parts}`)
        assert.strictEqual(rest.code, 0)
        assert.strictEqual(rest.out, "")
        assert.include(rest.err, `${parts} has candles until 2026-01-02T00:00:00.000Z; continuing from there.`)
        assert.include(rest.err, `24 candles written to ${parts}.`)
        const text = yield* read(parts)
        assert.isTrue(text.startsWith(half))
        assert.strictEqual(text, yield* read(whole))
        // A further run has nothing left to do.
        assert.include((yield* runCommand(`${line} --to 2026-01-03 --output ${parts}`)).err, "0 candles written")
        // An incomplete last line is removed and written again.
        yield* write(parts, text.slice(0, -20))
        assert.include((yield* runCommand(`${line} --to 2026-01-03 --output ${parts}`)).err, "1 candle written")
        assert.strictEqual(yield* read(parts), text)
        // So is one that is the only line.
        const [first = "", second = ""] = text.split("\n")
        for (const size of [1, 30, 70, first.length - 1, first.length, first.length + 1 + second.length - 20]) {
          yield* write(parts, text.slice(0, size))
          const again = yield* runCommand(`${line} --to 2026-01-03 --output ${parts}`)
          assert.strictEqual(again.code, 0, again.err)
          assert.strictEqual(yield* read(parts), text)
        }
        for (const other of [`{"exchange":"kraken","symbol":"BTC/USDT","inter`, "notes"]) {
          yield* write(parts, other)
          const refused = yield* runCommand(`${line} --to 2026-01-03 --output ${parts}`)
          assert.include(refused.err, `does not contain candles as ${format}`)
          assert.strictEqual(yield* read(parts), other)
        }
      }))
  }

  it.scoped("--output continues with the next month, however long the last one was", () =>
    Effect.gen(function*() {
      yield* today
      const [whole, parts] = [yield* path, yield* path]
      const line = "candles BTC/USDT --exchange binance --interval 1M --from 2025-08-01"
      yield* runCommand(`${line} --to 2026-01-01 --output ${whole}`)
      yield* runCommand(`${line} --to 2025-10-01 --output ${parts}`)
      const rest = yield* runCommand(`${line} --to 2026-01-01 --output ${parts}`)
      assert.include(rest.err, `has candles until 2025-10-01T00:00:00.000Z; continuing from there.`)
      assert.include(rest.err, `3 candles written to ${parts}.`)
      assert.strictEqual(yield* read(parts), yield* read(whole))
    }))

  it.scoped("rejects a file that does not contain candles in the format, and leaves it unchanged", () =>
    Effect.gen(function*() {
      yield* today
      const file = yield* path
      const line = `${hours} --to 2026-01-02`
      const refused = (text: string, sentence: string, option = "") =>
        Effect.gen(function*() {
          yield* write(file, text)
          const { code, err } = yield* runCommand(`${line} --output ${file}${option}`)
          assert.strictEqual(code, 2, text)
          assert.include(err, sentence)
          assert.strictEqual(yield* read(file), text)
        })
      yield* refused("# Notes\nnot to be lost\n", "does not contain candles as csv; choose another --output")
      yield* refused("not to be lost", "does not contain candles as csv")
      yield* runCommand(`${line} --output ${file}.csv`)
      const text = yield* read(`${file}.csv`)
      yield* refused(text, "does not contain candles as jsonl", " --format jsonl")
      yield* refused(`${text}Total,1\n`, "does not contain candles as csv")
    }))

  it.scoped("rejects a file of other candles, and one that would have a gap", () =>
    Effect.gen(function*() {
      yield* today
      const file = yield* path
      yield* runCommand(`${hours} --to 2026-01-02 --output ${file}`)
      const text = yield* read(file)
      const other = yield* runCommand(`${hours.replace("BTC/", "ETH/")} --output ${file}`)
      assert.strictEqual(other.code, 2)
      assert.include(other.err, "contains candles of binance BTC/USDT 1h, not of binance ETH/USDT 1h")
      const gap = yield* runCommand(`${hours.replace("01-01", "01-05")} --output ${file}`)
      assert.strictEqual(gap.code, 2)
      assert.include(gap.err, "use --from 2026-01-02T00:00:00.000Z, or another --output")
      assert.strictEqual(yield* read(file), text)
    }))

  for (const format of ["csv", "jsonl"]) {
    it.scoped(`does not mix candles of several environments in a ${format} file`, () =>
      Effect.gen(function*() {
        yield* today
        const file = yield* path
        const line = `${hours} --format ${format} --output ${file}`
        assert.strictEqual((yield* runCommand(`${line} --to 2026-01-02`)).code, 0)
        const text = yield* read(file)
        const live = yield* runCommand(`${line} --to 2026-01-03 --environment live`)
        assert.strictEqual(live.code, 2)
        assert.include(live.err, "contains simulated candles, not live ones; choose another --output")
        assert.strictEqual(yield* read(file), text)
      }))

    it.scoped(`continues a ${format} file of an older version with live candles only, in its own format`, () =>
      Effect.gen(function*() {
        yield* today
        const file = yield* path
        const line = `${hours} --format ${format} --output ${file}`
        yield* runCommand(`${line} --to 2026-01-02`)
        const old = (yield* read(file)).replaceAll(/,"environment":"simulated"|,simulated|,environment/g, "")
        yield* write(file, old)
        const simulated = yield* runCommand(`${line} --to 2026-01-03`)
        assert.strictEqual(simulated.code, 2)
        assert.include(simulated.err, "does not name the environment of its candles, so no simulated ones are added")
        assert.strictEqual(yield* read(file), old)
        const { append, namesEnvironment, resumeAt } = yield* CandleFile.open(
          file,
          format === "csv" ? "csv" : "jsonl",
          { exchange: "binance", symbol: candle.symbol, interval: "1h", environment: "live" }
        )
        assert.isFalse(namesEnvironment)
        assert.strictEqual(Option.getOrUndefined(resumeAt), candle.openTime)
        yield* append([candle])
        const added = (yield* read(file)).slice(old.length)
        assert.include(added, "2026-01-02T00:00:00.000Z")
        assert.notInclude(added, "live")
      }).pipe(Effect.provide([NodeFileSystem.layer, NodePath.layer])))
  }

  it.scoped("says that candles before the first one of the file are not added", () =>
    Effect.gen(function*() {
      yield* today
      const file = yield* path
      const line = `${hours.replace("01-01", "01-02")} --output ${file}`
      yield* runCommand(`${line} --to 2026-01-03`)
      assert.notInclude((yield* runCommand(`${line} --to 2026-01-04`)).err, "not added")
      const earlier = yield* runCommand(`${hours} --to 2026-01-05 --output ${file}`)
      assert.include(earlier.err, `${file} begins at 2026-01-02T00:00:00.000Z; earlier candles are not added.`)
      assert.include(earlier.err, "24 candles written")
    }))

  it.effect("reports an error of the exchange with advice and exits with 1", () =>
    Effect.gen(function*() {
      yield* today
      const { code, err } = yield* runCommand("candles BTC/NOPE --exchange binance --from 2026-01-01")
      assert.strictEqual(code, 1)
      assert.match(
        err,
        /binance: SymbolNotFound\. .* Did you mean BTC\/US\w+\? Use a symbol that the exchange lists/
      )
    }))

  const usages: ReadonlyArray<readonly [line: string, sentence: string]> = [
    ["candles BTC/USDT --from yesterday", "--from cannot be \"yesterday\"; expected a date such as 2026-01-31"],
    ["candles BTC/USDT --from 2026-02-30", "--from cannot be \"2026-02-30\""],
    ["candles BTC/USDT --from 2026-01-01 --interval 8h", "--interval cannot be \"8h\"; expected one of 1m, 3m, 5m, "],
    ["candles BTC/USDT --from 2026-01-02 --to 2026-01-01", "is not before 2026-01-01T00:00:00.000Z"],
    ["candles BTC/USDT --from 2026-01-01 --format table --output x", "with --output, use --format csv, jsonl"],
    ["candles BTC/USDT --from 2026-01-01 --format csv --json", "--json means --format jsonl, not csv"]
  ]
  for (const [line, sentence] of usages) {
    it.effect(line, () =>
      Effect.gen(function*() {
        yield* today
        const { code, err } = yield* runCommand(line)
        assert.strictEqual(code, 2)
        assert.include(err, sentence)
      }))
  }
})
