import { FileSystem, Path } from "@effect/platform"
import { NodeContext, NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, type Scope } from "effect"
import { spawn } from "node:child_process"
import type * as Http from "node:http"
import { fileURLToPath } from "node:url"
import { OrderJournal, Trading } from "../src/index.js"
import { credentials } from "./support/exchange.js"
import * as Remote from "./support/remote.js"
import * as Server from "./support/server.js"

const file = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  return path.join(yield* fs.makeTempDirectoryScoped(), "orders.jsonl")
})

const openIn = (path: string) =>
  Effect.flatMap(OrderJournal.OrderJournal, ({ open }) => open).pipe(
    Effect.map((intents) => intents.map(({ clientOrderId }) => clientOrderId)),
    Effect.provide(OrderJournal.layerFile(path))
  )

/** What the server does with an order it receives. */
type Behavior = "answers" | "executes and is silent" | "is silent"

interface RemoteExchange {
  readonly server: Server.Server
  readonly orders: Array<string>
  readonly arrivals: Array<string>
  behavior: Behavior
  /** Called when an order is left without a response. */
  onSilence: () => void
}

const body = (request: Http.IncomingMessage, then: (text: string) => void) => {
  let text = ""
  request.on("data", (chunk) => text += String(chunk)).on("end", () => then(text))
}

const answer = (response: Http.ServerResponse, status: number, value: unknown) =>
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value))

const remoteExchange: Effect.Effect<RemoteExchange, never, Scope.Scope> = Effect.suspend(() => {
  const state: Omit<RemoteExchange, "server"> = { orders: [], arrivals: [], behavior: "answers", onSilence: () => {} }
  const find = (clientOrderId: string, response: Http.ServerResponse) => {
    const index = state.orders.indexOf(clientOrderId)
    if (index < 0) answer(response, 404, { error: "OrderNotFound" })
    else answer(response, 200, { id: `n${index + 1}`, clientOrderId })
  }
  const take = (clientOrderId: string, response: Http.ServerResponse) => {
    state.arrivals.push(clientOrderId)
    if (state.behavior !== "is silent") state.orders.push(clientOrderId)
    if (state.behavior === "answers") answer(response, 200, { id: `n${state.orders.length}`, clientOrderId })
    else state.onSilence()
  }
  return Effect.map(
    Server.make((request, response) =>
      request.method === "GET"
        ? find(request.url?.replace("/orders/", "").replace(/\?.*$/, "") ?? "", response)
        : body(request, (text) => take(JSON.parse(text).clientOrderId, response))
    ),
    (server) => Object.assign(state, { server })
  )
})

/** Runs the trader until it exits, and kills it as soon as the server leaves an order without a response. */
const runTrader = (exchange: RemoteExchange, path: string, ...clientOrderIds: ReadonlyArray<string>) =>
  Effect.async<NodeJS.Signals | number | null>((resume) => {
    const script = fileURLToPath(new URL("support/trader.ts", import.meta.url))
    const child = spawn(
      process.execPath,
      ["--import", "tsx", script, exchange.server.origin, path, ...clientOrderIds],
      {
        cwd: fileURLToPath(new URL("../../..", import.meta.url)),
        stdio: ["ignore", "ignore", "inherit"]
      }
    )
    exchange.onSilence = () => child.kill("SIGKILL")
    child.on("close", (code, signal) => resume(Effect.succeed(signal ?? code)))
    return Effect.sync(() => child.kill("SIGKILL"))
  })

describe("a process that is killed between sending an order and its response", () => {
  it.scopedLive(
    "leaves a journal from which reconciling finds each order or proves that it was not placed",
    () =>
      Effect.gen(function*() {
        const path = yield* file
        const server = yield* remoteExchange
        server.behavior = "answers"
        assert.strictEqual(yield* runTrader(server, path, "first"), 0)
        server.behavior = "executes and is silent"
        assert.strictEqual(yield* runTrader(server, path, "taken"), "SIGKILL")
        server.behavior = "is silent"
        assert.strictEqual(yield* runTrader(server, path, "untaken"), "SIGKILL")
        assert.deepStrictEqual(server.arrivals, ["first", "taken", "untaken"])
        assert.deepStrictEqual(yield* openIn(path), ["taken", "untaken"])

        const found = yield* Effect.flatMap(Trading.Trading, ({ reconcile }) => reconcile).pipe(
          Effect.provide(
            Remote.exchange.layer({ environment: Remote.environment(server.server.origin), credentials }).pipe(
              Layer.provide(OrderJournal.layerFile(path)),
              Layer.provide(NodeHttpClient.layerUndici)
            )
          )
        )
        assert.deepStrictEqual(
          found.map((
            each
          ) => [each.intent.clientOrderId, each._tag, each._tag === "Placed" ? each.order.id : undefined]),
          [["taken", "Placed", "n2"], ["untaken", "NotPlaced", undefined]]
        )
        assert.deepStrictEqual(server.orders, ["first", "taken"])
        assert.strictEqual(server.arrivals.length, 3, "reconciling sends no order")
        assert.deepStrictEqual(yield* openIn(path), [])
      }).pipe(Effect.provide(NodeContext.layer)),
    120_000
  )
})
