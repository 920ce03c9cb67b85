import * as Effect from "effect/Effect"
import type * as ExchangeClient from "../../engine/ExchangeClient.js"
import * as Frame from "../../engine/internal/frame.js"
import { asTrading } from "../../engine/internal/lane.js"
import { beforeWriting } from "../../model/internal/beforeSending.js"
import type { Amendment, Reference, Request } from "../../model/Order.js"
import type * as Trading from "../../ports/Trading.js"
import * as changing from "./changing.js"
import type { Desk } from "./desk.js"
import * as placing from "./placing.js"
import { placeBatch } from "./placingBatch.js"
import { reconcile } from "./reconciling.js"
import { resolve } from "./resolving.js"

/** @internal */
export const make = (
  desk: Desk,
  client: ExchangeClient.ExchangeClient<"marketData" | "account" | "trading">
): Trading.Trading.Service & {
  readonly request: ExchangeClient.ExchangeClient<"marketData" | "account" | "trading">["request"]
} => {
  const { exchange } = desk
  const attributes = Frame.spanAttributes(desk)
  const method = (name: string) => Effect.fn(`${exchange}.Trading.${name}`, { attributes })
  return {
    exchange,
    request: client.request,
    place: method("place")((request: Request) => placing.place(desk, request), asTrading),
    placeBatch: method("placeBatch")(
      (requests: ReadonlyArray<Request>) => placeBatch(desk, requests),
      asTrading
    ),
    cancel: method("cancel")(function*(reference: Reference) {
      return yield* changing.cancel(desk, yield* beforeWriting(resolve(exchange, "cancel", desk.markets, reference)))
    }, asTrading),
    cancelAll: method("cancelAll")(function*(symbol: string) {
      return yield* desk.adapter.cancelAll(yield* beforeWriting(desk.markets.find("cancelAll", symbol)))
    }, asTrading),
    amend: method("amend")(function*(reference: Reference, amendment: Amendment) {
      return yield* changing.amend(
        desk,
        yield* beforeWriting(resolve(exchange, "amend", desk.markets, reference)),
        amendment
      )
    }, asTrading),
    reconcile: Effect.withSpan(reconcile(desk), `${exchange}.Trading.reconcile`, { attributes })
  }
}
