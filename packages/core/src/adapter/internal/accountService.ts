import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as ExchangeClient from "../../engine/ExchangeClient.js"
import * as Frame from "../../engine/internal/frame.js"
import type { Markets } from "../../engine/Markets.js"
import { InvalidRequest, KeyRefused, Unsupported } from "../../model/ExchangeError.js"
import * as OptionRange from "../../model/internal/optionRange.js"
import type { KeyPermissions } from "../../model/KeyPermissions.js"
import type { Reference } from "../../model/Order.js"
import type * as Account from "../../ports/Account.js"
import type * as Adapter from "../../ports/Adapter.js"
import * as Lookup from "../../trading/internal/lookup.js"
import { resolve } from "../../trading/internal/resolving.js"
import type { Streams } from "./accountStreams.js"
import * as belonging from "./belonging.js"
import { latest } from "./latest.js"
import { count } from "./marketDataService.js"
import { understood } from "./understood.js"

/** @internal */
export const make = (
  exchange: string,
  features: Adapter.Features,
  client: ExchangeClient.ExchangeClient<"marketData" | "account">,
  adapter: Adapter.Account,
  markets: Markets,
  streams: Streams,
  trades: boolean
): Account.Account.Service & {
  readonly request: ExchangeClient.ExchangeClient<"marketData" | "account">["request"]
} => {
  const attributes = Frame.spanAttributes(client)
  const method = (name: string) => Frame.method(`${exchange}.Account.${name}`, attributes)
  return {
    exchange,
    request: client.request,
    ...streams,
    balances: adapter.balances,
    openOrders: method("openOrders")(Effect.fnUntraced(function*(symbol?: string) {
      const market = symbol === undefined ? undefined : yield* markets.find("openOrders", symbol)
      const read = understood(exchange, "openOrders", adapter.openOrders(market))
      const orders = yield* market === undefined ? read : belonging.all(exchange, "openOrders", market, read)
      return latest(orders, ({ createdAt }) => createdAt ?? 0, { since: undefined, limit: Number.MAX_SAFE_INTEGER })
    })),
    order: method("order")(Effect.fnUntraced(function*(reference: Reference) {
      const meant = yield* resolve(exchange, "order", markets, reference)
      return yield* Lookup.byReference({ exchange, account: adapter }, "order", meant)
    })),
    orderHistory: method("orderHistory")(
      Effect.fnUntraced(function*(symbol: string, query?: Account.Account.HistoryQuery) {
        const market = yield* markets.find("orderHistory", symbol)
        const wanted = yield* historyOf(exchange, "orderHistory", query)
        const read = understood(exchange, "orderHistory", adapter.orderHistory(market, wanted))
        const orders = yield* belonging.all(exchange, "orderHistory", market, read)
        return latest(orders, ({ createdAt }) => createdAt ?? 0, wanted)
      })
    ),
    fills: method("fills")(Effect.fnUntraced(function*(symbol: string, query?: Account.Account.HistoryQuery) {
      const market = yield* markets.find("fills", symbol)
      const wanted = yield* historyOf(exchange, "fills", query)
      const read = understood(exchange, "fills", adapter.fills(market, wanted))
      return latest(yield* belonging.all(exchange, "fills", market, read), ({ at }) => at, wanted)
    })),
    positions: adapter.positions !== undefined ?
      understood(exchange, "positions", adapter.positions) :
      new Unsupported({
        exchange,
        operation: "positions",
        detail: `${features.name} has only spot markets, so there are no positions`,
        alternative: "read balances instead"
      }),
    keyPermissions: adapter.keyPermissions,
    verifyKey: method("verifyKey")(Effect.fnUntraced(function*(options?: Account.Account.VerifyOptions) {
      yield* Effect.mapError(
        OptionRange.check({ expiresWithin: [options?.expiresWithin, OptionRange.duration] }),
        ({ message }) => new InvalidRequest({ exchange, operation: "verifyKey", detail: `expiresWithin: ${message}` })
      )
      const permissions = yield* adapter.keyPermissions
      yield* judge(exchange, permissions, { allowTrade: trades, ...options })
      return permissions
    }))
  }
}

const historyOf = (
  exchange: string,
  operation: string,
  query: Account.Account.HistoryQuery | undefined
): Effect.Effect<Adapter.History, InvalidRequest> => {
  const since = query?.since
  // `Date.parse` returns NaN for a text that is no date, and nothing is later than NaN.
  return since !== undefined && !(since >= 0 && since <= lastInstant)
    ? new InvalidRequest({
      exchange,
      operation,
      detail: `the start ${since} is not an instant in epoch milliseconds`
    })
    : Effect.map(count(exchange, operation, "limit", query?.limit ?? 100), (limit) => ({
      limit,
      // Exchanges refuse a part of a millisecond.
      since: since && Math.ceil(since)
    }))
}

/** The last instant of a `Date`. */
const lastInstant = 8.64e15

const judge = (
  exchange: string,
  permissions: KeyPermissions,
  options: Account.Account.VerifyOptions
): Effect.Effect<void, KeyRefused> =>
  Effect.gen(function*() {
    const about = { exchange, operation: "verifyKey" }
    if (permissions.withdraw === true && options.allowWithdraw !== true) {
      return yield* new KeyRefused({
        ...about,
        permission: "withdraw",
        detail: "the key can withdraw; use a key that cannot, or set allowWithdraw"
      })
    }
    if (permissions.trade === true && options.allowTrade !== true) {
      return yield* new KeyRefused({
        ...about,
        permission: "trade",
        detail: "the key can trade, but the program only reads; use a key that cannot trade, or set allowTrade"
      })
    }
    if (permissions.ipRestricted === false) {
      yield* Effect.logWarning(
        "The API key works from any IP address; restrict it to the addresses it is used from",
        about
      )
    }
    if (permissions.expiresAt !== undefined) {
      const left = permissions.expiresAt - (yield* Clock.currentTimeMillis)
      if (left < Duration.toMillis(options.expiresWithin ?? "14 days")) {
        yield* Effect.logWarning("The API key expires soon; create a new one", {
          ...about,
          daysLeft: Math.floor(left / 86_400_000)
        })
      }
    }
  })
