import { OrderJournal } from "@effect-exchange/core"
import { ScriptedHttp } from "@effect-exchange/testing"
import { Effect, Layer } from "effect"
import { Kraken } from "../src/index.js"
import { documented, fixture, timed } from "./utils.js"

/** Provides scripted responses by the name of the endpoint, one after the other. */
export const scripted = <A, E>(
  answers: { readonly [name: string]: ReadonlyArray<unknown> },
  effect: Effect.Effect<A, E, Layer.Layer.Success<ReturnType<typeof Kraken.layer>> | ScriptedHttp.ScriptedHttp>,
  headers: { readonly [name: string]: string } = {}
) => {
  const turns = new Map<string, number>()
  const script = (request: ScriptedHttp.Request) => {
    const name = /\/(\w+)(?:\?|$)/.exec(request.url)?.[1] ?? ""
    const count = turns.get(name) ?? 0
    turns.set(name, count + 1)
    const all = answers[name] ?? []
    return ScriptedHttp.json(all[Math.min(count, all.length - 1)] ?? { error: ["EGeneral:Unknown method"] }, {
      headers
    })
  }
  return timed(
    Effect.provide(
      effect,
      Layer.provideMerge(
        Layer.provide(
          Kraken.layer({
            environment: { name: "scripted", baseUrl: "http://scripted.localhost" },
            credentials: documented
          }),
          OrderJournal.layerNone
        ),
        ScriptedHttp.layer(script)
      )
    )
  )
}

/** The scripted listing. */
export const listed = { AssetPairs: [fixture("AssetPairs")] }
/** The requests: the name of the endpoint, the body and the URL. */
export const bodies = Effect.map(
  Effect.flatMap(ScriptedHttp.ScriptedHttp, ({ requests }) => requests),
  (requests) => requests.map(({ body, url }) => ({ name: url.replace(/^.*\/(\w+).*$/, "$1"), body, url }))
)

/** An order as Kraken sends it. */
export const orderRow = (row: {
  readonly pair?: string
  readonly cl_ord_id?: string
  readonly status?: string
  readonly opentm?: number
  readonly side?: "buy" | "sell"
  readonly type?: "limit" | "market"
  readonly price?: string
}) => ({
  cl_ord_id: row.cl_ord_id ?? null,
  status: row.status ?? "open",
  opentm: row.opentm ?? 1,
  descr: {
    pair: row.pair ?? "XBTUSD",
    type: row.side ?? "buy",
    ordertype: row.type ?? "limit",
    price: row.type === "market" ? "0" : row.price ?? "59000.0"
  },
  vol: "0.01000000",
  vol_exec: "0.00000000",
  price: "0.00000",
  oflags: "fciq"
})
