import { Candle } from "@effect-exchange/core"
import { Exchanges } from "@effect-exchange/exchanges"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { runCommand } from "./utils.js"

const script = Effect.runSync(
  Effect.cachedFunction((shell: string) => Effect.map(runCommand(`--completions ${shell}`), ({ out }) => out))
)

/** The completions that bash offers for a line. */
const offered = (script: string, line: string): ReadonlyArray<string> => {
  const words = line.split(" ")
  const { stderr, stdout } = spawnSync("bash", ["--norc", "-s"], {
    encoding: "utf8",
    input: `${script}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})
COMP_CWORD=${words.length - 1}
_exchange_bash_completions exchange
printf '%s\\n' "\${COMPREPLY[@]}"
`
  })
  assert.strictEqual(stderr, "")
  return stdout.trim().split("\n")
}

const isBash = spawnSync("bash", ["--version"]).status === 0

describe("completion", () => {
  const cases: ReadonlyArray<readonly [line: string, offered: ReadonlyArray<string>]> = [
    ["exchange price --exchange ", Exchanges.ids],
    ["exchange price -e kr", ["kraken"]],
    ["exchange price --exchange kraken,b", ["kraken,binance", "kraken,bitmex", "kraken,bybit"]],
    ["exchange book --exchange kraken,b", [""]],
    ["exchange health --environment ", ["simulated", "testnet", "live"]],
    ["exchange doctor --environment t", ["testnet"]],
    ["exchange watch BTC/USDT --faults ", ["none", "flaky", "outage"]],
    ["exchange candles BTC/USDT --format j", ["jsonl"]],
    ["exchange candles BTC/USDT --interval 1", Candle.Interval.literals.filter((interval) => interval.startsWith("1"))],
    ["exchange markets --kind p", ["perpetual"]],
    ["exchange order place ", ["buy", "sell"]],
    ["exchange order place s", ["sell"]],
    ["exchange order place buy 1 BTC/USDT --time-in-force ", ["GTC", "IOC", "FOK"]],
    ["exchange call ", ["GET", "POST", "PUT", "DELETE"]],
    ["exchange order ", ["amend", "cancel", "cancel-all", "place", "reconcile", "show"]],
    ["exchange order cancel-all --exchange k", ["kraken"]],
    ["exchange pri", ["price"]]
  ]
  for (const [line, words] of cases) {
    it.effect.skipIf(!isBash)(`bash: ${line}`, () =>
      Effect.gen(function*() {
        const found = offered(yield* script("bash"), line)
        for (const word of words) assert.include(found, word)
        if (!line.endsWith("order ")) assert.strictEqual(found.length, words.length, found.join(" "))
      }))
  }

  it.effect.skipIf(!isBash)("bash: offers nothing for an option with free values", () =>
    Effect.gen(function*() {
      assert.notInclude(offered(yield* script("bash"), "exchange watch BTC/USDT --interval "), "1h")
    }))

  it.effect("fish and zsh scripts contain the same values", () =>
    Effect.gen(function*() {
      const fish = yield* script("fish")
      assert.include(fish, "from candles\" -l format -r -f -a \"csv jsonl parquet table")
      assert.include(fish, `from price" -s e -l exchange -r -f -a "(__fish_append , ${Exchanges.ids.join(" ")})"`)
      assert.include(fish, `from book" -s e -l exchange -r -f -a "${Exchanges.ids.join(" ")}"`)
      assert.match(fish, /from order; and __fish_seen_subcommand_from place" -f -a "buy sell"/)
      assert.match(fish, /seen_subcommand_from cancel-all" -s e -l exchange -r -f -a "binance /)
      assert.notMatch(fish, /from watch" -l interval -r -f -a/)
      const zsh = yield* script("zsh")
      assert.match(zsh, /'--kind\[.*\]:value:\(spot perpetual future\)' \\\n/)
      assert.match(zsh, /'--exchange\[.*\]:value:_values -s , value binance .*' \\\n/)
      assert.match(zsh, /'--time-in-force\[.*\]:value:\(GTC IOC FOK\)' \\\n/)
      assert.include(zsh, "':value:(buy sell)' \\\n")
      const [, cancelAll = ""] = /\n +\(cancel-all\)\n([^]*?);;/.exec(zsh) ?? []
      assert.match(cancelAll, /'--exchange\[.*\]:value:\(binance /)
    }))
})
