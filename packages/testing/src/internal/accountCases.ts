import * as Account from "@effect-exchange/core/Account"
import { Balance } from "@effect-exchange/core/Balance"
import type { AccountError } from "@effect-exchange/core/ExchangeError"
import { KeyPermissions } from "@effect-exchange/core/KeyPermissions"
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import type { About, AccountCase } from "../ContractCase.js"
import { type Broken, ensure, fits, interruptedOften, judged } from "./judging.js"

type Service = Account.Account.Service

const define = (
  id: string,
  title: string,
  body: (service: Service) => Effect.Effect<unknown, Broken | AccountError>
): AccountCase => {
  const about: About = { id, title, needs: [] }
  return { ...about, capability: "account", run: judged(about, () => Effect.flatMap(Account.Account, body)) }
}

const eachBalance = (
  service: Service,
  judge: (balance: Balance) => Effect.Effect<void, Broken>
): Effect.Effect<void, Broken | AccountError> =>
  Effect.flatMap(service.balances, (balances) => Effect.forEach(balances, judge, { discard: true }))

// Amounts stay out of what is said: reports of a run against a real account may be public.
/** @internal */
export const accountCases: ReadonlyArray<AccountCase> = [
  define(
    "AC-01",
    "balances are not negative, and no more is free than there is",
    (service) =>
      eachBalance(service, (balance) =>
        Effect.gen(function*() {
          yield* fits(Balance, `the balance of ${balance.asset}`, balance)
          yield* ensure(!BigDecimal.isNegative(balance.free), () => `less than nothing of ${balance.asset} is free`)
          yield* ensure(
            BigDecimal.lessThanOrEqualTo(balance.free, balance.total),
            () => `more of ${balance.asset} is free than there is in all`
          )
        }))
  ),
  define(
    "AC-02",
    "an asset of which there is nothing is left out",
    (service) =>
      eachBalance(
        service,
        (balance) => ensure(!BigDecimal.isZero(balance.total), () => `${balance.asset} is there with a total of zero`)
      )
  ),
  define("AC-03", "every asset is there once", (service) =>
    Effect.flatMap(service.balances, (balances) => {
      const assets = balances.map(({ asset }) => asset)
      const twice = assets.find((asset, index) => assets.indexOf(asset) !== index)
      return ensure(twice === undefined, () => `${twice} is there twice`)
    })),
  define(
    "AC-04",
    "what the key may do fits its schema",
    (service) =>
      Effect.flatMap(service.keyPermissions, (permissions) => fits(KeyPermissions, "the answer", permissions))
  ),
  define("AC-05", "a key that has read balances is not said to be unable to read", (service) =>
    Effect.gen(function*() {
      yield* service.balances
      const { read } = yield* service.keyPermissions
      yield* ensure(read !== false, () => "balances were read, and the key is said to be unable to")
    })),
  define(
    "AC-06",
    "an interrupted call leaves nothing behind",
    (service) => Effect.zipRight(interruptedOften(service.balances), service.balances)
  )
]
