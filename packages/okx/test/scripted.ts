import { type Environment, type Market, OrderJournal } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import { type Context, Effect, Layer, TestClock } from "effect"
import { Okx } from "../src/index.js"
import { envelope, error, inverse, json, linear, now, rows, spot } from "./utils.js"

/** The services of OKX's own tags. */
export type Services =
  | Context.Tag.Identifier<typeof Okx.MarketData>
  | Context.Tag.Identifier<typeof Okx.Account>
  | Context.Tag.Identifier<typeof Okx.Trading>

/**
 * Provides scripted responses by the start of the request (the method if not `GET`, path and query), one after
 * the other; the last one repeats. Advances the clock whenever the program waits.
 */
export const scripted = <A, E>(
  answers: { readonly [beginning: string]: ReadonlyArray<unknown> },
  effect: Effect.Effect<A, E, Services | ScriptedHttp.ScriptedHttp>,
  options: { readonly environment?: "testnet"; readonly markets?: ReadonlyArray<Market.Market> | undefined } = {
    markets: [spot, linear, inverse]
  }
) => {
  const count = new Map<string, number>()
  const environment: Environment.Custom = { name: "scripted", baseUrl: "http://scripted.localhost" }
  return Effect.provide(
    effect,
    Layer.provideMerge(
      Layer.provide(
        Okx.layer({
          environment: options.environment ?? environment,
          credentials: Simulator.credentials("okx"),
          ...options.markets === undefined ? {} : { markets: options.markets }
        }),
        OrderJournal.layerNone
      ),
      ScriptedHttp.layer((request) => {
        const target = nameOf(request)
        const [key] = Object.keys(answers)
          .filter((beginning) => target.startsWith(beginning))
          .toSorted((one, other) => other.length - one.length)
        const turn = count.get(key ?? "") ?? 0
        count.set(key ?? "", turn + 1)
        const all = key === undefined ? [] : answers[key] ?? []
        return ScriptedHttp.json(all[Math.min(turn, all.length - 1)] ?? json(error("51000", "not in the script")))
      })
    )
  ).pipe(
    (self) => Effect.raceFirst(self, Effect.forever(TestClock.adjust("1 second"))),
    // The markets have the age of the Layer, so the time is set first.
    (self) => Effect.zipRight(TestClock.setTime(now), self)
  )
}

const nameOf = ({ method, url }: Pick<ScriptedHttp.Request, "method" | "url">): string =>
  `${method === "GET" ? "" : `${method} `}${url.replace(/^.*\/api\/v5\//, "")}`

/** The requests in order, with their targets and bodies. */
export const requests = Effect.map(
  Effect.flatMap(ScriptedHttp.ScriptedHttp, ({ requests }) => requests),
  (requests) => requests.map((request) => ({ ...request, target: nameOf(request), body: json(request.body) }))
)

/** Returns the rows of a fixture as a response. */
export const answered = (name: string): unknown => envelope(...rows(name))

/** Returns the three listings. */
export const listed = (listings: {
  readonly spot?: unknown
  readonly swap?: unknown
  readonly futures?: unknown
}) => ({
  "public/instruments?instType=SPOT": [listings.spot ?? envelope()],
  "public/instruments?instType=SWAP": [listings.swap ?? envelope()],
  "public/instruments?instType=FUTURES": [listings.futures ?? envelope()]
})
