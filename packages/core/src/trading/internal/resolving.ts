import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Markets } from "../../engine/Markets.js"
import { type AccountError, InvalidRequest } from "../../model/ExchangeError.js"
import type { Reference } from "../../model/Order.js"
import type * as Adapter from "../../ports/Adapter.js"
import * as orderInput from "./orderInput.js"

/**
 * Resolves a reference, which may be any value, to an order of a market: by its id if it has one, and otherwise by its
 * client order id.
 *
 * @internal
 */
export const resolve = (
  exchange: string,
  operation: string,
  markets: Markets,
  reference: Reference
): Effect.Effect<Adapter.Reference, AccountError> =>
  Either.match(orderInput.reference(reference), {
    onLeft: (detail) => new InvalidRequest({ exchange, operation, detail }),
    onRight: ({ symbol, ...name }) =>
      Effect.map(markets.find(operation, symbol), (market): Adapter.Reference => ({ market, ...name }))
  })
