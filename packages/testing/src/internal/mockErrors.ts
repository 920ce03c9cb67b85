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
    said?: Partial<ConstructorParameters<(typeof ExchangeError)[Tag]>[0]>
  ) => Extract<ExchangeError.ExchangeError, { readonly _tag: Tag }>
}

const of = <Said extends object, E>(Class: new(said: Said) => E, said: NoInfer<Said>) => (other?: Partial<Said>): E =>
  new Class({ ...said, ...other })

const about = (operation: string, detail: string) => ({ exchange: "mock", operation, detail })

const timedOut = of(ExchangeError.RequestTimedOut, about("price", "no whole answer in time"))

const order = { symbol: "BTC/USDT", clientOrderId: "mock-order" }

const cause = timedOut({ operation: "place" })

/** @internal */
export const errors: Errors & { readonly timeout: Errors["requestTimedOut"] } = {
  invalidRequest: of(ExchangeError.InvalidRequest, about("price", "the request makes no sense")),
  symbolNotFound: of(ExchangeError.SymbolNotFound, about("price", "there is no such market")),
  orderNotFound: of(ExchangeError.OrderNotFound, about("order", "there is no such order")),
  duplicateOrder: of(ExchangeError.DuplicateOrder, about("place", "there is an order of this name already")),
  insufficientFunds: of(ExchangeError.InsufficientFunds, about("place", "the account cannot pay for it")),
  orderRejected: of(ExchangeError.OrderRejected, about("place", "the exchange refused the order")),
  permissionDenied: of(ExchangeError.PermissionDenied, { ...about("price", "this is not allowed"), status: 403 }),
  authenticationFailed: of(ExchangeError.AuthenticationFailed, {
    ...about("balances", "the key was refused"),
    status: 401
  }),
  clockSkew: of(ExchangeError.ClockSkew, about("balances", "the timestamp is too far from the exchange's clock")),
  rateLimited: of(ExchangeError.RateLimited, {
    ...about("price", "too many requests"),
    status: 429,
    retryAfter: Duration.seconds(1)
  }),
  banned: of(ExchangeError.Banned, { ...about("price", "this address is banned"), status: 418, until: 3_600_000 }),
  exchangeUnavailable: of(ExchangeError.ExchangeUnavailable, {
    ...about("price", "the exchange is down"),
    status: 503,
    outcome: "Unknown"
  }),
  transportFailed: of(ExchangeError.TransportFailed, {
    ...about("price", "no connection could be made"),
    outcome: "NotSent"
  }),
  requestTimedOut: timedOut,
  timeout: timedOut,
  malformedResponse: of(ExchangeError.MalformedResponse, about("price", "the answer has another shape than expected")),
  circuitOpen: of(ExchangeError.CircuitOpen, {
    ...about("price", "the circuit is open"),
    state: "Open",
    retryAfter: Duration.seconds(1)
  }),
  bulkheadFull: of(ExchangeError.BulkheadFull, about("price", "too many calls are in flight")),
  rateLimiterFull: of(ExchangeError.RateLimiterFull, about("price", "too many calls wait for the rate limit")),
  deadlineExceeded: of(ExchangeError.DeadlineExceeded, about("price", "the time is over")),
  exchangeClosed: of(ExchangeError.ExchangeClosed, {
    ...about("price", "the exchange no longer exists"),
    since: "2026-01-01"
  }),
  unsupported: of(ExchangeError.Unsupported, {
    ...about("candles", "the exchange has no such thing"),
    alternative: "ask for something else"
  }),
  orderDenied: of(ExchangeError.OrderDenied, {
    ...about("place", "the symbol is not among those that may be traded"),
    guard: "symbols"
  }),
  keyRefused: of(ExchangeError.KeyRefused, {
    ...about("verifyKey", "the key can withdraw; use one that cannot"),
    permission: "withdraw"
  }),
  notPlaced: of(ExchangeError.NotPlaced, { ...about("place", "the exchange never took the order"), order, cause }),
  outcomeUnknown: of(ExchangeError.OutcomeUnknown, {
    ...about("place", "the order was sent and could not be looked up"),
    order,
    cause
  })
}
