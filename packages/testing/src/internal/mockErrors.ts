import { ExchangeError } from "@effect-exchange/core"
import * as Duration from "effect/Duration"

/**
 * A constructor of each error of the union, by its tag. The mapped type ensures that none is missing.
 *
 * @since 0.1.0
 * @category models
 */
export type Errors = {
  readonly [Tag in ExchangeError.ExchangeError["_tag"] as Uncapitalize<Tag>]: (
    fields?: Partial<ConstructorParameters<(typeof ExchangeError)[Tag]>[0]>
  ) => Extract<ExchangeError.ExchangeError, { readonly _tag: Tag }>
}

const of =
  <Fields extends object, E>(Class: new(fields: Fields) => E, defaults: NoInfer<Fields>) =>
  (other?: Partial<Fields>): E => new Class({ ...defaults, ...other })

const about = (operation: string, detail: string) => ({ exchange: "mock", operation, detail })

const timedOut = of(ExchangeError.RequestTimedOut, about("price", "no complete response was received in time"))

const order = { symbol: "BTC/USDT", clientOrderId: "mock-order" }

const cause = timedOut({ operation: "place" })

/** @internal */
export const errors: Errors & { readonly timeout: Errors["requestTimedOut"] } = {
  invalidRequest: of(ExchangeError.InvalidRequest, about("price", "the request is invalid")),
  symbolNotFound: of(ExchangeError.SymbolNotFound, about("price", "there is no such market")),
  orderNotFound: of(ExchangeError.OrderNotFound, about("order", "there is no such order")),
  duplicateOrder: of(ExchangeError.DuplicateOrder, about("place", "an order with this client order id already exists")),
  insufficientFunds: of(ExchangeError.InsufficientFunds, about("place", "the account does not have enough funds")),
  orderRejected: of(ExchangeError.OrderRejected, about("place", "the exchange refused the order")),
  permissionDenied: of(ExchangeError.PermissionDenied, {
    ...about("price", "the key is not permitted to do this"),
    status: 403
  }),
  authenticationFailed: of(ExchangeError.AuthenticationFailed, {
    ...about("balances", "the API key was rejected"),
    status: 401
  }),
  clockSkew: of(ExchangeError.ClockSkew, about("balances", "the timestamp is too far from the exchange's clock")),
  rateLimited: of(ExchangeError.RateLimited, {
    ...about("price", "too many requests"),
    status: 429,
    retryAfter: Duration.seconds(1)
  }),
  banned: of(ExchangeError.Banned, { ...about("price", "this IP address is banned"), status: 418, until: 3_600_000 }),
  exchangeUnavailable: of(ExchangeError.ExchangeUnavailable, {
    ...about("price", "the exchange is down"),
    status: 503,
    outcome: "Unknown"
  }),
  transportFailed: of(ExchangeError.TransportFailed, {
    ...about("price", "the connection could not be made"),
    outcome: "NotSent"
  }),
  requestTimedOut: timedOut,
  timeout: timedOut,
  malformedResponse: of(
    ExchangeError.MalformedResponse,
    about("price", "the response does not have the expected shape")
  ),
  circuitOpen: of(ExchangeError.CircuitOpen, {
    ...about("price", "the circuit is open"),
    state: "Open",
    retryAfter: Duration.seconds(1)
  }),
  bulkheadFull: of(ExchangeError.BulkheadFull, about("price", "too many calls are in flight")),
  rateLimiterFull: of(ExchangeError.RateLimiterFull, about("price", "too many calls are waiting for the rate limit")),
  deadlineExceeded: of(ExchangeError.DeadlineExceeded, about("price", "the deadline has passed")),
  exchangeClosed: of(ExchangeError.ExchangeClosed, {
    ...about("price", "the exchange no longer exists"),
    since: "2026-01-01"
  }),
  unsupported: of(ExchangeError.Unsupported, {
    ...about("candles", "the exchange does not support this"),
    alternative: "use a supported operation"
  }),
  orderDenied: of(ExchangeError.OrderDenied, {
    ...about("place", "the symbol is not on the list of allowed symbols"),
    guard: "symbols"
  }),
  keyRefused: of(ExchangeError.KeyRefused, {
    ...about("verifyKey", "the key can withdraw; use one that cannot"),
    permission: "withdraw"
  }),
  notPlaced: of(ExchangeError.NotPlaced, { ...about("place", "the exchange never accepted the order"), order, cause }),
  outcomeUnknown: of(ExchangeError.OutcomeUnknown, {
    ...about("place", "the order was sent, but could not be looked up"),
    order,
    cause
  })
}
