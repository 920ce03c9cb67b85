/**
 * Measures the cost of a `ticker`, from the call to the value, compared with ccxt's `fetchTicker`, the `binance` SDK,
 * axios, fetch and plain undici with `JSON.parse`: `npm run bench -- http`, or with a given number of concurrent calls,
 * `npm run bench -- http 32`.
 *
 * The exchange is a server on the loopback in another process, and each subject has its own process. The subjects take
 * turns. The cost is the CPU time of their process, user and system. Ours runs as in a program: one runtime, and one
 * fiber that requests many tickers with `Effect.forEach` at the given concurrency. The peers run as many loops of
 * `await`. No subject waits for a rate limit, and each has at most 256 connections.
 */
import { FetchHttpClient } from "@effect/platform"
import { Duration, ManagedRuntime } from "effect"
import { apart, startApart, type Subject } from "./internal/apart.js"
import { tickersOfPeers } from "./internal/httpPeers.js"
import { alternate, minus, roundsOf } from "./internal/measure.js"
import { client, tickers, traced } from "./internal/ours.js"
import { compare, print } from "./internal/report.js"
import { serve } from "./internal/serve.js"

const inOneFiber = (layer: ReturnType<typeof client>): Subject => {
  const runtime = ManagedRuntime.make(layer)
  return ({ calls, concurrency }) => runtime.runPromise(tickers(calls, concurrency))
}

/** Runs `concurrency` loops, each of which awaits one call after another. */
const inLoops = (call: () => Promise<unknown>): Subject => async ({ calls, concurrency }) => {
  let left = calls
  const loop = async (): Promise<void> => {
    while (left-- > 0) await call()
  }
  await Promise.all(Array.from({ length: concurrency }, loop))
}

const peer = (name: keyof typeof tickersOfPeers) => async (baseUrl: string) =>
  inLoops(await tickersOfPeers[name](baseUrl))

const subjects = {
  "ours": async (baseUrl: string) => inOneFiber(client(baseUrl)),
  "ours, traced": async (baseUrl: string): Promise<Subject> => {
    const telling = traced(client(baseUrl))
    const work = inOneFiber(telling.layer)
    return async (asked) => {
      await work(asked)
      if (telling.spans() === 0) throw new Error("No span was exported")
    }
  },
  "ours without a timeout": async (baseUrl: string) =>
    inOneFiber(client(baseUrl, { attemptTimeout: Duration.infinity })),
  "ours on fetch": async (baseUrl: string) => inOneFiber(client(baseUrl, { http: FetchHttpClient.layer })),
  "ccxt": peer("ccxt"),
  "undici": peer("undici"),
  "undici in cockatiel's timeout": peer("undici in cockatiel's timeout"),
  "fetch": peer("fetch"),
  "axios": peer("axios"),
  "binance SDK": peer("binance SDK")
}

await apart(subjects, async () => {
  const asked = process.argv.slice(2).map(Number)
  const { baseUrl, stop } = await serve()
  const { stop: stopAll, tasks } = await startApart(subjects, baseUrl)
  console.error("warming up until a call costs as much as in a running service")
  // Not fewer in a quick run: after 6,000 calls a round costs up to twice as much as in a long-running service.
  await alternate(tasks({ calls: 12_000, concurrency: 32 }), { rounds: 1, warmUp: 0 })
  for (const concurrency of [1, 32, 256].filter((some) => asked.length === 0 || asked.includes(some))) {
    console.error(`${concurrency} in flight`)
    const us = await alternate(tasks({ calls: roundsOf(1000), concurrency }), { rounds: 7, warmUp: 1 })
    const what = `ticker, ${concurrency} in flight`
    const ours = us("ours")
    compare(what, ours, "ccxt", us("ccxt"), "us", 1)
    compare(what, ours, "undici and JSON.parse", us("undici"), "us", 2.4)
    compare(`${what}, OpenTelemetry listening`, us("ours, traced"), "ours without", ours, "us", 1.5)
    for (const peer of ["fetch", "axios", "binance SDK"]) compare(what, ours, peer, us(peer), "us")
    compare(`${what}, on fetch`, us("ours on fetch"), "ccxt", us("ccxt"), "us")
  }
  console.error("the timeout of an attempt")
  const us = await alternate(tasks({ calls: roundsOf(2000), concurrency: 32 }), { rounds: 15, warmUp: 1 })
  compare(
    "the timeout of an attempt, 32 in flight: overhead per call",
    minus(us("ours"), us("ours without a timeout")),
    "overhead of cockatiel's",
    minus(us("undici in cockatiel's timeout"), us("undici")),
    "us",
    0.5
  )
  stopAll()
  stop()
  process.exitCode = print() ? 0 : 1
})
