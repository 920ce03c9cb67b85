import { type Credentials, Decimal, OrderJournal } from "@effect-exchange/core"
import { ScriptedHttp } from "@effect-exchange/testing"
import { BigDecimal, Effect, Layer, TestClock } from "effect"
import { BitMex } from "../src/index.js"
import { documented, fixture, json, now } from "./utils.js"

/** Provides scripted responses by method and path, one after the other. A response may be a function of the query. */
export const scripted = <A, E>(
  answers: { readonly [target: string]: ReadonlyArray<unknown> },
  effect: Effect.Effect<A, E, Layer.Layer.Success<ReturnType<typeof BitMex.layer>> | ScriptedHttp.ScriptedHttp>,
  credentials: Credentials.Credentials = documented
) => {
  const count = new Map<string, number>()
  const script = ({ method, url }: ScriptedHttp.Request) => {
    const path = new URL(url).pathname.replace("/api/v1", "")
    const target = method === "GET" ? path : `${method} ${path}`
    const turn = count.get(target) ?? 0
    count.set(target, turn + 1)
    const all = answers[target] ?? (path === "/instrument/active" ? [listed] : undefined)
    const answer = all?.[Math.min(turn, all.length - 1)]
    return all === undefined
      ? ScriptedHttp.json({ error: { message: "unscripted", name: "HTTPError" } }, { status: 400 })
      : ScriptedHttp.json(typeof answer === "function" ? answer(new URL(url).searchParams) : answer)
  }
  const layer = BitMex.layer({ environment: { name: "scripted", baseUrl: "http://scripted.localhost" }, credentials })
  return Effect.zipRight(
    TestClock.setTime(now),
    Effect.provide(
      effect,
      Layer.provideMerge(Layer.provide(layer, OrderJournal.layerNone), ScriptedHttp.layer(script))
    )
  )
}

export const listed = json(fixture("instrument_active"))

/** The bodies of the requests with a method. */
export const sent = (method: string) =>
  Effect.map(
    Effect.flatMap(ScriptedHttp.ScriptedHttp, ({ requests }) => requests),
    (requests) => requests.filter((request) => request.method === method).map(({ body }) => json(body))
  )

/** Formats decimals as text, and removes `undefined` fields. */
export const shown = (value: object): { readonly [name: string]: unknown } =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .map(([name, field]) => [name, BigDecimal.isBigDecimal(field) ? Decimal.format(field) : field])
  )
