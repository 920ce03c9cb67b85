import type { Dialect } from "../Dialect.js"
import * as Account from "../engine/Account.js"
import type { Instrument } from "../engine/Engine.js"

/** @internal Returns the demo balances of the assets that these instruments trade or settle in. */
export const demoBalances = (instruments: ReadonlyArray<Instrument>): ReadonlyArray<Account.Balance> => {
  const traded = new Set(
    instruments.flatMap(({ base, kind, quote, settle }) => kind === "spot" ? [base, quote] : settle)
  )
  return Account.demoBalances.filter(({ asset }) => traded.has(asset))
}

/** @internal Returns the three demo keys as the exchange stores them. */
export const demoKeys = (dialect: Dialect): ReadonlyArray<Account.ApiKey> =>
  (["trade", "read", "withdraw"] as const).map((permission) => dialect.demoKey(permission).key)
