import { FileSystem, Path } from "@effect/platform"
import { NodeContext, NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Layer, type Scope } from "effect"
import { spawn } from "node:child_process"
import type * as Http from "node:http"
import { fileURLToPath } from "node:url"
import { OrderJournal, Trading } from "../src/index.js"
import { credentials } from "./support/exchange.js"
import * as Remote from "./support/remote.js"
import * as Server from "./support/server.js"

const intent = (clientOrderId: string, rest: Partial<OrderJournal.Intent> = {}): OrderJournal.Intent => ({
  _tag: "Intent",
  exchange: "acme",
  environment: "here",
  account: "mine",
  clientOrderId,
  symbol: "BTC/USDT",
  side: "buy",
  type: "limit",
  amount: "0.01",
  price: "60000",
  timeInForce: "GTC",
  at: 1,
  ...rest
})

const outcome = (clientOrderId: string, rest: Partial<OrderJournal.Outcome> = {}): OrderJournal.Outcome => ({
  _tag: "Placed",
  exchange: "acme",
  environment: "here",
  account: "mine",
  clientOrderId,
  orderId: "n1",
  at: 2,
  ...rest
})

const ids = (intents: ReadonlyArray<OrderJournal.Intent>) => intents.map(({ clientOrderId }) => clientOrderId)

const file = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  return path.join(yield* fs.makeTempDirectoryScoped(), "orders.jsonl")
})

/** Opens a file, uses the journal, and closes it again. */
const inFile = <A, E>(
  path: string,
  use: (journal: OrderJournal.OrderJournal["Type"]) => Effect.Effect<A, E>
) => Effect.flatMap(OrderJournal.OrderJournal, use).pipe(Effect.provide(OrderJournal.layerFile(path)))

const write = (path: string, entries: ReadonlyArray<OrderJournal.Entry>) =>
  inFile(path, (journal) => Effect.forEach(entries, journal.append, { discard: true }))

const openIn = (path: string) => inFile(path, ({ open }) => Effect.map(open, ids))

const text = (path: string) => Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFileString(path))
const replace = (path: string, text: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.writeFileString(path, text))

describe("OrderJournal", () => {
  it("what is open has an intent and no outcome, by exchange, environment and client order id, oldest first", () => {
    assert.deepStrictEqual(
      OrderJournal.openOf([
        intent("b"),
        intent("a"),
        intent("c"),
        intent("b", { environment: "live" }),
        intent("b", { exchange: "other" }),
        outcome("c", { _tag: "NotPlaced", orderId: undefined, reason: "never taken" }),
        outcome("b"),
        outcome("unheard-of")
      ]),
      [intent("a"), intent("b", { environment: "live" }), intent("b", { exchange: "other" })]
    )
  })

  it.effect("in memory forgets what has an outcome", () =>
    Effect.gen(function*() {
      const journal = yield* OrderJournal.OrderJournal
      yield* journal.append(intent("a"))
      yield* journal.append(intent("b"))
      assert.deepStrictEqual(ids(yield* journal.open), ["a", "b"])
      yield* journal.append(outcome("a"))
      assert.deepStrictEqual(ids(yield* journal.open), ["b"])
    }).pipe(Effect.provide(OrderJournal.layerMemory)))
})

describe("OrderJournal.layerFile", () => {
  it.scoped("is a line an entry, and is read again when it is opened again", () =>
    Effect.gen(function*() {
      const path = yield* file
      yield* write(path, [intent("a"), intent("b"), outcome("a", { reason: "line\nbreak } in \u2028 text" })])
      const lines = (yield* text(path)).split("\n")
      assert.strictEqual(lines.length, 4)
      assert.strictEqual(lines[3], "")
      assert.deepStrictEqual(JSON.parse(lines[1] ?? ""), intent("b"))
      assert.deepStrictEqual(yield* openIn(path), ["b"])
      yield* write(path, [outcome("b")])
      assert.deepStrictEqual(yield* openIn(path), [])
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scoped("an entry is on the disk when append returns", () =>
    Effect.gen(function*() {
      const path = yield* file
      yield* inFile(path, (journal) =>
        Effect.gen(function*() {
          yield* journal.append(intent("a"))
          assert.include(yield* Effect.orDie(Effect.provide(text(path), NodeContext.layer)), "\"clientOrderId\":\"a\"")
        }))
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scoped("entries that come at once are whole lines in their order", () =>
    Effect.gen(function*() {
      const path = yield* file
      const names = Array.from({ length: 50 }, (_, index) => `order-${index}`)
      yield* inFile(path, (journal) =>
        Effect.gen(function*() {
          const fibers = yield* Effect.forEach(names, (name) => Effect.fork(journal.append(intent(name))))
          for (const fiber of fibers) yield* fiber
          assert.deepStrictEqual(ids(yield* journal.open), names)
        }))
      assert.deepStrictEqual(yield* openIn(path), names)
    }).pipe(Effect.provide(NodeContext.layer)))

  it.effect.prop(
    "however much of the last line a killed process wrote, the lines before it stand and those after it too",
    [FastCheck.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), FastCheck.string({ unit: "binary" })],
    ([share, reason]) =>
      Effect.gen(function*() {
        const path = yield* file
        yield* write(path, [intent("before"), intent("killed"), outcome("before", { reason })])
        const whole = yield* text(path)
        const second = whole.indexOf("\n", whole.indexOf("\n") + 1) + 1
        const last = new TextEncoder().encode(whole.slice(second))
        // In bytes, as a killed process leaves it.
        const fs = yield* FileSystem.FileSystem
        const head = new TextEncoder().encode(whole.slice(0, second))
        const half = last.slice(0, Math.floor(share * last.length))
        yield* fs.writeFile(path, new Uint8Array([...head, ...half]))
        // Cut before its line break the entry is there.
        const expected = half.length === last.length - 1 ? ["killed"] : ["before", "killed"]
        assert.deepStrictEqual(yield* openIn(path), expected)
        yield* write(path, [intent("after"), outcome("killed")])
        assert.deepStrictEqual(yield* openIn(path), [...expected.filter((id) => id !== "killed"), "after"])
        assert.deepStrictEqual(yield* openIn(path), [...expected.filter((id) => id !== "killed"), "after"])
      }).pipe(Effect.scoped, Effect.provide(NodeContext.layer)),
    { fastCheck: { numRuns: 40, examples: [[0.9999, ""], [0.5, "}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}"]] } }
  )

  it.scoped("a broken line in the middle is an error that names it, and so is a file that cannot be opened", () =>
    Effect.gen(function*() {
      const path = yield* file
      yield* write(path, [intent("a"), intent("b")])
      const [first = "", second = ""] = (yield* text(path)).split("\n")
      for (const broken of [first.slice(0, -9), "{}", "garbage", JSON.stringify({ ...intent("x"), side: "both" })]) {
        yield* replace(path, `${first}\n${broken}\n${second}\n`)
        const error = yield* Effect.flip(openIn(path))
        assert.instanceOf(error, OrderJournal.JournalFailed)
        assert.include(error.message, "line 2 is no entry")
        assert.include(error.message, path)
      }
      const none = yield* Effect.flip(openIn(`${path}/none/orders.jsonl`))
      assert.instanceOf(none, OrderJournal.JournalFailed)
    }).pipe(Effect.provide(NodeContext.layer)))

  it.scoped("after a write that failed half-way the next line is whole again", () =>
    Effect.gen(function*() {
      const path = yield* file
      const fs = yield* FileSystem.FileSystem
      let full = false
      const failing: FileSystem.FileSystem = {
        ...fs,
        open: (name, options) =>
          Effect.map(fs.open(name, options), (inner) => ({
            ...inner,
            [FileSystem.FileTypeId]: FileSystem.FileTypeId,
            sync: inner.sync,
            writeAll: (bytes: Uint8Array) =>
              full
                ? Effect.zipRight(inner.writeAll(bytes.slice(0, 20)), fs.access(`${path}/no`))
                : inner.writeAll(bytes)
          }))
      }
      yield* inFile(path, (journal) =>
        Effect.gen(function*() {
          yield* journal.append(intent("a"))
          full = true
          const error = yield* Effect.flip(journal.append(intent("b")))
          assert.instanceOf(error, OrderJournal.JournalFailed)
          full = false
          yield* journal.append(intent("c"))
          assert.deepStrictEqual(ids(yield* journal.open), ["a", "c"])
        })).pipe(Effect.provideService(FileSystem.FileSystem, failing))
      assert.deepStrictEqual(yield* openIn(path), ["a", "c"])
    }).pipe(Effect.provide(NodeContext.layer)))
})

/** What the server does with an order it receives. */
type Mood = "answers" | "executes and is silent" | "is silent"

interface Far {
  readonly server: Server.Server
  readonly orders: Array<string>
  readonly arrivals: Array<string>
  mood: Mood
  /** Runs when an order is left without an answer. */
  silent: () => void
}

const body = (request: Http.IncomingMessage, then: (text: string) => void) => {
  let text = ""
  request.on("data", (chunk) => text += String(chunk)).on("end", () => then(text))
}

const answer = (response: Http.ServerResponse, status: number, value: unknown) =>
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value))

const far: Effect.Effect<Far, never, Scope.Scope> = Effect.suspend(() => {
  const state: Omit<Far, "server"> = { orders: [], arrivals: [], mood: "answers", silent: () => {} }
  const find = (clientOrderId: string, response: Http.ServerResponse) => {
    const index = state.orders.indexOf(clientOrderId)
    if (index < 0) answer(response, 404, { error: "OrderNotFound" })
    else answer(response, 200, { id: `n${index + 1}`, clientOrderId })
  }
  const take = (clientOrderId: string, response: Http.ServerResponse) => {
    state.arrivals.push(clientOrderId)
    if (state.mood !== "is silent") state.orders.push(clientOrderId)
    if (state.mood === "answers") answer(response, 200, { id: `n${state.orders.length}`, clientOrderId })
    else state.silent()
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

/** Runs the trader until it ends, or is killed in the moment the server falls silent. */
const runTrader = (far: Far, path: string, ...clientOrderIds: ReadonlyArray<string>) =>
  Effect.async<NodeJS.Signals | number | null>((resume) => {
    const script = fileURLToPath(new URL("support/trader.ts", import.meta.url))
    const child = spawn(process.execPath, ["--import", "tsx", script, far.server.origin, path, ...clientOrderIds], {
      cwd: fileURLToPath(new URL("../../..", import.meta.url)),
      stdio: ["ignore", "ignore", "inherit"]
    })
    far.silent = () => child.kill("SIGKILL")
    child.on("close", (code, signal) => resume(Effect.succeed(signal ?? code)))
    return Effect.sync(() => child.kill("SIGKILL"))
  })

describe("a process that is killed between send and answer", () => {
  it.scopedLive(
    "leaves a journal from which each of its orders is found, or shown never to have been",
    () =>
      Effect.gen(function*() {
        const path = yield* file
        const server = yield* far
        server.mood = "answers"
        assert.strictEqual(yield* runTrader(server, path, "first"), 0)
        server.mood = "executes and is silent"
        assert.strictEqual(yield* runTrader(server, path, "taken"), "SIGKILL")
        server.mood = "is silent"
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
