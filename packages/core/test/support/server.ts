import { Effect, type Scope } from "effect"
import * as Http from "node:http"
import type { AddressInfo, Socket } from "node:net"

/** A server on the loopback, with the requests and connections it received. */
export interface Server {
  readonly origin: string
  readonly requests: ReadonlyArray<Http.IncomingMessage>
  /** Every connection ever accepted. */
  readonly sockets: ReadonlySet<Socket>
  readonly http: Http.Server
}

export const make = (
  handler: (request: Http.IncomingMessage, response: Http.ServerResponse) => void
): Effect.Effect<Server, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<Server>((resume) => {
      const requests: Array<Http.IncomingMessage> = []
      const sockets = new Set<Socket>()
      const http = Http.createServer((request, response) => {
        requests.push(request)
        handler(request, response)
      })
      http.on("connection", (socket) => sockets.add(socket))
      http.listen(0, "127.0.0.1", () => {
        const address: AddressInfo | string | null = http.address()
        const port = address !== null && typeof address === "object" ? address.port : 0
        resume(Effect.succeed({ origin: `http://127.0.0.1:${port}`, requests, sockets, http }))
      })
    }),
    ({ http, sockets }) =>
      Effect.async<void>((resume) => {
        // Not `closeAllConnections`: it forgets those that were upgraded.
        for (const socket of sockets) socket.destroy()
        http.close(() => resume(Effect.void))
      })
  )
