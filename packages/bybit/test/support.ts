import { OrderJournal } from "@effect-exchange/core"
import type { Exchange } from "@effect-exchange/core/adapter"
import { Faults, Simulator } from "@effect-exchange/simulator"
import { ScriptedHttp } from "@effect-exchange/testing"
import { Duration, Effect, Fiber, Layer, Schema, TestClock } from "effect"
import { Bybit } from "../src/index.js"
import { documented, envelope, now, requestLog, result } from "./utils.js"

type Services = Layer.Layer.Success<ReturnType<typeof Bybit.layer>>

/** Runs a program with a key and a journal on a simulated Bybit. */
export const simulated = <A, E>(
  effect: Effect.Effect<A, E, Services | Simulator.Simulators | OrderJournal.OrderJournal>,
  faults: Faults.Options = {},
  permission: "read" | "trade" | "withdraw" = "trade"
) =>
  Effect.zipRight(
    TestClock.setTime(now),
    Effect.provide(
      effect,
      Bybit.layer({
        environment: Simulator.environment("bybit"),
        credentials: Simulator.credentials("bybit", permission)
      }).pipe(
        Layer.provideMerge(OrderJournal.layerMemory),
        Layer.provideMerge(Simulator.layer("bybit", { faults: Faults.make(faults) }))
      )
    )
  )

/** Runs an effect to its end, and advances the clock by 200 milliseconds at a time. */
export const elapsing = <A, E, R>(effect: Effect.Effect<A, E, R>, duration: Duration.DurationInput = "1 minute") =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(effect)
    const steps = Math.ceil(Duration.toMillis(duration) / 200)
    for (let step = 0; step < steps && fiber.unsafePoll() === null; step++) yield* TestClock.adjust("200 millis")
    return yield* Fiber.join(fiber)
  })

/** The requests to the simulated exchange that may change something. */
export const posts = Effect.map(requestLog, (requests) => requests.filter((request) => request.startsWith("POST")))

export const count = (path: string) =>
  Effect.map(posts, (requests) => requests.filter((request) => request.startsWith(`POST ${path} `)).length)

export const openIntents = Effect.flatMap(OrderJournal.OrderJournal, ({ open }) => open)

export interface Request {
  readonly path: string
  readonly query: URLSearchParams
  /** The body in JSON, empty for a request without a body. */
  readonly body: { readonly [name: string]: unknown }
}

const Body = Schema.decodeUnknownSync(Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown })))

export const parsed = (url: string, body = ""): Request => {
  const { pathname, searchParams } = new URL(url)
  return { path: pathname, query: searchParams, body: body === "" ? {} : Body(body) }
}

/** Provides all services over scripted responses. The markets are those of the fixtures. */
export const scripted = (
  answers: (request: Request) => unknown,
  environment: Exclude<Exchange.TradingOptions<"demo">["environment"], "live" | undefined> = {
    name: "scripted",
    baseUrl: "http://scripted.localhost"
  }
): Layer.Layer<
  Services | OrderJournal.OrderJournal | ScriptedHttp.ScriptedHttp,
  Layer.Layer.Error<ReturnType<typeof Bybit.layer>>
> => {
  const options: Exchange.TradingOptions<"demo"> = {
    environment,
    credentials: documented,
    retry: { attempts: 1 }
  }
  return Bybit.layer(options).pipe(
    Layer.provideMerge(OrderJournal.layerMemory),
    Layer.provideMerge(ScriptedHttp.layer(({ body, url }) => {
      const request = parsed(url, body)
      const status = request.query.get("status") ?? "Trading"
      if (!request.path.endsWith("instruments-info")) return ScriptedHttp.json(answers(request))
      const listed = status === "Trading" ? result(`get_instruments_${request.query.get("category")}`) : { list: [] }
      return ScriptedHttp.json(envelope({ ...listed, nextPageCursor: "" }))
    }))
  )
}

/** Runs a program over responses by path, without `/v5/`. */
export const answering = <A, E, R extends Services | OrderJournal.OrderJournal | ScriptedHttp.ScriptedHttp>(
  answers: { readonly [path: string]: (request: Request) => unknown },
  effect: Effect.Effect<A, E, R>
) => Effect.provide(effect, scripted((request) => answers[request.path.replace("/v5/", "")]?.(request)))

/** Returns a page with a list. */
export const page = (list: ReadonlyArray<unknown>, nextPageCursor: string | null = ""): unknown =>
  envelope({ list, nextPageCursor })
