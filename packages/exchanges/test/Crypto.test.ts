import { Account } from "@effect-exchange/core"
import { Crypto } from "@effect-exchange/core/adapter"
import { Simulator } from "@effect-exchange/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Stream, TestClock } from "effect"
import { Exchanges } from "../src/index.js"
import { drive, start } from "./shared/application.js"
import * as Support from "./support/exchanges.js"

describe("the Crypto service provided to an exchange's Layer", () => {
  for (const id of Exchanges.ids) {
    it.effect(`signs its requests and its socket logins: ${id}`, () => {
      let signatures = 0
      const counted =
        <Parameters extends ReadonlyArray<unknown>, A>(primitive: (...parameters: Parameters) => A) =>
        (...parameters: Parameters): A => {
          signatures++
          return primitive(...parameters)
        }
      const crypto = Layer.succeed(Crypto.Crypto, {
        hmac: counted(Crypto.platform.hmac),
        ed25519: counted(Crypto.platform.ed25519),
        p256: counted(Crypto.platform.p256)
      })
      return Effect.gen(function*() {
        yield* TestClock.setTime(start)
        const account = yield* Account.Account
        yield* drive(account.balances)
        assert.isAbove(signatures, 0)
        const before = signatures
        const listening = yield* Effect.fork(Stream.runHead(account.streamOrders()))
        yield* TestClock.adjust("5 seconds")
        yield* Fiber.interrupt(listening)
        assert.isAbove(signatures, before)
      }).pipe(Effect.provide(Layer.provide(Support.trading(id), Layer.merge(Simulator.layer(id), crypto))))
    })
  }
})
