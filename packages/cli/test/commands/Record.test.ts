import { Decimal, MarketData } from "@effect-exchange/core"
import { Exchanges } from "@effect-exchange/exchanges"
import { Simulator } from "@effect-exchange/simulator"
import { Replay } from "@effect-exchange/testing"
import { FileSystem } from "@effect/platform"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, TestClock } from "effect"
import { runCommand } from "../utils.js"

const today = TestClock.setTime(Date.UTC(2026, 0, 1, 12, 34, 56))

const files = Effect.provide(FileSystem.FileSystem, NodeFileSystem.layer)

/** The text of all files of a directory. */
const texts = (directory: string) =>
  Effect.flatMap(
    files,
    (files) =>
      Effect.flatMap(files.readDirectory(directory), (names) =>
        Effect.map(
          Effect.forEach(names, (name) => files.readFileString(`${directory}/${name}`)),
          (texts) => texts.join("\n")
        ))
  )

describe("exchange record", () => {
  it.scoped("records the responses of an exchange so that they can be replayed", () =>
    Effect.gen(function*() {
      const directory = yield* Effect.flatMap(files, (files) => files.makeTempDirectoryScoped())
      yield* today
      const { code, err, out } = yield* runCommand(`record --exchange coinbase --output ${directory}`)
      assert.strictEqual(code, 0)
      assert.match(out, /^exchange +what +requests +answer\n/)
      assert.match(out, /\ncoinbase +markets +1 +ok\n/)
      assert.match(out, /\ncoinbase +BTC\/USDT candles of the last hour +1 +ok\n/)
      assert.include(out, `The responses are in ${directory}/coinbase.\n`)
      assert.notInclude(out, "balances")
      assert.match(err, /\[8\/8\] coinbase BTC\/USDT candles of the last hour\nNext: serve them in a test with .*\n$/)

      const replayed = Exchanges.layerMarketData("coinbase", { environment: Simulator.environment("coinbase") }).pipe(
        Layer.provide(Replay.layerDirectory(`${directory}/coinbase`)),
        Layer.provide(NodeFileSystem.layer)
      )
      const { bid } = yield* Effect.flatMap(MarketData.MarketData, (market) => market.ticker("BTC/USDT")).pipe(
        Effect.provide(replayed)
      )
      const written = yield* texts(`${directory}/coinbase`)
      assert.include(written, bid === undefined ? "no bid" : Decimal.format(bid))
    }))

  for (const exchange of ["binance", "okx"] as const) {
    it.scoped(`--account also records the account of ${exchange}, without key or signature`, () =>
      Effect.gen(function*() {
        const directory = yield* Effect.flatMap(files, (files) => files.makeTempDirectoryScoped())
        yield* today
        const { code, out } = yield* runCommand(`record --exchange ${exchange} --account --output ${directory}`)
        assert.strictEqual(code, 0)
        assert.match(out, new RegExp(`\n${exchange} +balances +1 +ok\n`))
        const written = yield* texts(`${directory}/${exchange}`)
        assert.include(written, "USDT")
        const { key, passphrase, secret } = Simulator.credentials(exchange, "read")
        for (const value of [key, secret, ...passphrase === undefined ? [] : [passphrase]]) {
          assert.notInclude(written, Redacted.value(value))
        }
        assert.notMatch(written, /signature|access-sign/i)
      }))
  }

  it.scoped("exits with 1 and gives advice when a request fails", () =>
    Effect.gen(function*() {
      const directory = yield* Effect.flatMap(files, (files) => files.makeTempDirectoryScoped())
      const { code, out } = yield* runCommand(`record --exchange bitmex --environment live --output ${directory}`)
      assert.strictEqual(code, 1)
      assert.match(out, /\nbitmex +markets +0 +ExchangeClosed\n/)
      assert.include(out, "or use --environment simulated")
      assert.strictEqual(yield* texts(`${directory}/bitmex`), "")
    }))

  it.scoped("exits with 2 when files cannot be written, and without a key", () =>
    Effect.gen(function*() {
      const nowhere = yield* runCommand(`record --exchange binance --output ${import.meta.filename}/there`)
      assert.strictEqual(nowhere.code, 2)
      assert.match(nowhere.err, /^The files cannot be written: .*\. Choose another --output\. /)
      const directory = yield* Effect.flatMap(files, (files) => files.makeTempDirectoryScoped())
      const keyless = yield* runCommand(`record --exchange okx --environment live --account --output ${directory}`)
      assert.strictEqual(keyless.code, 2)
      assert.include(keyless.err, "OKX_API_PASSPHRASE is missing")
    }))
})
