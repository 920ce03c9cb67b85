import { Account, OrderJournal, Trading } from "@effect-exchange/core"
import { Simulator } from "@effect-exchange/simulator"
import { HttpClient, HttpClientResponse } from "@effect/platform"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Random, Schema } from "effect"
import { build } from "esbuild"
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Exchanges } from "../../src/index.js"
import { type Request, send, serve } from "../attack/wire.js"
import { isChange, symbol } from "../support/exchanges.js"
import { report, type Run, seeded } from "../support/sampling.js"
import { skippingClock } from "../support/skippingClock.js"

/**
 * When a process is killed: some milliseconds after its first request (`Sometime`), or at its nth order: when the order
 * arrives and is dropped (`Lost`), when it is carried out but not answered, or some milliseconds after the response.
 */
type Moment =
  | { readonly _tag: "Sometime"; readonly millis: number }
  | { readonly _tag: "Lost" | "Unanswered"; readonly order: number }
  | { readonly _tag: "Answered"; readonly order: number; readonly millis: number }

const names = ["killed0", "killed1", "killed2"] as const

const moments: Effect.Effect<Moment> = Effect.gen(function*() {
  const kind = yield* Random.nextIntBetween(0, 4)
  const order = yield* Random.nextIntBetween(0, names.length)
  const millis = yield* Random.nextIntBetween(0, 200)
  if (kind === 0) return { _tag: "Sometime", millis }
  if (kind === 1) return { _tag: "Lost", order }
  return kind === 2 ? { _tag: "Unanswered", order } : { _tag: "Answered", order, millis: millis / 10 }
})

/** Bundles the trader into one file, because its sources would take longer to start than to trade. */
const bundled = Effect.acquireRelease(
  Effect.promise(async () => {
    const directory = mkdtempSync(join(tmpdir(), "effect-exchange-kills-"))
    const script = join(directory, "trader.cjs")
    await build({
      entryPoints: [fileURLToPath(new URL("trader.ts", import.meta.url))],
      outfile: script,
      bundle: true,
      platform: "node",
      format: "cjs",
      target: "node20",
      logLevel: "warning"
    })
    return { directory, script }
  }),
  ({ directory }) => Effect.sync(() => rmSync(directory, { recursive: true }))
)

/** Provides the exchange to the program that continues after the kill, with its own clock. */
const client = (simulator: Simulator.Simulator, sent: Array<Request>): Layer.Layer<HttpClient.HttpClient> =>
  Layer.succeed(
    HttpClient.HttpClient,
    HttpClient.make((request, url) => {
      const one = {
        method: request.method,
        target: url.pathname + url.search,
        headers: { ...request.headers, host: url.host },
        body: Buffer.from(request.body._tag === "Uint8Array" ? request.body.body : new Uint8Array())
      }
      sent.push(one)
      return Effect.map(
        Effect.orDie(simulator.handle({ ...one, remoteAddress: "127.0.0.1" })),
        (served) =>
          HttpClientResponse.fromWeb(
            request,
            new Response(new Uint8Array(served.body), { status: served.status, headers: served.headers })
          )
      )
    })
  )

const isOrder = ({ method, target }: Request): boolean => isChange({ method, path: target.replace(/\?.*$/, "") })

const nameIn = ({ body, target }: Request): string | undefined =>
  names.find((name) => `${target} ${body.toString()}`.includes(name))

/** Runs the trader until it is killed or has ended. */
const runTrader = (
  id: Exchanges.ExchangeId,
  simulator: Simulator.Simulator,
  script: string,
  path: string,
  moment: Moment,
  arrived: Array<string>
) =>
  Effect.scoped(Effect.gen(function*() {
    let kill = () => {}
    let first = true
    let orders = 0
    const origin = yield* serve((request) =>
      Effect.gen(function*() {
        if (first && moment._tag === "Sometime") setTimeout(() => kill(), moment.millis)
        first = false
        const isMine = isOrder(request) && moment._tag !== "Sometime" && orders === moment.order
        if (isOrder(request)) {
          orders++
          arrived.push(nameIn(request) ?? "?")
        }
        if (isMine && moment._tag === "Lost") {
          kill()
          return []
        }
        const { body, headers, status } = yield* Effect.orDie(
          simulator.handle({ ...request, remoteAddress: "127.0.0.1" })
        )
        if (isMine && moment._tag === "Unanswered") {
          kill()
          return []
        }
        if (isMine && moment._tag === "Answered") setTimeout(() => kill(), moment.millis)
        const lines = Object.entries({ ...headers, "content-length": String(body.length) })
          .map(([name, value]) => `${name}: ${value}\r\n`)
        return [send(`HTTP/1.1 ${status} Whatever\r\n${lines.join("")}\r\n`), send(body)]
      })
    )
    yield* Effect.async<void>((resume) => {
      const child = spawn(process.execPath, [script, id, origin, path, ...names], { stdio: "ignore" })
      kill = () => child.kill("SIGKILL")
      child.on("close", () => resume(Effect.void))
      return Effect.sync(() => child.kill("SIGKILL"))
    })
  }))

const decode = Schema.decodeUnknownOption(Schema.parseJson(OrderJournal.Entry))

/** Returns the client order ids in the journal, whatever their outcome. */
const journaledIds = (path: string): ReadonlyArray<string> =>
  existsSync(path)
    ? readFileSync(path, "utf8").split("\n").flatMap((line) =>
      Option.toArray(Option.map(decode(line), ({ clientOrderId }) => clientOrderId))
    )
    : []

/** Reconciles in a restarted program, and returns the results and the open orders. */
const restart = (id: Exchanges.ExchangeId, simulator: Simulator.Simulator, path: string, sent: Array<Request>) =>
  Effect.gen(function*() {
    const trading = yield* Trading.Trading
    const journal = yield* OrderJournal.OrderJournal
    const open = yield* journal.open
    const reconciled = yield* trading.reconcile
    const openOrders = yield* Effect.flatMap(Account.Account, ({ openOrders }) => openOrders(symbol))
    return { open, reconciled, standing: openOrders, left: yield* journal.open }
  }).pipe(
    Effect.provide(
      Exchanges.layerTrading(id, {
        environment: { name: "killed", baseUrl: "http://127.0.0.1:1" },
        credentials: Simulator.credentials(id)
      }).pipe(
        Layer.provide(client(simulator, sent)),
        Layer.provideMerge(OrderJournal.layerFile(path)),
        Layer.provide(NodeFileSystem.layer)
      )
    ),
    Effect.orDie
  )

/** Kills a trader once, and returns what is wrong afterwards. */
const killOnce = (
  id: Exchanges.ExchangeId,
  script: string,
  path: string,
  moment: Moment
): Effect.Effect<ReadonlyArray<string>> =>
  Effect.gen(function*() {
    const simulator = yield* Simulator.make(id)
    const arrived: Array<string> = []
    yield* runTrader(id, simulator, script, path, moment, arrived)
    const known = journaledIds(path)
    const sent: Array<Request> = []
    const { left, open, reconciled, standing: openOrders } = yield* restart(id, simulator, path, sent).pipe(
      Effect.withClock(skippingClock(yield* Effect.clockWith(({ currentTimeMillis }) => currentTimeMillis)))
    )
    const outcomes = journaledIds(path)
    const openIds = openOrders.flatMap(({ clientOrderId }) => clientOrderId ?? [])
    const problems: Array<string> = []
    for (const name of names) {
      const count = openIds.filter((one) => one === name).length
      const found = reconciled.find(({ intent }) => intent.clientOrderId === name)
      const order = openOrders.find(({ clientOrderId }) => clientOrderId === name)
      const arrivals = arrived.filter((one) => one === name).length
      if (count > 1) problems.push(`${name} is open ${count} times`)
      if (arrivals > 1) problems.push(`${name} was sent ${arrivals} times`)
      if (count > 0 && !known.includes(name)) problems.push(`${name} is open, but is not in the journal`)
      if (arrivals > 0 && !known.includes(name)) problems.push(`${name} was sent, but is not in the journal`)
      const isOpen = open.some(({ clientOrderId }) => clientOrderId === name)
      if (isOpen && found === undefined) problems.push(`${name} was left open in the journal, and was not reconciled`)
      if (found?._tag === "Unknown") problems.push(`${name} could not be reconciled: ${found.error.message}`)
      if (found?._tag === "NotPlaced" && count > 0) problems.push(`${name} is open, but was reconciled as NotPlaced`)
      if (found?._tag === "Placed" && found.order.id !== order?.id) {
        problems.push(`${name} was reconciled as another order`)
      }
      if (!isOpen && known.includes(name) && arrivals > 0 && count === 0) problems.push(`${name} is lost`)
    }
    if (openOrders.length !== openIds.length) problems.push("some orders have no client order id")
    if (left.length > 0) problems.push(`${left.length} intents are still open`)
    if (sent.some(isOrder)) problems.push("an order was sent while reconciling")
    if (known.some((name) => !outcomes.includes(name)) && left.length > 0) problems.push("the journal forgot an order")
    return problems.map((each) => `${id}, ${JSON.stringify(moment)}: ${each}`)
  })

const kills = 50

/** Registers fifty kills of a trading process on each exchange, or a sample of them, three at a time. */
export const register = (run: Run): void => {
  describe.sequential("kills", () => {
    for (const id of Exchanges.ids) {
      it.scopedLive(
        `a process killed at any moment neither loses nor repeats an order: ${id}`,
        () =>
          Effect.gen(function*() {
            const { directory, script } = yield* bundled
            const planned = yield* seeded(run, `kills ${id}`)(Effect.replicateEffect(moments, run.sample ?? kills))
            const problems = yield* Effect.forEach(
              planned,
              (moment, index) => killOnce(id, script, join(directory, `${id}-${index}.jsonl`), moment),
              { concurrency: 3 }
            )
            assert.deepStrictEqual(report(run, problems.flat()), [], id)
          }),
        600_000
      )
    }
  })
}
