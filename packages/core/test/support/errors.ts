import { Schema } from "effect"
import { ExchangeError } from "../../src/index.js"

/** The schema of every error. */
export const AnyError = Schema.Union(
  ExchangeError.InvalidRequest,
  ExchangeError.SymbolNotFound,
  ExchangeError.OrderNotFound,
  ExchangeError.DuplicateOrder,
  ExchangeError.InsufficientFunds,
  ExchangeError.OrderRejected,
  ExchangeError.PermissionDenied,
  ExchangeError.AuthenticationFailed,
  ExchangeError.ClockSkew,
  ExchangeError.RateLimited,
  ExchangeError.Banned,
  ExchangeError.ExchangeUnavailable,
  ExchangeError.TransportFailed,
  ExchangeError.RequestTimedOut,
  ExchangeError.MalformedResponse,
  ExchangeError.CircuitOpen,
  ExchangeError.BulkheadFull,
  ExchangeError.RateLimiterFull,
  ExchangeError.DeadlineExceeded,
  ExchangeError.ExchangeClosed,
  ExchangeError.Unsupported,
  ExchangeError.OrderDenied,
  ExchangeError.KeyRefused,
  ExchangeError.NotPlaced,
  ExchangeError.OutcomeUnknown
)
