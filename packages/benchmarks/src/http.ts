/**
 * What a `ticker` costs, all the way from the call to the value, beside ccxt's `fetchTicker`, the `binance` SDK, axios, fetch
 * and plain undici with `JSON.parse`: `npm run bench -- http`, or of so many at once, `npm run bench -- http 32`.
 *
 * The exchange is a server on the loopback in another process. Measured is the CPU time of this process, user and system.
 * Ours runs as in a program: one runtime, and one fiber that asks for many tickers, so many at a time, by `Effect.forEach`;
 * the peers by as many loops of `await`. Nobody is held up by limits, and everybody has 256 connections at most.
 */
import { FetchHttpClient } from "@effect/platform"
import { ManagedRuntime } from "effect"
import { tickersOfPeers } from "./internal/httpPeers.js"
import { alternate, cpuOf, roundsOf } from "./internal/measure.js"
import { client, tickers, traced } from "./internal/ours.js"
import { compare, print } from "./internal/report.js"
import { serve } from "./internal/serve.js"

const calls = roundsOf(1000)
const rounds = 7

const asked = process.argv.slice(2).map(Number)
const { baseUrl, stop } = await serve()

const telling = traced(client(baseUrl))
const runtimes = {
  "ours": ManagedRuntime.make(client(baseUrl)),
  "ours, traced": ManagedRuntime.make(telling.layer),
  "ours on fetch": ManagedRuntime.make(client(baseUrl, FetchHttpClient.layer))
}
const peers = await tickersOfPeers(baseUrl)

/** So many loops, each of which awaits one call after the other. */
const inLoops = async (call: () => Promise<unknown>, calls: number, concurrency: number): Promise<void> => {
  let left = calls
  const loop = async (): Promise<void> => {
    while (left-- > 0) await call()
  }
  await Promise.all(Array.from({ length: concurrency }, loop))
}

/** Microseconds of a call. */
const tasks = (calls: number, concurrency: number) => {
  const each = <Name extends string, A>(named: Readonly<Record<Name, A>>, run: (one: A) => Promise<unknown>) =>
    Object.entries<A>(named).map(([name, one]) => [name, async () => await cpuOf(() => run(one)) / calls] as const)
  return Object.fromEntries([
    ...each(runtimes, (runtime) => runtime.runPromise(tickers(calls, concurrency))),
    ...each(peers, (call) => inLoops(call, calls, concurrency))
  ])
}

console.error("warming up")
await alternate(tasks(roundsOf(4000), 32), { rounds: 1, warmUp: 0 })
for (const concurrency of [1, 32, 256].filter((some) => asked.length === 0 || asked.includes(some))) {
  console.error(`${concurrency} in flight`)
  const us = await alternate(tasks(calls, concurrency), { rounds, warmUp: 1 })
  const what = `ticker, ${concurrency} in flight`
  const ours = us("ours")
  compare(what, ours, "ccxt", us("ccxt"), "us", 1)
  compare(what, ours, "undici and JSON.parse", us("undici"), "us", 2.4)
  compare(`${what}, OpenTelemetry listening`, us("ours, traced"), "ours without", ours, "us", 1.5)
  for (const peer of ["fetch", "axios", "binance SDK"]) compare(what, ours, peer, us(peer), "us")
  compare(`${what}, on fetch`, us("ours on fetch"), "ccxt", us("ccxt"), "us")
}
if (telling.spans() === 0) throw new Error("No span was exported")
await Promise.all(Object.values(runtimes).map((runtime) => runtime.dispose()))
stop()
process.exitCode = print() ? 0 : 1
