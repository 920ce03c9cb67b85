import { OrderJournal } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import { Effect, Layer, Logger, LogLevel } from "effect"
import { Coinbase } from "../src/index.js"
import { atNow, fixture, json } from "./utils.js"

/** Provides scripted responses by path, for any query. */
export const scripted = <A, E>(
  answers: { readonly [path: string]: unknown },
  effect: Effect.Effect<A, E, Layer.Layer.Success<ReturnType<typeof Coinbase.layer>> | ScriptedHttp.ScriptedHttp>
) =>
  atNow(Effect.provide(
    effect,
    Layer.provideMerge(
      Layer.provide(
        Coinbase.layer({
          environment: { name: "scripted", baseUrl: "http://scripted.localhost" },
          credentials: Simulator.credentials("coinbase")
        }),
        OrderJournal.layerNone
      ),
      ScriptedHttp.layer(({ url }) => {
        const path = /\/brokerage\/([^?]*)/.exec(url)?.[1] ?? ""
        return ScriptedHttp.json(answers[path] ?? (path === "market/products" ? json(fixture("products")) : {}))
      })
    )
  )).pipe(Logger.withMinimumLogLevel(LogLevel.None))
