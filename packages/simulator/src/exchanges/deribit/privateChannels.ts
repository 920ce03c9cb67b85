import { holdings } from "../../internal/holdings.js"
import type { Json } from "../../internal/json.js"
import type * as Watch from "../../internal/watch.js"
import type { World } from "../../World.js"
import { summary } from "./account.js"
import { find, isAsked } from "./markets.js"
import { fillRow, orderRow } from "./orders.js"

/** @internal A channel of the account, and the scope that it needs. */
export interface Channel {
  readonly what: "orders" | "trades" | "portfolio"
  /** What the channel covers: an instrument, or a kind and a currency, where `undefined` means any. */
  readonly instrument: string | undefined
  readonly kind: string | undefined
  readonly currency: string | undefined
  /** Whether each order is sent in its own message, immediately after it changes. */
  readonly isRaw: boolean
  readonly needs: "trade:read" | "account:read"
}

/** @internal */
export const channelOf = (name: string): Channel | undefined => {
  const [, currency] = /^user\.portfolio\.(\w+)$/.exec(name) ?? []
  if (currency !== undefined) {
    const [instrument, kind, isRaw] = [undefined, undefined, true]
    return { what: "portfolio", instrument, kind, currency: wordOf(currency), isRaw, needs: "account:read" }
  }
  const [, what, one = "", two, pace] = /^user\.(orders|trades)\.([^.]+)(?:\.([^.]+))?\.(raw|100ms)$/.exec(name) ?? []
  if (what !== "orders" && what !== "trades") return undefined
  const shared = { what, isRaw: pace === "raw", needs: "trade:read" } as const
  if (two !== undefined) return { ...shared, instrument: undefined, kind: wordOf(one), currency: wordOf(two) }
  return find(one) && { ...shared, instrument: one, kind: undefined, currency: undefined }
}

const wordOf = (word: string): string | undefined => word.toLowerCase() === "any" ? undefined : word

/** @internal Returns the data of each notification for changed orders. */
export const executed = (
  { currency, instrument, isRaw, kind, what }: Channel,
  { events }: Watch.Change & { readonly _tag: "Executions" }
): ReadonlyArray<Json> => {
  const isMeant = isAsked({ instrument_name: instrument, currency, kind })
  const rows = events.flatMap(({ fill, order }) => {
    const listing = find(order.instrument)
    if (listing === undefined || !isMeant({ listing })) return []
    if (what === "orders") return [orderRow({ listing, order })]
    return fill === undefined ? [] : [fillRow({ listing, order, fill })]
  })
  if (rows.length === 0) return []
  return what === "orders" && isRaw ? rows : [rows]
}

/** @internal Returns the summary of each currency of a channel. */
export const portfolio = ({ currency }: Channel, world: World) =>
  holdings(world).filter(({ asset }) => (currency ?? asset).toUpperCase() === asset).map(summary)
