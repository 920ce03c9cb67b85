import { FileSystem } from "@effect/platform"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { runCommand } from "../utils.js"

const temporary = Effect.flatMap(FileSystem.FileSystem, (files) => files.makeTempDirectoryScoped()).pipe(
  Effect.provide(NodeFileSystem.layer)
)

const read = (path: string) =>
  Effect.flatMap(FileSystem.FileSystem, (files) => files.readFileString(path)).pipe(
    Effect.provide(NodeFileSystem.layer)
  )

const timeout = 120_000

describe("exchange contract", () => {
  it.scoped("checks a simulated exchange, writes a report and exits with 0", () =>
    Effect.gen(function*() {
      const file = `${yield* temporary}/some/where/report.md`
      const { code, err, out } = yield* runCommand(`contract --exchange binance --output ${file}`)
      assert.strictEqual(code, 0)
      assert.match(out, /^exchange +case +what +result +why\n/)
      assert.match(out, /\nbinance +MD-01 .* passed\n/)
      assert.match(out, /\nbinance +AC-01 .* passed\n/)
      assert.match(out, /\nbinance +TR-01 .* skipped +needs the trading option\n/)
      assert.match(out, /\nbinance: \d+ passed, 0 failed, \d+ skipped\.\n/)
      assert.include(out, `The report is in ${file}.\n`)
      assert.match(err, /^\[0\/(\d+)\] \1 cases of binance\n/)
      assert.match(
        err,
        /\[(\d+)\/\1\] binance LM-02 skipped\nNext: exchange contract --exchange binance --trading also places orders\.\n$/
      )
      const report = yield* read(file)
      assert.match(report, /^# Contract report of binance\n\n\d+ passed, 0 failed/)
      assert.include(report, "| MD-01 | marketData |")
    }), timeout)

  it.effect("exits with 1 when a case fails, and prints why", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* runCommand("contract --exchange bitmex --environment live")
      assert.strictEqual(code, 1)
      assert.match(out, /\nbitmex +MD-01 .* failed +the case failed with ExchangeClosed: /)
      assert.match(out, /\nbitmex +AC-01 .* skipped +needs the account or the trading option\n/)
      assert.include(err, "Next: exchange health --exchange bitmex --environment live")
    }), timeout)

  it.effect("exits with 2 before any request when the report cannot be written", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* runCommand(
        `contract --exchange binance --output ${import.meta.filename}/report.md`
      )
      assert.strictEqual(code, 2)
      assert.strictEqual(out, "")
      assert.match(
        err,
        /^The report cannot be written: .*\. Choose another --output\. See exchange contract --help\.\n$/
      )
    }))
})
