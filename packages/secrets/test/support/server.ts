import { NodeExchange } from "@effect-exchange/core/node"
import { FetchHttpClient, FileSystem, HttpServer, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { NodeContext, NodeHttpServer } from "@effect/platform-node"
import { Context, Effect, Layer } from "effect"
import { createServer } from "node:http"

/** A request as received from the socket. */
export interface Received {
  readonly method: string
  /** With its query. */
  readonly path: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body: string
}

export const json = (status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(value)
})

export type Handler = (request: Received) => Effect.Effect<Reply>

/**
 * A server on a free port of the loopback interface, with the clock of the test. `received` contains every request. The
 * handlers in `instead` respond to the next requests in place of the usual one.
 */
export const start = (handler: Handler) =>
  Effect.gen(function*() {
    const received: Array<Received> = []
    const instead: Array<Handler> = []
    const app = Effect.gen(function*() {
      const request = yield* HttpServerRequest.HttpServerRequest
      const about: Received = {
        method: request.method,
        path: request.url,
        headers: request.headers,
        body: yield* request.text
      }
      received.push(about)
      const { body, headers, status } = yield* (instead.shift() ?? handler)(about)
      return HttpServerResponse.text(body, {
        status,
        headers: { ...headers },
        contentType: headers?.["content-type"] ?? "text/plain"
      })
    })
    const context = yield* Layer.build(
      HttpServer.serve(app).pipe(
        Layer.provideMerge(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" }))
      )
    )
    const { address } = Context.get(context, HttpServer.HttpServer)
    return { url: HttpServer.formatAddress(address), received, instead }
  }).pipe(Effect.orDie)

/** The platform services that a source requires: HTTP and files. */
export const platform = Layer.merge(NodeExchange.layerHttp(), NodeContext.layer)

/** The same with an HTTP client that follows redirects and traces requests by default. */
export const redirectFollowingPlatform = Layer.merge(FetchHttpClient.layer, NodeContext.layer)

/** A temporary file with this text, deleted when the scope closes. */
export const file = (text: string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* fs.makeTempFileScoped()
    const write = (text: string) => Effect.orDie(fs.writeFileString(path, text))
    yield* write(text)
    return { path, write }
  }).pipe(Effect.orDie)
