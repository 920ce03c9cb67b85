/**
 * BitMEX's margin, wallet, positions and API keys.
 *
 * @internal
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import type { World } from "../../Dialect.js"
import type { ApiKey } from "../../engine/Account.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { type Holding, holdings } from "../../internal/holdings.js"
import { iso, text } from "../../internal/inputs.js"
import { columns } from "../../internal/json.js"
import * as Keys from "../../internal/keys.js"
import { coinOf, currencies, type Currency, positions as held, sizeOf, worth } from "./markets.js"
import { type Answering, invalid, type Row, table } from "./params.js"

/** @internal The number of the account. */
export const account = 395_724

/** @internal */
export const assets = Object.entries(currencies).map(([coin, { code, scale }]): Row => ({
  asset: coin === "BTC" ? "XBT" : coin,
  currency: code,
  majorCurrency: coin === "BTC" ? "XBT" : coin,
  name: coin,
  currencyType: "Crypto",
  scale,
  enabled: true,
  isMarginCurrency: coin === "BTC" || coin === "USDT"
}))

const perCurrency =
  (row: (holding: Holding, currency: Currency, now: number) => Row): Answering => ({ params }, world) => {
    const wanted = text(params, "currency") ?? "XBt"
    const rows = holdings(world).flatMap((held) => {
      const currency = currencies[held.asset]
      if (currency === undefined || (wanted !== "all" && wanted !== currency.code)) return []
      return wanted === "all" && BigDecimal.isZero(held.total) ? [] : [row(held, currency, world.now)]
    })
    const [only] = rows
    if (wanted === "all") return Either.right([rows])
    return only === undefined ? invalid("Invalid currency") : Either.right([only])
  }

const marginRow = (held: Holding, { code, scale }: Currency, now: number): Row => {
  const [total, free] = [Decimal.minor(held.total, scale), Decimal.minor(held.free, scale)]
  const [unrealisedPnl, realisedPnl] = [Decimal.minor(held.unrealized, scale), Decimal.minor(held.realized, scale)]
  return {
    account,
    currency: code,
    ...columns("amount walletBalance", total),
    marginBalance: total + unrealisedPnl,
    ...columns("availableMargin withdrawableMargin excessMargin", free),
    ...columns("initMargin maintMargin", total - free),
    realisedPnl,
    unrealisedPnl,
    marginLeverage: 0,
    marginUsedPcnt: Number(total === 0n ? 0n : (total - free) * 10_000n / total) / 10_000,
    timestamp: iso(now)
  }
}

/** @internal */
export const margin = perCurrency(marginRow)

/** @internal Encodes the margin of every currency that the account may hold. */
export const marginRows = (world: World): ReadonlyArray<Row> =>
  holdings(world).flatMap((held) => {
    const currency = currencies[held.asset]
    return currency === undefined ? [] : [marginRow(held, currency, world.now)]
  })

/** @internal */
export const wallet = perCurrency((held, { code, scale }, now) => ({
  account,
  currency: code,
  ...columns("deposited amount", Decimal.minor(held.total, scale)),
  ...columns("withdrawn transferIn transferOut pendingCredit pendingDebit confirmedDebit", 0),
  timestamp: iso(now)
}))

/** @internal */
export const keys: Answering = (_, world) => Either.right([world.keys.map(keyRow)])

const keyRow = (key: ApiKey): Row => ({
  id: Redacted.value(key.id),
  name: "demo",
  nonce: 0,
  cidr: "0.0.0.0/0",
  cidrs: ["0.0.0.0/0"],
  permissions: [...(Keys.may(key, "trade") ? ["order"] : []), ...(Keys.may(key, "withdraw") ? ["withdraw"] : [])],
  enabled: key.enabled ?? true,
  userId: account,
  created: "2024-01-15T08:30:00.000Z"
})

/** @internal */
export const positions: Answering = ({ params }, world) =>
  table(params, positionRows(world), { keys: ["account", "symbol", "currency"] })

// The engine requires a margin of a tenth of the notional value, whatever else the account holds.
const leverage = 10

const positionRows = (world: World): ReadonlyArray<Row> =>
  held(world).flatMap(({ listing: instrument, ...position }) => {
    const currency = instrument.settlement
    if (currency === undefined) return []
    const minor = (value: BigDecimal.BigDecimal) => Decimal.minor(value, currency.scale)
    const size = sizeOf(instrument, position.amount)
    const { foreign, home, settled } = worth(instrument, size, position.markPrice)
    return [{
      account,
      symbol: instrument.id,
      currency: currency.currency,
      underlying: instrument.root,
      quoteCurrency: coinOf(instrument.quoteCurrency) === "BTC" ? "XBT" : instrument.quoteCurrency,
      leverage,
      crossMargin: false,
      isOpen: true,
      currentQty: size,
      avgEntryPrice: position.entryPrice,
      markPrice: position.markPrice,
      markValue: instrument.perBase === undefined ? -settled : settled,
      homeNotional: home,
      foreignNotional: instrument.perBase === undefined ? BigDecimal.negate(foreign) : foreign,
      posMargin: minor(position.margin),
      maintMargin: minor(position.margin),
      unrealisedPnl: minor(position.unrealizedPnl),
      realisedPnl: minor(position.realizedPnl),
      openingTimestamp: iso(position.openedAt),
      timestamp: iso(world.now)
    }]
  })
