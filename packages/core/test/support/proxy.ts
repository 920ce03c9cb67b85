import { Effect, type Scope } from "effect"
import * as Https from "node:https"
import * as Net from "node:net"
import type { Duplex } from "node:stream"
import { selfSigned } from "./certificate.js"
import * as Server from "./server.js"

/** A tunnelling proxy on the loopback, and the tunnels requested from it. */
export interface Proxy {
  /** Host and port. */
  readonly address: string
  readonly tunnels: ReadonlyArray<
    { readonly authority: string | undefined; readonly authorization: string | undefined }
  >
}

/** Connects every tunnel to the given port of the loopback. */
export const make = (
  to: number,
  options: { readonly credentials?: string; readonly status?: number } = {}
): Effect.Effect<Proxy, never, Scope.Scope> =>
  Effect.gen(function*() {
    const server = yield* Server.make((_, response) => response.writeHead(405).end())
    const tunnels: Array<Proxy["tunnels"][number]> = []
    server.http.on("connect", ({ headers, url }, socket) => {
      socket.on("error", () => {})
      const authorization = headers["proxy-authorization"]
      tunnels.push({ authority: url, authorization })
      const status = options.status ?? (authorization === expected(options.credentials) ? 200 : 407)
      if (status !== 200) return socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`)
      const upstream = Net.connect(to, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connected\r\n\r\n")
        upstream.pipe(socket)
        socket.pipe(upstream)
      })
      upstream.on("error", () => socket.destroy())
      socket.on("close", () => upstream.destroy())
    })
    return { address: server.origin.replace("http://", ""), tunnels }
  })

const expected = (credentials: string | undefined): string | undefined =>
  credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString("base64")}`

/** A tunnelling proxy that is reached over TLS, as `localhost`, and the host names for which clients want its certificate. */
export const makeSecure = (to: number): Effect.Effect<
  { readonly port: number; readonly names: ReadonlyArray<string> },
  never,
  Scope.Scope
> =>
  Effect.acquireRelease(
    Effect.async<{ readonly port: number; readonly names: ReadonlyArray<string>; readonly https: Https.Server }>(
      (resume) => {
        const names: Array<string> = []
        const https = Https.createServer({
          ...selfSigned(),
          SNICallback: (name, done) => {
            names.push(name)
            done(null)
          }
        })
        https.on("connect", (_, socket) => {
          const upstream = Net.connect(to, "127.0.0.1", () => {
            socket.write("HTTP/1.1 200 Connected\r\n\r\n")
            upstream.pipe(socket)
            socket.pipe(upstream)
          })
          upstream.on("error", () => socket.destroy())
          socket.on("error", () => {}).on("close", () => upstream.destroy())
        })
        https.listen(0, "127.0.0.1", () => {
          const address = https.address()
          const port = address !== null && typeof address === "object" ? address.port : 0
          resume(Effect.succeed({ port, names, https }))
        })
      }
    ),
    ({ https }) => Effect.sync(() => https.close())
  )

/** An exchange over TLS, with a self-signed certificate. */
export interface Exchange {
  readonly port: number
  readonly https: Https.Server
  readonly headers: ReadonlyArray<NodeJS.Dict<string | ReadonlyArray<string>>>
}

export const exchange: Effect.Effect<Exchange, never, Scope.Scope> = Effect.acquireRelease(
  Effect.async<Exchange & { readonly sockets: ReadonlySet<Duplex> }>((resume) => {
    const headers: Array<NodeJS.Dict<string | ReadonlyArray<string>>> = []
    const sockets = new Set<Duplex>()
    const https = Https.createServer(selfSigned(), (request, response) => {
      headers.push(request.headers)
      response.setHeader("content-type", "application/json").end("{\"value\":1}")
    })
    https.on("connection", (socket) => sockets.add(socket))
    https.listen(0, "127.0.0.1", () => {
      const address = https.address()
      const port = address !== null && typeof address === "object" ? address.port : 0
      resume(Effect.succeed({ port, https, headers, sockets }))
    })
  }),
  ({ https, sockets }) =>
    Effect.async<void>((resume) => {
      for (const socket of sockets) socket.destroy()
      https.close(() => resume(Effect.void))
    })
)
