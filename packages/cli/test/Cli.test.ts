import { Failure, Stop, Version } from "@effect-exchange/cli"
import { Exchanges } from "@effect-exchange/exchanges"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { readFileSync } from "node:fs"
import { runCommand } from "./utils.js"

const ids = Exchanges.ids.join(", ")

describe("invalid usage exits with 2 and prints one sentence", () => {
  const cases: ReadonlyArray<readonly [line: string, sentence: string]> = [
    ["price", "Missing argument <symbol>. See exchange price --help."],
    [
      "price BTC/USDT --exchange mtgox",
      `No exchange is called "mtgox"; expected one of ${ids}. See exchange price --help.`
    ],
    [
      "price BTC/USDT --exchange binance,,",
      `No exchange is called ""; expected one of ${ids}. See exchange price --help.`
    ],
    [
      "watch BTC/USDT --environment mainnet",
      "--environment cannot be \"mainnet\"; expected one of simulated, testnet, live. See exchange watch --help."
    ],
    [
      "price BTC/USDT --faults some",
      "--faults cannot be \"some\"; expected one of none, flaky, outage. See exchange price --help."
    ],
    [
      "price btc-usdt",
      "\"btc-usdt\" is not a symbol; expected one such as BTC/USDT or BTC/USD:BTC. Did you mean BTC/USDT? See exchange price --help."
    ],
    [
      "price ../../etc/passwd",
      "\"../../etc/passwd\" is not a symbol; expected one such as BTC/USDT or BTC/USD:BTC. See exchange price --help."
    ],
    [
      "trades BTCUSDT",
      "\"BTCUSDT\" is not a symbol; expected one such as BTC/USDT or BTC/USD:BTC. Did you mean BTC/USDT? See exchange trades --help."
    ],
    [
      "book BTC/USDT --exchange krakn",
      `No exchange is called "krakn"; expected one of ${ids}. Did you mean kraken? See exchange book --help.`
    ],
    [
      "keys chek",
      "exchange keys has no command \"chek\"; expected one of check. Did you mean check? See exchange keys --help."
    ],
    ["price BTC/USDT --bogus", "Unknown option \"--bogus\". See exchange price --help."],
    [
      "price BTC/USDT --seed seven",
      "--seed cannot be \"seven\"; expected a whole number such as 7. See exchange price --help."
    ],
    [
      "watch BTC/USDT --interval 5",
      "--interval cannot be \"5\"; expected a time such as 500ms, 2s or 1m, from 100ms to 60m. See exchange watch --help."
    ],
    [
      "watch BTC/USDT --interval 1ms",
      "--interval cannot be \"1ms\"; expected a time such as 500ms, 2s or 1m, from 100ms to 60m. See exchange watch --help."
    ],
    [
      "simulate --port 99999",
      `--port cannot be "99999"; expected 0 or a port from 1 to ${
        65_536 - Exchanges.ids.length
      }. See exchange simulate --help.`
    ],
    [
      "price BTC/USDT --base-url binance",
      `--base-url must be name=url, such as binance=http://127.0.0.1:4000, where name is one of ${ids}. See exchange price --help.`
    ],
    [
      "price BTC/USDT --base-url binance=http://me:hunter2@127.0.0.1",
      "The --base-url of binance is invalid: expected a URL without user name or password. Example: binance=http://127.0.0.1:4000. See exchange price --help."
    ],
    [
      "price BTC/USDT --base-url binance=http://example.com",
      "The --base-url of binance is invalid: expected https: plain http is accepted only for loopback addresses. Example: binance=http://127.0.0.1:4000. See exchange price --help."
    ],
    [
      "price BTC/USDT --base-url binance=https://a.test --base-url binance=https://b.test",
      "--base-url is given twice for binance; give it only once. See exchange price --help."
    ],
    [
      "contract --environment live --trading",
      "--trading places orders and is not allowed on a live exchange; use --environment testnet or simulated. See exchange contract --help."
    ],
    [
      "contract --exchange okx --trading --environment testnet --base-url okx=https://a.test",
      "--trading places orders, so every --base-url must be on this machine; that of okx is not. See exchange contract --help."
    ],
    [
      "contract --exchange kraken,okx --environment testnet",
      "No testnet exists for kraken; choose other exchanges with --exchange, or use --environment simulated. See exchange contract --help."
    ],
    [
      "contract --exchange okx --environment testnet --trading",
      "The configuration is invalid: OKX_TESTNET_API_KEY is missing and OKX_TESTNET_API_SECRET is missing and OKX_TESTNET_API_PASSPHRASE is missing. See exchange contract --help."
    ],
    [
      "contract --symbol btc",
      "\"btc\" is not a symbol; expected one such as BTC/USDT or BTC/USD:BTC. Did you mean BTC/USDT? See exchange contract --help."
    ],
    ["record --exchange okx", "Missing option --output. See exchange record --help."],
    ["order place", "Missing argument <side>. See exchange order place --help."],
    [
      "order place buy 0.01 BTC/USDT --exchange kraken",
      "Give either --limit with a price, or --market. See exchange order place --help."
    ],
    ["order cancel BTC/USDT", "No order given; use --id or --client-id. See exchange order cancel --help."],
    [
      "keys check --exchange krakn",
      `No exchange is called "krakn"; expected one of ${ids}. Did you mean kraken? See exchange keys check --help.`
    ],
    [
      "price BTC/USDT --exchange bitmex --base-url binance=https://a.test",
      "--base-url names binance, which --exchange does not include; add it there. See exchange price --help."
    ],
    [
      "health --environment live --faults flaky",
      "--faults applies only to exchanges that this command simulates, and there are none; use --environment simulated without --base-url, or remove the option. See exchange health --help."
    ],
    [
      "health --environment testnet --seed 1",
      "--seed applies only to exchanges that this command simulates, and there are none; use --environment simulated without --base-url, or remove the option. See exchange health --help."
    ]
  ]
  for (const [line, sentence] of cases) {
    it.effect(line, () =>
      Effect.gen(function*() {
        const { code, err, out } = yield* runCommand(line)
        assert.strictEqual(err, `${sentence}\n`)
        assert.strictEqual(code, 2)
        assert.strictEqual(out, "")
      }))
  }

  it.effect("names the program as the user calls it", () =>
    Effect.gen(function*() {
      const { code, err } = yield* runCommand("prise BTC/USDT", { program: "npm start --" })
      assert.strictEqual(code, 2)
      assert.match(
        err,
        /^npm start -- has no command "prise"; expected one of price, .*\. Did you mean price\? See npm start -- --help\.\n$/
      )
    }))
})

describe("help", () => {
  for (const line of ["", "--help"]) {
    it.effect(`"exchange ${line}" lists every command, without colors when the output is no terminal`, () =>
      Effect.gen(function*() {
        const { code, err, out } = yield* runCommand(line)
        assert.strictEqual(code, 0)
        assert.strictEqual(err, "")
        for (const command of ["price", "watch", "health", "simulate", "contract", "record"]) {
          assert.include(out, `\n  ${command} `)
        }
        assert.notInclude(out, "\u{1b}")
      }))
  }

  it.effect("of a command explains the exit codes", () =>
    Effect.gen(function*() {
      const price = yield* runCommand("price --help")
      assert.strictEqual(price.code, 0)
      assert.match(price.out, /1: an\s+exchange\s+failed/)
      assert.match(price.out, /Latency is the time of\s+the\s+whole\s+operation/)
      assert.match((yield* runCommand("watch --help")).out, /Exit\s+code\s+0:\s+stopped\s+by\s+Ctrl-C/)
    }))

  it.effect("prints a completion script", () =>
    Effect.gen(function*() {
      const { code, out } = yield* runCommand("--completions bash")
      assert.strictEqual(code, 0)
      assert.include(out, "complete -F _exchange_bash_completions")
      assert.include(out, "--environment")
    }))

  it.effect("prints the version of the package", () =>
    Effect.gen(function*() {
      const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8")
      assert.include(manifest, `"version": "${Version.version}"`)
      assert.strictEqual((yield* runCommand("--version")).out.trim(), Version.version)
    }))
})

describe("exit codes", () => {
  it("are 70 for a defect, 128 plus its number for a signal, 1 for a failure and 0 for success", () => {
    assert.strictEqual(Failure.exitCode(Exit.die("a bug")), 70)
    assert.strictEqual(Failure.exitCode(Exit.fail(new Stop.Stopped({ signal: "SIGINT" }))), 130)
    assert.strictEqual(Failure.exitCode(Exit.fail(new Stop.Stopped({ signal: "SIGTERM" }))), 143)
    assert.strictEqual(Failure.exitCode(Exit.fail(new Failure.Incomplete({ exchanges: ["bitmex"] }))), 1)
    assert.strictEqual(Failure.exitCode(Exit.void), 0)
  })
})
