/**
 * Measures the price service under load, with flaky exchanges, compared with a bare `@effect/platform` server that
 * responds with a constant: `npm run bench -- load [seconds]`, after `npm run build`. Each server is its own process
 * and receives requests from 200 connections, as fast as they can send.
 */
import { HttpRouter, HttpServer, HttpServerResponse } from "@effect/platform"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Layer } from "effect"
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import { print, report } from "./internal/report.js"

const port = 18_080
const seconds = Number(process.argv[2] ?? "60")

if (process.argv[2] === "bare") {
  const answer =
    "{\"symbol\":\"BTC/USDT\",\"amount\":\"64183.90000\",\"currency\":\"USDT\",\"basis\":\"last\",\"source\":\"kraken\"}"
  const router = HttpRouter.empty.pipe(
    HttpRouter.get("/v1/prices/BTC/USDT", HttpServerResponse.text(answer, { contentType: "application/json" }))
  )
  NodeRuntime.runMain(Layer.launch(
    HttpServer.serve(router).pipe(
      HttpServer.withLogAddress,
      Layer.provide(NodeHttpServer.layer(() => createServer(), { port, host: "127.0.0.1" }))
    )
  ))
} else {
  const here = fileURLToPath(import.meta.url)
  const command = fileURLToPath(new URL("../../cli/dist/bundle/bin.js", import.meta.url))
  const cannon = createRequire(import.meta.url).resolve("autocannon")

  /** Returns the resident memory of a process in MB. */
  const memory = ({ pid }: ChildProcess): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024

  const measured = async (args: ReadonlyArray<string>) => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
    await new Promise((resolve) => child.stdout.once("data", resolve))
    const fire = (duration: number) =>
      JSON.parse(String(execFileSync(process.execPath, [
        cannon,
        "--json",
        "--no-progress",
        "--connections",
        "200",
        "--duration",
        String(duration),
        `http://127.0.0.1:${port}/v1/prices/BTC/USDT`
      ], { stdio: ["ignore", "pipe", "ignore"], maxBuffer: 1e8 })))
    fire(5)
    const before = memory(child)
    const result = fire(seconds)
    const after = memory(child)
    child.kill("SIGTERM")
    await new Promise((resolve) => child.once("close", resolve))
    return { result, grown: after - before }
  }

  const bare = await measured([here, "bare"])
  const ours = await measured([
    command,
    ..."serve --exchange kraken,okx,binance --faults flaky --client-rate 9999999".split(" "),
    "--port",
    String(port)
  ])
  const ratio = ours.result.requests.average / bare.result.requests.average
  report(
    "requests per second",
    `${Math.round(ours.result.requests.average)} (bare server: ${Math.round(bare.result.requests.average)})`
  )
  report("throughput compared with the bare server", `${ratio.toFixed(2)} x`, ">= 0.5", ratio >= 0.5)
  report("p99 latency, ours", `${ours.result.latency.p99} ms`)
  report("p99 latency, bare server", `${bare.result.latency.p99} ms`)
  report(
    "responses other than 2xx",
    `${ours.result.non2xx} of ${ours.result.requests.total}`,
    "0",
    ours.result.non2xx === 0
  )
  report("failed connections", String(ours.result.errors), "0", ours.result.errors === 0)
  report("growth of resident memory", `${ours.grown.toFixed(0)} MB`, "<= 50", ours.grown <= 50)
  process.exitCode = print() ? 0 : 1
}
