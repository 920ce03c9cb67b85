import { ExchangeError, type Market } from "@effect-exchange/core"
import type { Adapter, ExchangeClient } from "@effect-exchange/core/adapter"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Errors from "../Errors.js"
import { sizeOf } from "../Mapping.js"
import * as OrderMapping from "../OrderMapping.js"
import * as TradingEndpoints from "../TradingEndpoints.js"
import type { Ack } from "../TradingWire.js"
import { pending } from "./account.js"

type Client = ExchangeClient.ExchangeClient<"marketData" | "account" | "trading">

/** @internal How many orders a request may place or cancel. */
export const batch = 20

/** @internal */
export const make = (client: Client): Adapter.Trading => ({
  clientOrderId: {
    pattern: /^[A-Za-z0-9]{1,32}$/,
    described: "1 to 32 of A-Z a-z 0-9",
    make: (hex) => hex
  },
  // An order is refused that comes to the matching engine more than 5 seconds after it was signed; as much again for the
  // clocks to differ and for it to be shown.
  absentAfter: "10 seconds",
  place: (order) =>
    Effect.map(
      client.request(TradingEndpoints.placeOrder, OrderMapping.newOrder(order)),
      ({ ordId }) => accepted(ordId)
    ),
  placeBatch: (orders) =>
    Effect.gen(function*() {
      const acks = yield* client.request(TradingEndpoints.placeOrders, { orders: orders.map(OrderMapping.newOrder) })
      const now = yield* Clock.currentTimeMillis
      return orders.map(({ clientOrderId }, index) => {
        const ack = acks.find(({ clOrdId }) => clOrdId === clientOrderId) ?? inPlace(orders, acks, index)
        if (ack === undefined) return Either.left(unanswered())
        return ack.sCode === "0"
          ? Either.right(accepted(ack.ordId))
          : Either.left(Errors.fromAck("placeBatch", ack, now))
      })
    }),
  cancel: (reference) =>
    Effect.as(client.request(TradingEndpoints.cancelOrder, OrderMapping.named(reference)), Option.none()),
  cancelAll: (market) => cancelAll(client, market, { canceled: [], settled: new Set() }),
  amend: (reference, { amount, price }) =>
    Effect.as(
      client.request(TradingEndpoints.amendOrder, {
        ...OrderMapping.named(reference),
        newSz: amount === undefined ? undefined : sizeOf(reference.market, amount),
        newPx: price
      }),
      Option.none()
    )
})

const accepted = (id: string): Adapter.Placed => ({ _tag: "Accepted", id })

// A refused order may come back without its names.
const inPlace = (asked: ReadonlyArray<unknown>, acks: ReadonlyArray<Ack>, index: number): Ack | undefined => {
  const ack = acks.length === asked.length ? acks[index] : undefined
  return ack !== undefined && (ack.clOrdId ?? "") === "" ? ack : undefined
}

const unanswered = (): ExchangeError.MalformedResponse =>
  new ExchangeError.MalformedResponse({
    exchange: "okx",
    operation: "placeBatch",
    detail: "the answer says nothing of one of the orders"
  })

interface Sweep {
  readonly canceled: ReadonlyArray<string>
  /** Orders that were canceled or had ended: they may be listed for a moment still. */
  readonly settled: ReadonlySet<string>
}

// OKX has no request for all orders of a market: list them, cancel them, and list again until none is left.
const cancelAll = (
  client: Client,
  market: Market.Market,
  { canceled, settled }: Sweep
): Effect.Effect<ReadonlyArray<string>, ExchangeError.TradingError> =>
  Effect.gen(function*() {
    const standing = (yield* pending(client, market)).map(({ ordId }) => ordId).filter((id) => !settled.has(id))
    if (standing.length === 0) return canceled
    const acks = (yield* Effect.forEach(Arr.chunksOf(standing, batch), (ids) => cancelBatch(client, market, ids)))
      .flat()
    const done = acks.filter(({ sCode }) => sCode === "0")
    const over = acks.filter(({ sCode }) => sCode === "0" || Errors.hasEnded(sCode))
    const refused = acks.find((ack) => !over.includes(ack))
    if (refused !== undefined) {
      return yield* Errors.fromAck("cancelAll", refused, yield* Clock.currentTimeMillis)
    }
    return yield* cancelAll(client, market, {
      canceled: [...canceled, ...done.map(({ ordId }) => ordId)],
      settled: new Set([...settled, ...standing])
    })
  })

const cancelBatch = (
  client: Client,
  market: Market.Market,
  ids: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Ack>, ExchangeError.TradingError> =>
  client.request(TradingEndpoints.cancelOrders, { orders: ids.map((ordId) => ({ instId: market.id, ordId })) }).pipe(
    // The answer about one order alone is an error as a whole when that one has ended meanwhile.
    Effect.catchIf(
      ({ code }) => Errors.hasEnded(code),
      ({ code = "" }): Effect.Effect<ReadonlyArray<Ack>> => Effect.succeed(ids.map((ordId) => ({ ordId, sCode: code })))
    )
  )
