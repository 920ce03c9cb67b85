import * as Effect from "effect/Effect"
import { MalformedResponse } from "../../model/ExchangeError.js"
import type { Market } from "../../model/Market.js"

/**
 * Checks that a value belongs to the market. Fails with `MalformedResponse` if the exchange answered about another
 * market.
 *
 * @internal
 */
export const one = <A extends { readonly symbol: string }, E>(
  exchange: string,
  operation: string,
  market: Market,
  read: Effect.Effect<A, E>
): Effect.Effect<A, E | MalformedResponse> =>
  Effect.flatMap(
    read,
    (row) => row.symbol === market.symbol ? Effect.succeed(row) : foreign(exchange, operation, market, row)
  )

/**
 * Checks that all values belong to the market. One foreign row fails the whole list, because a partial list would look
 * like the complete one.
 *
 * @internal
 */
export const all = <A extends { readonly symbol: string }, E>(
  exchange: string,
  operation: string,
  market: Market,
  read: Effect.Effect<ReadonlyArray<A>, E>
): Effect.Effect<ReadonlyArray<A>, E | MalformedResponse> =>
  Effect.flatMap(read, (rows) => {
    const other = rows.find(({ symbol }) => symbol !== market.symbol)
    return other === undefined ? Effect.succeed(rows) : foreign(exchange, operation, market, other)
  })

const foreign = (
  exchange: string,
  operation: string,
  market: Market,
  { symbol }: { readonly symbol: string }
): MalformedResponse =>
  new MalformedResponse({
    exchange,
    operation,
    detail: `requested ${market.symbol}, but the response is about ${symbol}`
  })
