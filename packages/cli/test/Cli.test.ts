import { Failure, Stop, Version } from "@effect-exchange/cli"
import { Exchanges } from "@effect-exchange/exchanges"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { readFileSync } from "node:fs"
import { finished } from "./utils.js"

const ids = Exchanges.ids.join(", ")

describe("bad usage exits with 2 and one sentence", () => {
  const cases: ReadonlyArray<readonly [line: string, sentence: string]> = [
    ["price", "Missing argument <symbol>. See exchange price --help."],
    [
      "price BTC/USDT --exchange mtgox",
      `No exchange is called "mtgox"; accepted are ${ids}. See exchange price --help.`
    ],
    [
      "price BTC/USDT --exchange binance,,",
      `No exchange is called ""; accepted are ${ids}. See exchange price --help.`
    ],
    [
      "watch BTC/USDT --environment mainnet",
      "--environment cannot be \"mainnet\"; accepted are simulated, testnet, live. See exchange watch --help."
    ],
    [
      "price BTC/USDT --faults some",
      "--faults cannot be \"some\"; accepted are none, flaky, outage. See exchange price --help."
    ],
    [
      "price btc-usdt",
      "\"btc-usdt\" is no symbol; accepted are such as BTC/USDT or BTC/USD:BTC. Did you mean BTC/USDT? See exchange price --help."
    ],
    [
      "price ../../etc/passwd",
      "\"../../etc/passwd\" is no symbol; accepted are such as BTC/USDT or BTC/USD:BTC. See exchange price --help."
    ],
    [
      "trades BTCUSDT",
      "\"BTCUSDT\" is no symbol; accepted are such as BTC/USDT or BTC/USD:BTC. Did you mean BTC/USDT? See exchange trades --help."
    ],
    [
      "book BTC/USDT --exchange krakn",
      `No exchange is called "krakn"; accepted are ${ids}. Did you mean kraken? See exchange book --help.`
    ],
    [
      "keys chek",
      "exchange keys has no command \"chek\"; accepted are check. Did you mean check? See exchange keys --help."
    ],
    ["price BTC/USDT --bogus", "There is no option \"--bogus\" here. See exchange price --help."],
    [
      "price BTC/USDT --seed seven",
      "--seed cannot be \"seven\"; accepted are whole numbers such as 7. See exchange price --help."
    ],
    [
      "watch BTC/USDT --interval 5",
      "--interval cannot be \"5\"; accepted are such as 500ms, 2s or 1m, from 100ms to 60m. See exchange watch --help."
    ],
    [
      "watch BTC/USDT --interval 1ms",
      "--interval cannot be \"1ms\"; accepted are such as 500ms, 2s or 1m, from 100ms to 60m. See exchange watch --help."
    ],
    [
      "simulate --port 99999",
      `--port cannot be "99999"; accepted are 0 and 1 to ${
        65_536 - Exchanges.ids.length
      }. See exchange simulate --help.`
    ],
    [
      "price BTC/USDT --base-url binance",
      `--base-url takes name=url, such as binance=http://127.0.0.1:4000; names accepted are ${ids}. See exchange price --help.`
    ],
    [
      "price BTC/USDT --base-url binance=http://me:hunter2@127.0.0.1",
      "The --base-url of binance is refused: expected a URL without user name or password; accepted is one such as binance=http://127.0.0.1:4000. See exchange price --help."
    ],
    [
      "price BTC/USDT --base-url binance=http://example.com",
      "The --base-url of binance is refused: expected https: plain http is accepted for the loopback only; accepted is one such as binance=http://127.0.0.1:4000. See exchange price --help."
    ],
    [
      "price BTC/USDT --base-url binance=https://a.test --base-url binance=https://b.test",
      "--base-url is given twice for binance; give it once. See exchange price --help."
    ],
    [
      "contract --environment live --trading",
      "--trading places orders, and never on a live exchange; use --environment testnet or simulated. See exchange contract --help."
    ],
    [
      "contract --exchange okx --trading --environment testnet --base-url okx=https://a.test",
      "--trading places orders, and at a --base-url only on this machine, which that of okx is not. See exchange contract --help."
    ],
    [
      "contract --exchange kraken,okx --environment testnet",
      "There is no testnet of kraken; leave it out with --exchange, or use --environment simulated. See exchange contract --help."
    ],
    [
      "contract --exchange okx --environment testnet --trading",
      "The configuration is refused: OKX_TESTNET_API_KEY is missing and OKX_TESTNET_API_SECRET is missing and OKX_TESTNET_API_PASSPHRASE is missing. See exchange contract --help."
    ],
    [
      "contract --symbol btc",
      "\"btc\" is no symbol; accepted are such as BTC/USDT or BTC/USD:BTC. Did you mean BTC/USDT? See exchange contract --help."
    ],
    ["record --exchange okx", "Expected to find option: '--output'. See exchange record --help."],
    [
      "price BTC/USDT --exchange bitmex --base-url binance=https://a.test",
      "--base-url names binance, which --exchange leaves out; add it there. See exchange price --help."
    ],
    [
      "health --environment live --faults flaky",
      "--faults is for exchanges simulated by this command and none is; use --environment simulated and no --base-url, or leave it out. See exchange health --help."
    ],
    [
      "health --environment testnet --seed 1",
      "--seed is for exchanges simulated by this command and none is; use --environment simulated and no --base-url, or leave it out. See exchange health --help."
    ]
  ]
  for (const [line, sentence] of cases) {
    it.effect(line, () =>
      Effect.gen(function*() {
        const { code, err, out } = yield* finished(line)
        assert.strictEqual(err, `${sentence}\n`)
        assert.strictEqual(code, 2)
        assert.strictEqual(out, "")
      }))
  }

  it.effect("names the program as the user calls it", () =>
    Effect.gen(function*() {
      const { code, err } = yield* finished("prise BTC/USDT", { program: "npm start --" })
      assert.strictEqual(code, 2)
      assert.match(
        err,
        /^npm start -- has no command "prise"; accepted are price, .*\. Did you mean price\? See npm start -- --help\.\n$/
      )
    }))
})

describe("help", () => {
  for (const line of ["", "--help"]) {
    it.effect(`"exchange ${line}" names every command, without colour where there is none`, () =>
      Effect.gen(function*() {
        const { code, err, out } = yield* finished(line)
        assert.strictEqual(code, 0)
        assert.strictEqual(err, "")
        for (const command of ["price", "watch", "health", "simulate", "contract", "record"]) {
          assert.include(out, `\n  ${command} `)
        }
        assert.notInclude(out, "\u{1b}")
      }))
  }

  it.effect("of a command says what the exit codes mean", () =>
    Effect.gen(function*() {
      const price = yield* finished("price --help")
      assert.strictEqual(price.code, 0)
      assert.match(price.out, /1: some\s+exchange\s+failed/)
      assert.match(price.out, /Latency is the time of\s+the\s+whole\s+operation/)
      assert.match((yield* finished("watch --help")).out, /proper end: exit\s+code 0/)
    }))

  it.effect("completions are a script", () =>
    Effect.gen(function*() {
      const { code, out } = yield* finished("--completions bash")
      assert.strictEqual(code, 0)
      assert.include(out, "complete -F _exchange_bash_completions")
      assert.include(out, "--environment")
    }))

  it.effect("the version is that of the package", () =>
    Effect.gen(function*() {
      const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8")
      assert.include(manifest, `"version": "${Version.version}"`)
      assert.strictEqual((yield* finished("--version")).out.trim(), Version.version)
    }))
})

describe("exit codes", () => {
  it("of a bug is 70, of a signal 128 and its number", () => {
    assert.strictEqual(Failure.exitCode(Exit.die("a bug")), 70)
    assert.strictEqual(Failure.exitCode(Exit.fail(new Stop.Stopped({ signal: "SIGINT" }))), 130)
    assert.strictEqual(Failure.exitCode(Exit.fail(new Stop.Stopped({ signal: "SIGTERM" }))), 143)
    assert.strictEqual(Failure.exitCode(Exit.fail(new Failure.Incomplete({ exchanges: ["bitmex"] }))), 1)
    assert.strictEqual(Failure.exitCode(Exit.void), 0)
  })
})
