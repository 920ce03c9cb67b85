/**
 * Shows that the type of a program limits what it can do: this program requires `Account` only, so it has no way to
 * place an order.
 */
import { Binance } from "@effect-exchange/binance"
import { Account, Decimal } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"

const program: Effect.Effect<void, unknown, Account.Account> = Effect.gen(function*() {
  const account = yield* Account.Account
  const { withdraw } = yield* account.keyPermissions
  yield* Console.log(`this key may ${withdraw === false ? "not " : ""}withdraw`)
  for (const { asset, total } of yield* account.balances) {
    yield* Console.log(`${asset} ${Decimal.format(total)}`)
  }
})

const simulated = Binance.layerAccount({
  environment: Simulator.environment("binance"),
  credentials: Simulator.credentials("binance")
}).pipe(Layer.provide(Simulator.layer("binance")))

program.pipe(Effect.provide(simulated), NodeRuntime.runMain)
