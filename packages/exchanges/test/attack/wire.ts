import { Data, Effect, Runtime, type Scope } from "effect"
import * as Net from "node:net"

/** A request as received on the socket. */
export interface Request {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/**
 * An action on the socket. `Flood` continues while the other side reads. A script that ends without `End` or
 * `Reset` leaves the connection open.
 */
export type Act = Data.TaggedEnum<{
  Send: { readonly bytes: Uint8Array }
  Wait: { readonly millis: number }
  Flood: { readonly bytes: Uint8Array }
  End: {}
  Reset: {}
}>

export type Script = ReadonlyArray<Act>

const { End, Flood, Reset, Send, Wait } = Data.taggedEnum<Act>()

const bytesOf = (text: string | Uint8Array): Uint8Array => typeof text === "string" ? Buffer.from(text) : text

export const send = (text: string | Uint8Array): Act => Send({ bytes: bytesOf(text) })
export const flood = (text: string | Uint8Array): Act => Flood({ bytes: bytesOf(text) })
export const wait = (millis: number): Act => Wait({ millis })
export const end: Act = End()
export const reset: Act = Reset()

/** Starts a server that sends only what is in the script, without HTTP of its own. */
export const serve = (
  answer: (request: Request) => Effect.Effect<Script>
): Effect.Effect<string, never, Scope.Scope> =>
  Effect.flatMap(Effect.runtime<never>(), (runtime) =>
    Effect.map(
      Effect.acquireRelease(
        Effect.async<{ readonly server: Net.Server; readonly sockets: Set<Net.Socket> }>((resume) => {
          const sockets = new Set<Net.Socket>()
          const server = Net.createServer({ noDelay: true }, (socket) => {
            sockets.add(socket)
            // The client may close the connection at any time.
            socket.on("error", () => {})
            socket.on("close", () => sockets.delete(socket))
            readRequests(
              socket,
              (request) => Runtime.runFork(runtime)(Effect.flatMap(answer(request), (script) => play(socket, script)))
            )
          })
          server.listen(0, "127.0.0.1", () => resume(Effect.succeed({ server, sockets })))
        }),
        ({ server, sockets }) =>
          Effect.async<void>((resume) => {
            server.close(() => resume(Effect.void))
            for (const socket of sockets) socket.destroy()
          })
      ),
      ({ server }) => {
        const address = server.address()
        return `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`
      }
    ))

const readRequests = (socket: Net.Socket, serve: (request: Request) => void): void => {
  let pending = Buffer.alloc(0)
  socket.on("data", (chunk) => {
    pending = Buffer.concat([pending, Buffer.from(chunk)])
    for (let next = parse(pending); next !== undefined; next = parse(pending)) {
      pending = pending.subarray(next.length)
      serve(next.request)
    }
  })
}

const parse = (bytes: Buffer): { readonly request: Request; readonly length: number } | undefined => {
  const end = bytes.indexOf("\r\n\r\n")
  if (end < 0) return undefined
  const [first = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n")
  const [method = "", target = ""] = first.split(" ")
  const headers = Object.fromEntries(lines.map((line) => {
    const colon = line.indexOf(":")
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  }))
  const length = end + 4 + Number(headers["content-length"] ?? 0)
  return bytes.length < length
    ? undefined
    : { request: { method, target, headers, body: bytes.subarray(end + 4, length) }, length }
}

const play = (socket: Net.Socket, script: Script): Effect.Effect<void> =>
  Effect.forEach(script, (act) => perform(socket, act), { discard: true })

const perform = (socket: Net.Socket, act: Act): Effect.Effect<void> => {
  switch (act._tag) {
    case "Send":
      return write(socket, act.bytes)
    case "Wait":
      return Effect.sleep(act.millis)
    case "Flood":
      return Effect.suspend(() =>
        socket.destroyed ? Effect.void : Effect.zipRight(write(socket, act.bytes), perform(socket, act))
      )
    case "End":
      return Effect.sync(() => {
        socket.end()
      })
    case "Reset":
      // Waits until the bytes are sent, or the other side would receive none.
      return Effect.zipRight(
        Effect.sleep(5),
        Effect.sync(() => {
          socket.resetAndDestroy()
        })
      )
  }
}

const write = (socket: Net.Socket, bytes: Uint8Array): Effect.Effect<void> =>
  Effect.async((resume) => {
    if (socket.destroyed || !socket.writable) return resume(Effect.void)
    const done = () => {
      socket.off("close", done)
      resume(Effect.void)
    }
    socket.once("close", done)
    socket.write(bytes, done)
  })
