import * as Arr from "effect/Array"
import * as BigDecimal from "effect/BigDecimal"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Capability } from "../../engine/Endpoint.js"
import { type ExchangeClient, exchangeTime } from "../../engine/ExchangeClient.js"
import type { Markets } from "../../engine/Markets.js"
import type { Balance } from "../../model/Balance.js"
import * as Decimal from "../../model/Decimal.js"
import * as ExchangeError from "../../model/ExchangeError.js"
import { plain } from "../../model/internal/exact.js"
import * as Listing from "../../model/Listing.js"
import type { Market } from "../../model/Market.js"
import { isClosed } from "../../model/Order.js"
import type * as Adapter from "../../ports/Adapter.js"
import type { Account, OptionalAccount, PublicFacts } from "../Declaration.js"
import type * as Row from "../Row.js"
import * as accountRows from "./accountRows.js"
import { foreign, required } from "./sizing.js"
import type * as sizing from "./sizing.js"

type Client = ExchangeClient<Exclude<Capability, "trading">>
type Reads<A> = Effect.Effect<A, ExchangeError.AccountError>

/**
 * The declaration of an account, with that of its exchange.
 *
 * @internal
 */
export interface Facts extends PublicFacts<string> {
  readonly account: Account & { readonly [K in keyof OptionalAccount]?: OptionalAccount[K] | undefined }
}

/**
 * Creates the account adapter of an exchange from its declaration.
 *
 * @internal
 */
export const make = (facts: Facts) => (client: Client, markets: Markets): Adapter.Account => {
  const { account: asks, protocol: { exchange } } = facts
  const namesOf = facts.marketNames ?? (({ id }: Market) => [id])
  const isOf = (market: Market) => {
    const names = new Set(namesOf(market))
    return (row: { readonly market?: string | undefined }) => row.market !== undefined && names.has(row.market)
  }
  /** Returns the undecodable rows that may belong to the market, which includes rows whose market cannot be read. */
  const unknownOf = (market: Market, { unknown }: Listing.Listing<unknown>) => {
    const isWanted = isOf(market)
    return unknown.filter((row) => row.market === undefined || isWanted(row))
  }
  const open = (market: Market): Reads<Listing.Listing<Row.Order>> =>
    asks.open === undefined
      ? Effect.flatMap(markets.all, (all) =>
        Effect.map(asks.openOfAll(client)(all), (rows) => {
          const all = Listing.from(rows)
          return { rows: all.rows.filter(isOf(market)), unknown: unknownOf(market, all) }
        }))
      : Effect.map(asks.open(client)(market), (rows) => {
        // All rows belong to the requested market, even those whose market cannot be read.
        const [name = market.id] = namesOf(market)
        const all = Listing.from(rows)
        return { ...all, unknown: all.unknown.map((row) => ({ ...row, market: row.market ?? name })) }
      })

  /**
   * Converts rows about one market to the library's model. Fails if a row is about another market, because a partial
   * list would look like the complete one.
   */
  const about = <A extends { readonly market: string }, B>(
    operation: string,
    market: Market,
    rows: Listing.Listing<A>,
    to: (row: A, market: Market, amounts: sizing.Sizing) => B
  ): Reads<Listing.Listing<B>> =>
    Effect.flatMap(required(facts, operation, market), (amounts) => {
      const isWanted = isOf(market)
      const other = rows.rows.find((row) => !isWanted(row))
      return other === undefined
        ? Effect.succeed({
          rows: rows.rows.map((row) => to(row, market, amounts)),
          unknown: unknownOf(market, rows)
        })
        : foreign(exchange, operation, market, other)
    })

  const toOrder = (row: Row.Order, market: Market, amounts: sizing.Sizing) =>
    accountRows.order(exchange, row, market, amounts)

  const { feeIn, ofAll: allFills, order: fillOrder } = asks.fills
  const { ofAll: allEnded } = asks.ended

  const fillsIn = (rows: Listing.Rows<Row.Fill | Row.Entry>): Listing.Listing<Row.Fill> => {
    const entries = Listing.from(rows)
    const fills = entries.rows.flatMap((row) => "fill" in row ? row.fill ?? [] : row)
    return Listing.inOrder({ rows: fills, unknown: entries.unknown }, fillOrder)
  }

  const toFill = (row: Row.Fill, market: Market, amounts: sizing.Sizing) =>
    accountRows.fill(exchange, feeIn, row, market, amounts)

  return {
    balances: Effect.map(asks.balances(client)(), summed),
    keyPermissions: Effect.suspend(() => asks.keyPermissions(client)()),
    openOrders: (market) =>
      Effect.map(
        market === undefined
          ? Effect.gen(function*() {
            const rows = yield* asks.openOfAll(client)(yield* markets.all)
            return yield* accountRows.aboutAny(facts, markets, Listing.from(rows), toOrder)
          })
          : Effect.flatMap(open(market), (rows) => about("openOrders", market, rows, toOrder)),
        // The exchange may still list orders that have ended.
        Listing.filter((order) => !isClosed(order))
      ),
    order: (reference) =>
      Effect.gen(function*() {
        const { market } = reference
        const row = yield* reference.id === undefined
          ? byName(facts, client, isOf(market), reference)
          : byId(facts, client, isOf(market), market, reference.id)
        return toOrder(row, market, yield* required(facts, "order", market))
      }),
    orderHistory: (market, query) =>
      Effect.gen(function*() {
        // Open orders are read first: one that ends in between is then in both lists, and counts as ended.
        const standing = asks.ended.withOpen === true ? Listing.of<Row.Order>([]) : yield* open(market)
        const rows = yield* asks.ended.read(client)(market, { ...query, isWanted: isOf(market) })
        const ended = Listing.inOrder(Listing.from(rows), asks.ended.order)
        const over = new Set([...ended.rows, ...ended.unknown].map(({ id }) => id))
        const all = Listing.flatten([ended, Listing.filter(standing, ({ id }) => !over.has(id))])
        return yield* about("orderHistory", market, all, toOrder)
      }),
    orderHistoryOfAll: allEnded && ((query) =>
      Effect.flatMap(
        allEnded(client)({ ...query, isWanted: ofAny }),
        (rows) => accountRows.aboutAny(facts, markets, Listing.inOrder(Listing.from(rows), asks.ended.order), toOrder)
      )),
    fills: (market, query) =>
      Effect.flatMap(
        asks.fills.read(client)(market, { ...query, isWanted: isOf(market) }),
        (rows) => about("fills", market, fillsIn(rows), toFill)
      ),
    fillsOfAll: allFills && ((query) =>
      Effect.flatMap(
        allFills(client)({ ...query, isWanted: ofAny }),
        (rows) => accountRows.aboutAny(facts, markets, fillsIn(rows), toFill)
      )),
    positions: asks.positions === undefined ? undefined : positions(facts, client, markets)
  }
}

const ofAny = () => true

/**
 * Sums the rows of each asset. Reports a negative free balance as zero, and leaves out assets with a total of zero.
 *
 * @internal
 */
export const summed = (rows: ReadonlyArray<Balance>): ReadonlyArray<Balance> => {
  const sums = new Map<string, Balance>()
  for (const row of rows) {
    const sum = sums.get(row.asset)
    sums.set(
      row.asset,
      sum === undefined
        ? row
        : { ...sum, free: BigDecimal.sum(sum.free, row.free), total: BigDecimal.sum(sum.total, row.total) }
    )
  }
  return [...sums.values()]
    .filter(({ total }) => !BigDecimal.isZero(total))
    .map(({ asset, free, total }) => ({
      asset,
      free: BigDecimal.isNegative(free) ? Decimal.zero : Decimal.of(free),
      total: Decimal.of(total)
    }))
}

const positions = (facts: Facts, client: Client, markets: Markets): Adapter.Account["positions"] => {
  const { account: { positions }, protocol: { exchange } } = facts
  return positions === undefined ? undefined : Effect.gen(function*() {
    const rows = Listing.from(yield* positions(client)(yield* markets.all))
    const held = Listing.filter(rows, ({ amount }) => !BigDecimal.isZero(amount))
    return yield* accountRows.aboutAny(facts, markets, held, ({ market: _, ...row }, { symbol }, { amount }) => ({
      ...row,
      exchange,
      symbol,
      amount: amount(BigDecimal.abs(row.amount)),
      entryPrice: plain(row.entryPrice),
      markPrice: plain(row.markPrice),
      liquidationPrice: plain(row.liquidationPrice),
      leverage: plain(row.leverage),
      unrealizedPnl: plain(row.unrealizedPnl)
    }))
  })
}

const byId = (
  { account: asks, protocol: { exchange } }: Facts,
  client: Client,
  isWanted: (row: { readonly market?: string | undefined }) => boolean,
  market: Market,
  id: string
): Reads<Row.Order> =>
  Effect.gen(function*() {
    for (const ask of Arr.ensure(asks.byId)) {
      const { rows, unknown } = listed(yield* ask(client)({ market, id }))
      const found = rows.find((row) => row.id === id && isWanted(row))
      if (found !== undefined) return found
      const obscure = unknown.find((row) => row.id === undefined || row.id === id)
      if (obscure !== undefined) return yield* notUnderstood(exchange, obscure)
    }
    return yield* missing(exchange, id, market)
  })

const byName = (
  facts: Facts,
  client: Client,
  isWanted: (row: { readonly market?: string | undefined }) => boolean,
  { clientOrderId, market, since }: Adapter.Reference & { readonly clientOrderId: string }
): Reads<Row.Order> =>
  Effect.gen(function*() {
    const { account: { byName, searches }, protocol: { exchange } } = facts
    let absence: ExchangeError.OrderNotFound | undefined
    for (const ask of byName) {
      const asked: Reads<Listing.Rows<Row.Order> | Row.Order> = ask(client)({ market, clientOrderId, since })
      const { rows, unknown } = listed(
        yield* asked.pipe(Effect.catchTag("OrderNotFound", (error) => {
          absence = error
          return Effect.succeed([])
        }))
      )
      const [found] = rows
        .filter((row) => row.clientOrderId === clientOrderId && isWanted(row))
        .toSorted((one, other) => (other.createdAt ?? 0) - (one.createdAt ?? 0))
      if (found !== undefined) return found
      const obscure = unknown.find((row) => row.clientOrderId === undefined || row.clientOrderId === clientOrderId)
      if (obscure !== undefined) return yield* notUnderstood(exchange, obscure)
      // A page of other orders does not prove that this one is absent.
      if (searches !== true && rows.some((row) => row.clientOrderId !== clientOrderId)) {
        return yield* new ExchangeError.MalformedResponse({
          exchange,
          operation: "order",
          detail: "the response has orders with other client order ids than the requested one"
        })
      }
    }
    return yield* absent(facts, client, since, absence ?? missing(exchange, clientOrderId, market))
  })

const listed = (found: Listing.Rows<Row.Order> | Row.Order): Listing.Listing<Row.Order> =>
  "filled" in found ? Listing.of([found]) : Listing.from(found)

/**
 * Fails with `OrderNotFound`, or with `Unsupported` if the exchange may have forgotten the order: its absence then
 * proves nothing.
 */
const absent = (
  { account: { forgetsAfter }, name, protocol: { exchange } }: Facts,
  client: Client,
  since: number | undefined,
  error: ExchangeError.OrderNotFound
): Effect.Effect<never, ExchangeError.OrderNotFound | ExchangeError.Unsupported> => {
  if (forgetsAfter === undefined || since === undefined) return error
  const kept = Duration.toMillis(forgetsAfter)
  return Effect.flatMap(
    // `since` is by the exchange's clock.
    exchangeTime(client),
    (now): Effect.Effect<never, ExchangeError.OrderNotFound | ExchangeError.Unsupported> =>
      now - since < kept ? error : new ExchangeError.Unsupported({
        exchange,
        operation: "order",
        code: error.code,
        detail: `${name} has no such order; after ${
          Duration.format(kept)
        } it may have forgotten one that was never filled`,
        alternative: "check its fills: any part that is not filled by now never will be"
      })
  )
}

const missing = (exchange: string, name: string, { symbol }: Market): ExchangeError.OrderNotFound =>
  new ExchangeError.OrderNotFound({
    exchange,
    operation: "order",
    detail: `there is no open or ended order ${name} of ${symbol}`
  })

const notUnderstood = (exchange: string, { detail }: Listing.Unknown): ExchangeError.MalformedResponse =>
  new ExchangeError.MalformedResponse({
    exchange,
    operation: "order",
    detail: `the order is listed, but could not be decoded: ${detail}`
  })
