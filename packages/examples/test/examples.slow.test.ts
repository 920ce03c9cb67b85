import { Command } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

/** A pattern for each line that an example prints. */
const examples: { readonly [name: string]: ReadonlyArray<RegExp> } = {
  "price": [/^binance: \d+(\.\d+)? USDT$/],
  "failover": [
    /^kraken: \d/,
    /^kraken goes down$/,
    /Failed over to another source/,
    /\{$/,
    /operation: 'price'/,
    /from: 'kraken'/,
    /to: 'binance'/,
    /because: 'kraken: TransportFailed/,
    /\}$/,
    /^binance: \d/
  ],
  "median": [/^median: \d/, /^ {2}binance \d/, /^ {2}okx \d/, /^ {2}without \w+: /, /^ {2}without \w+: /],
  "least-privilege": [/^this key may not withdraw$/, /./],
  "moving-on": [/bitmex/i, /^the price came from deribit$/],
  "place-and-reconcile": [
    /^the response was lost; the order \S+ is open$/,
    /^open orders: 1$/,
    /^the order is canceled$/
  ],
  "price-alert": [
    /^the price is 64000$/,
    /^the price is 66000$/,
    /^webhook: .*"now":"above","price":"66000"/,
    /^the price is 64990$/,
    /^the price is 65010$/,
    /^the price is 63000$/,
    /^webhook: .*"now":"below","price":"63000"/
  ],
  "rebalancing-bot": [
    /sell \d+\.\d+ BTC at \d/,
    /buy \d+\.\d+ ETH at \d/,
    /^no orders were sent; use --send to send them$/
  ],
  "own-command price BTC/USDT -e acme": [/^exchange +symbol/, /^[─ ]+$/, /^acme +BTC\/USDT +\d/],
  "candle-archive": [
    /^BTC\/USDT: 14\d\d candles$/,
    /^ETH\/USDT: 14\d\d candles$/,
    /^NO\/SUCH: /,
    /^BTC\/USDT: [01] candles$/
  ]
}

const run = (line: string) => {
  const [name, ...args] = line.split(" ")
  return Command.make(process.execPath, "--import", "tsx", `src/${name}.ts`, ...args).pipe(
    Command.workingDirectory(new URL("..", import.meta.url).pathname),
    Command.string,
    Effect.provide(NodeContext.layer)
  )
}

describe("examples", () => {
  for (const [name, lines] of Object.entries(examples)) {
    it.live(`${name} runs and prints the expected lines`, () =>
      Effect.gen(function*() {
        const printed = (yield* run(name)).trim().split("\n")
        assert.isAtLeast(printed.length, lines.length, printed.join("\n"))
        lines.forEach((line, index) => assert.match(printed[index] ?? "", line))
      }), 120_000)
  }
})
