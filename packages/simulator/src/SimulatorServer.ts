/**
 * Simulated exchanges on real sockets: each has its own server on 127.0.0.1, for HTTP and for its WebSockets.
 *
 * A client sees the same behaviour as with {@link Simulator.layer}, except for these differences of real sockets:
 *
 * - `refused`: a listening server cannot refuse a connection, so it closes the connection before a response. The client
 *   sees `ECONNRESET` or "other side closed" instead of `ECONNREFUSED`.
 * - `reset`: the server sends a TCP reset after the exchange has served the request.
 *
 * A client on this machine can control each server while it runs:
 *
 * - `GET /_simulator` returns its state.
 * - `PUT /_simulator/faults` sets its faults: `Faults.Json`, or the name of predefined faults.
 * - `PUT /_simulator/prices/{symbol}` with `{"last": "64000.5"}` sets a price.
 * - `POST /_simulator/orders/{id}/fill` with `{"amount": "0.5"}` or an empty body fills an open order.
 * - `POST /_simulator/sockets` with `"Gap"`, another {@link Simulator.Disturbance} or `{"close": 1012}` disturbs its
 *   sockets.
 *
 * None of these requests is metered, delayed or hit by a fault.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Http from "node:http"
import { WebSocketServer } from "ws"
import type { SimulatedRequest, SimulatedResponse } from "./Dialect.js"
import * as Control from "./internal/control.js"
import * as Delivery from "./internal/delivery.js"
import { serveClient } from "./internal/serverSocket.js"
import * as Simulator from "./Simulator.js"

/**
 * The options of the servers and of the exchanges they simulate.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Simulator.Options {
  /** The port of each exchange, by its id. Defaults to `0`, which chooses any free port. */
  readonly ports?: { readonly [id: string]: number | undefined } | undefined
}

/**
 * An exchange that a server is serving.
 *
 * @since 0.1.0
 * @category models
 */
export interface Served {
  readonly id: string
  /** For example `http://127.0.0.1:41234`, without a path. */
  readonly baseUrl: string
  readonly simulator: Simulator.Simulator
}

/**
 * The running servers.
 *
 * @since 0.1.0
 * @category tags
 */
export class SimulatorServer extends Context.Tag("@effect-exchange/simulator/SimulatorServer")<
  SimulatorServer,
  {
    readonly exchanges: ReadonlyArray<Served>
    /**
     * Returns the environment that points a client to an exchange, as {@link Simulator.environment} does for exchanges
     * in memory.
     */
    readonly environment: (
      exchange: Simulator.Exchange
    ) => Effect.Effect<{ readonly name: "simulated"; readonly baseUrl: string }, Simulator.ExchangeNotSimulated>
  }
>() {}

/**
 * Serves exchanges until the scope closes, which interrupts the requests in progress and closes all connections.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function*(
  exchanges: Simulator.Exchange | ReadonlyArray<Simulator.Exchange>,
  options: Options = {}
): Effect.fn.Return<Context.Tag.Service<SimulatorServer>, ServerFailed, Scope.Scope> {
  const simulators = yield* Simulator.makeAll(exchanges, options)
  const served = yield* Effect.forEach(
    simulators,
    (simulator) =>
      Effect.map(serve(simulator, options.ports?.[simulator.id] ?? 0), (baseUrl): Served => ({
        id: simulator.id,
        baseUrl,
        simulator
      }))
  )
  return {
    exchanges: served,
    environment: (exchange) => {
      const id = Simulator.idOf(exchange)
      const found = served.find((one) => one.id === id)
      return found === undefined
        ? new Simulator.ExchangeNotSimulated({ exchange: id })
        : Effect.succeed({ name: "simulated", baseUrl: found.baseUrl })
    }
  }
})

/**
 * Provides the servers, together with their simulators for inspection.
 *
 * @example
 * import { SimulatorServer } from "@effect-exchange/simulator"
 * import { Effect } from "effect"
 *
 * // Any program that takes a base URL can use the server.
 * const program = Effect.gen(function*() {
 *   const { environment } = yield* SimulatorServer.SimulatorServer
 *   const { baseUrl } = yield* environment("kraken")
 *   yield* Effect.log(baseUrl) // http://127.0.0.1:40123
 * }).pipe(Effect.provide(SimulatorServer.layer("kraken")))
 *
 * Effect.runFork(program)
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  exchanges: Simulator.Exchange | ReadonlyArray<Simulator.Exchange>,
  options: Options = {}
): Layer.Layer<SimulatorServer | Simulator.Simulators, ServerFailed> =>
  Layer.scopedContext(
    Effect.map(make(exchanges, options), (server) =>
      Context.make(SimulatorServer, server).pipe(
        Context.add(Simulator.Simulators, Simulator.registry(server.exchanges.map(({ simulator }) => simulator)))
      ))
  )

/**
 * A server failed to listen, most often because its port is taken.
 *
 * @since 0.1.0
 * @category errors
 */
export class ServerFailed
  extends Schema.TaggedError<ServerFailed>("@effect-exchange/simulator/SimulatorServer/ServerFailed")("ServerFailed", {
    exchange: Schema.String,
    port: Schema.Number,
    cause: Schema.Defect
  })
{
  override get message(): string {
    return `The simulated ${this.exchange} could not listen on port ${this.port}; choose another port, or 0 for any free port.`
  }
}

const serve = Effect.fnUntraced(function*(
  simulator: Simulator.Simulator,
  port: number
): Effect.fn.Return<string, ServerFailed, Scope.Scope> {
  const run = yield* FiberSet.makeRuntime<never>()
  const server = Http.createServer((incoming, outgoing) => {
    const fiber = run(respond(simulator, incoming, outgoing))
    // Also emitted after a complete response, when the interruption has no effect.
    outgoing.once("close", () => fiber.unsafeInterruptAsFork(fiber.id()))
  })
  const sockets = new WebSocketServer({ noServer: true, maxPayload: largestMessage })
  server.on("upgrade", (incoming, socket, head) => {
    sockets.handleUpgrade(incoming, socket, head, (webSocket) => {
      run(serveClient(simulator, webSocket, incoming.url ?? "/"))
    })
  })
  yield* Effect.acquireRelease(listen(server, simulator.id, port), () => close(server))
  const address = server.address()
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : port}`
})

const largestMessage = 1024 * 1024

const listen = (server: Http.Server, exchange: string, port: number): Effect.Effect<void, ServerFailed> =>
  Effect.async((resume) => {
    server.once("error", (cause) => resume(new ServerFailed({ exchange, port, cause })))
    server.listen(port, "127.0.0.1", () => resume(Effect.void))
  })

const close = (server: Http.Server): Effect.Effect<void> =>
  Effect.async((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

const respond = (
  simulator: Simulator.Simulator,
  incoming: Http.IncomingMessage,
  outgoing: Http.ServerResponse
): Effect.Effect<void> =>
  read(incoming).pipe(
    Effect.flatMap((body) => {
      const request = requestOf(incoming, body)
      return Control.isControl(request) ? Control.handle(simulator, request) : simulator.handle(request)
    }),
    Effect.flatMap((response) => send(outgoing, response)),
    Effect.catchAll((failure) =>
      Effect.sync(() => {
        if (failure === "Disconnected" || failure.code === "ECONNREFUSED") incoming.socket.destroy()
        else incoming.socket.resetAndDestroy()
      })
    )
  )

const read = (incoming: Http.IncomingMessage): Effect.Effect<Uint8Array, "Disconnected"> =>
  Delivery.collect(Stream.fromAsyncIterable(incoming, (): "Disconnected" => "Disconnected"))

const requestOf = (incoming: Http.IncomingMessage, body: Uint8Array): SimulatedRequest => ({
  method: incoming.method ?? "GET",
  target: incoming.url ?? "/",
  headers: Object.fromEntries(
    Object.entries(incoming.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === "string" ? value : value.join(", ")]]
    )
  ),
  body,
  remoteAddress: incoming.socket.remoteAddress ?? "unknown"
})

const send = (
  outgoing: Http.ServerResponse,
  response: SimulatedResponse
): Effect.Effect<void, "Disconnected"> =>
  Effect.sync(() => {
    // The response carries the date of the exchange's clock, not of this machine's.
    outgoing.sendDate = false
    outgoing.writeHead(response.status, { "content-length": response.body.length, ...response.headers })
  }).pipe(
    Effect.zipRight(
      Stream.runForEach(Delivery.body(response, "Disconnected" as const), (bytes) => write(outgoing, bytes))
    ),
    Effect.zipRight(Effect.sync(() => {
      outgoing.end()
    }))
  )

const write = (outgoing: Http.ServerResponse, bytes: Uint8Array): Effect.Effect<void, "Disconnected"> =>
  Effect.async((resume) => {
    outgoing.write(bytes, (error) => resume(error == null ? Effect.void : Effect.fail("Disconnected")))
  })
