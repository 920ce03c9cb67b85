import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { columns, type Json } from "../../internal/json.js"
import * as Keys from "../../internal/keys.js"
import type { World } from "../../World.js"
import { assetNamed } from "./markets.js"
import { type Answering, refuse } from "./params.js"

type Row = (balance: Engine.Balance, shown: (value: BigDecimal.BigDecimal) => string) => Json

const perAsset = (row: Row): Answering => (_, world) =>
  Either.right([
    Object.fromEntries(
      Engine.balances(world.engine).map((balance) => {
        const { decimals, id } = assetNamed(balance.asset)
        return [id, row(balance, (value) => Decimal.fixed(value, decimals))]
      })
    )
  ])

/** @internal */
export const balances = perAsset(({ free, locked }, shown) => shown(BigDecimal.sum(free, locked)))

/** @internal */
export const balancesAndHolds = perAsset(({ free, locked }, shown) => ({
  balance: shown(BigDecimal.sum(free, locked)),
  hold_trade: shown(locked)
}))

/** @internal */
export const keyInfo: Answering = (_, { now }, __, caller) => {
  if (caller === undefined) return refuse("EAPI:Invalid key")
  const { key, nonce } = caller
  return Either.right([{
    apiKeyName: "demo",
    apiKey: Redacted.value(key.id),
    nonce: String(nonce),
    nonceWindow: 0,
    permissions: [
      "query-funds",
      ...(Keys.may(key, "withdraw") ? ["withdraw-funds"] : []),
      "query-open-trades",
      ...(Keys.may(key, "trade") ? ["modify-trades"] : [])
    ],
    iban: "AA00 N000 0000 0000",
    ...columns("validUntil queryFrom queryTo", "0"),
    ...columns("createdTime modifiedTime", "1698645219"),
    ipAllowlist: [],
    lastUsed: String(Math.floor(now / 1000))
  }])
}

const tokenFor = "kraken sockets"
const tokenLasts = 900_000

/** @internal */
export const webSocketsToken: Answering = (_, { now }, __, caller) => {
  const token = caller && Keys.tokenOf(caller.key, tokenFor, now + tokenLasts)
  return token === undefined ? refuse("EAPI:Invalid key") : Either.right([{ token, expires: tokenLasts / 1000 }])
}

/** @internal Returns when a token was issued, or `undefined` if the token is unknown or has expired. */
export const tokenMadeAt = (world: World, token: unknown): number | undefined => {
  const found = typeof token === "string" ? Keys.readToken(world, token) : undefined
  return found !== undefined && found.purpose === tokenFor && found.until > world.now
    ? found.until - tokenLasts
    : undefined
}
