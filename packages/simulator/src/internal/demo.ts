import type { Dialect } from "../Dialect.js"
import * as Account from "../engine/Account.js"
import type { Instrument } from "../engine/Engine.js"

/** @internal What of the demo balances an exchange with these instruments shows. */
export const demoBalances = (instruments: ReadonlyArray<Instrument>): ReadonlyArray<Account.Balance> => {
  const traded = new Set(
    instruments.flatMap(({ base, kind, quote, settle }) => kind === "spot" ? [base, quote] : settle)
  )
  return Account.demoBalances.filter(({ asset }) => traded.has(asset))
}

/** @internal The three demo keys, as the exchange stores them. */
export const demoKeys = (dialect: Dialect): ReadonlyArray<Account.ApiKey> =>
  (["trade", "read", "withdraw"] as const).map((permission) => dialect.demoKey(permission).key)
