import { Health } from "@effect-exchange/core"
import { Exchanges } from "@effect-exchange/exchanges"
import { Simulator } from "@effect-exchange/simulator"
import { type HttpClient, HttpServer } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { type ConfigError, type Duration, Effect, Layer, Logger, LogLevel } from "effect"
import { createServer } from "node:http"
import { Server, Sources } from "../../src/index.js"

/** A service on a free port of this machine, with simulated exchanges. */
export const service = (
  ids: ReadonlyArray<Exchanges.ExchangeId>,
  options: Server.Options = {},
  deadline: Duration.DurationInput = "2 seconds"
) => {
  const layers: Sources.Layers<ConfigError.ConfigError, HttpClient.HttpClient> = Object.fromEntries(ids.map((id) => [
    id,
    Layer.fresh(Exchanges.layerMarketData(id, {
      environment: Simulator.environment(id),
      retry: { attempts: 1 },
      deadline,
      attemptTimeout: deadline
    }))
  ]))
  return serving(layers, options).pipe(Layer.provideMerge(Simulator.layer(ids)))
}

/** A service on a free port of this machine, with the given exchanges. */
export const serving = <E, R>(layers: Sources.Layers<E, R>, options: Server.Options = {}) =>
  Server.layer(options).pipe(
    Layer.provideMerge(Sources.layer(layers)),
    Layer.provideMerge(Health.layer),
    Layer.provideMerge(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" })),
    Layer.provide(Logger.minimumLogLevel(LogLevel.None))
  )

/** The URL of the service. */
export const address = Effect.map(
  HttpServer.HttpServer,
  (server) => HttpServer.formatAddress(server.address)
)

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: unknown
}

/** Sends a request with `fetch`. */
export const sendRequest = (path: string, init?: RequestInit) =>
  Effect.flatMap(address, (base) =>
    Effect.promise(async (signal): Promise<Reply> => {
      const response = await fetch(`${base}${path}`, { signal, ...init })
      const text = await response.text()
      const isJson = /json/.test(response.headers.get("content-type") ?? "")
      return {
        status: response.status,
        headers: response.headers,
        text,
        json: isJson && text !== "" ? JSON.parse(text) : undefined
      }
    }))

/** Collects the events of a stream until it is closed. */
export const openStream = (path: string) =>
  Effect.gen(function*() {
    const base = yield* address
    const controller = new AbortController()
    const events: Array<{ readonly event: string; readonly data: Readonly<Record<string, unknown>> }> = []
    const response = fetch(`${base}${path}`, { signal: controller.signal })
    const ended = response.then(async ({ body }) => {
      let text = ""
      for await (const chunk of (body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
        text += chunk
        const parts = text.split("\n\n")
        text = parts.pop() ?? ""
        for (const part of parts) {
          const [, event, data] = /^event: (\w+)\ndata: (.+)$/.exec(part) ?? []
          if (event !== undefined && data !== undefined) events.push({ event, data: JSON.parse(data) })
        }
      }
    }).catch(() => undefined)
    return {
      events,
      status: Effect.promise(() => response.then(({ status }) => status)),
      end: Effect.promise(() => ended),
      close: Effect.promise(() => {
        controller.abort()
        return ended
      })
    }
  })
