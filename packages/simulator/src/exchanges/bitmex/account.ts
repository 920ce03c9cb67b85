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
import * as Engine from "../../engine/Engine.js"
import * as Decimal from "../../engine/internal/decimal.js"
import { coinOf, currencies, type Currency, instruments, iso, sizeOf, worth } from "./markets.js"
import { type Answer, type Endpoints, type Refusal, refuse, type Row, table } from "./params.js"

/** @internal The account's number. */
export const account = 395_724

/** @internal */
export const endpoints: Endpoints = {
  "GET /api/v1/wallet/assets": { answer: () => Either.right({ body: assets }) },
  "GET /api/v1/user/margin": {
    signed: "read",
    answer: ({ params }, world) => perCurrency(params, world, margin)
  },
  "GET /api/v1/user/wallet": {
    signed: "read",
    answer: ({ params }, world) => perCurrency(params, world, wallet)
  },
  "GET /api/v1/apiKey": { signed: "read", answer: (_, world) => Either.right({ body: world.keys.map(keyRow) }) },
  "GET /api/v1/position": {
    signed: "read",
    answer: ({ params }, world) => table(params, positions(world), { keys: ["account", "symbol", "currency"] })
  }
}

const assets = Object.entries(currencies).map(([coin, { code, scale }]): Row => ({
  asset: coin === "BTC" ? "XBT" : coin,
  currency: code,
  majorCurrency: coin === "BTC" ? "XBT" : coin,
  name: coin,
  currencyType: "Crypto",
  scale,
  enabled: true,
  isMarginCurrency: coin === "BTC" || coin === "USDT"
}))

interface Holding {
  readonly currency: string
  readonly total: bigint
  readonly free: bigint
  readonly unrealised: bigint
  readonly realised: bigint
}

const sum = (values: ReadonlyArray<BigDecimal.BigDecimal>): BigDecimal.BigDecimal =>
  values.reduce((left, right) => BigDecimal.sum(left, right), BigDecimal.make(0n, 0))

const holding = (world: World, { asset, free, locked }: Engine.Balance, currency: Currency): Holding => {
  const positions = Engine.positions(world.engine).filter(({ instrument }) =>
    Engine.instrument(world.engine, instrument)?.settle === asset
  )
  return {
    currency: currency.code,
    total: Decimal.minor(BigDecimal.sum(free, locked), currency.scale),
    free: Decimal.minor(free, currency.scale),
    unrealised: Decimal.minor(sum(positions.map(({ unrealizedPnl }) => unrealizedPnl)), currency.scale),
    realised: Decimal.minor(sum(positions.map(({ realizedPnl }) => realizedPnl)), currency.scale)
  }
}

const perCurrency = (
  params: URLSearchParams,
  world: World,
  row: (holding: Holding, now: number) => Row
): Either.Either<Answer, Refusal> => {
  const wanted = params.get("currency") ?? "XBt"
  const rows = Engine.balances(world.engine).flatMap((balance) => {
    const currency = currencies[balance.asset]
    if (currency === undefined || (wanted !== "all" && wanted !== currency.code)) return []
    const held = holding(world, balance, currency)
    return wanted === "all" && held.total === 0n ? [] : [row(held, world.now)]
  })
  const [only] = rows
  if (wanted === "all") return Either.right({ body: rows })
  return only === undefined ? refuse(400, "Invalid currency", "ValidationError") : Either.right({ body: only })
}

const margin = ({ currency, free, realised, total, unrealised }: Holding, now: number): Row => ({
  account,
  currency,
  amount: total,
  walletBalance: total,
  marginBalance: total + unrealised,
  availableMargin: free,
  withdrawableMargin: free,
  excessMargin: free,
  initMargin: total - free,
  maintMargin: total - free,
  realisedPnl: realised,
  unrealisedPnl: unrealised,
  marginLeverage: 0,
  marginUsedPcnt: Number(total === 0n ? 0n : (total - free) * 10_000n / total) / 10_000,
  timestamp: iso(now)
})

const wallet = ({ currency, total }: Holding, now: number): Row => ({
  account,
  currency,
  deposited: total,
  withdrawn: 0,
  transferIn: 0,
  transferOut: 0,
  amount: total,
  pendingCredit: 0,
  pendingDebit: 0,
  confirmedDebit: 0,
  timestamp: iso(now)
})

const keyRow = (key: ApiKey): Row => ({
  id: Redacted.value(key.id),
  name: "demo",
  nonce: 0,
  cidr: "0.0.0.0/0",
  cidrs: ["0.0.0.0/0"],
  permissions: [
    ...(key.permissions.includes("trade") ? ["order"] : []),
    ...(key.permissions.includes("withdraw") ? ["withdraw"] : [])
  ],
  enabled: key.enabled ?? true,
  userId: account,
  created: "2024-01-15T08:30:00.000Z"
})

// The engine asks for a tenth of the notional, whatever else the account holds.
const leverage = 10

const positions = (world: World): ReadonlyArray<Row> =>
  Engine.positions(world.engine).flatMap((position) => {
    const instrument = instruments.find(({ id }) => id === position.instrument)
    const currency = instrument?.settlement
    if (instrument === undefined || currency === undefined) return []
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
