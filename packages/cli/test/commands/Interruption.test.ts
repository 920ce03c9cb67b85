import { Screen } from "@effect-exchange/cli"
import { ExchangeSymbol } from "@effect-exchange/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FiberId, Layer, Option } from "effect"
import { interruptAt, settle } from "../../../resilience/test/support/interruption.js"
import * as Book from "../../src/commands/Book.js"
import * as Trades from "../../src/commands/Trades.js"
import { network } from "../utils.js"

const input = {
  symbol: ExchangeSymbol.ExchangeSymbol.make("BTC/USDT"),
  json: true,
  depth: 1,
  exchange: ["binance", "bitmex"],
  environment: "simulated",
  baseUrl: new Map([["binance", "http://binance.localhost"], ["bitmex", "http://bitmex.localhost"]] as const),
  faults: "none",
  seed: Option.none(),
  verbose: false
} as const

const silent = {
  out: () => Effect.void,
  err: () => Effect.void,
  outIsTerminal: false,
  errIsTerminal: false,
  colors: false
}

describe("a command that follows several exchanges", () => {
  for (const [name, command] of [["book", Book.handle(input)], ["trades", Trades.handle(input)]] as const) {
    it.scoped(`${name} ends where it is interrupted`, () =>
      Effect.gen(function*() {
        const context = yield* Layer.build(network)
        const hung: Array<number> = []
        let isReached = true
        // Every tenth operation, because a command takes thousands. It begins to wait in more than ten.
        for (let step = 1; isReached; step += 10) {
          const { reached, scheduler } = interruptAt(step)
          const fiber = yield* Effect.forkDaemon(
            command.pipe(
              Effect.provideService(Screen.Screen, silent),
              Effect.provide(context),
              Effect.withScheduler(scheduler)
            )
          )
          yield* settle
          isReached = reached()
          fiber.unsafeInterruptAsFork(FiberId.none)
          yield* Effect.zipRight(settle, settle)
          if (fiber.unsafePoll() === null) hung.push(step)
        }
        assert.deepStrictEqual(hung, [])
      }))
  }
})
