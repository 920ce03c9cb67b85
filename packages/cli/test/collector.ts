import { Effect, Fiber, Logger } from "effect"
import { createServer, type IncomingHttpHeaders } from "node:http"
import { network, session } from "./utils.js"

type Value = Readonly<Record<string, unknown>>

export interface Attribute {
  readonly key: string
  readonly value: Value
}

interface Span {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly attributes: ReadonlyArray<Attribute>
}

interface Points {
  readonly dataPoints: ReadonlyArray<{ readonly attributes: ReadonlyArray<Attribute> }>
}

/** The content of one export request of any signal. */
export interface Export {
  readonly resource: { readonly attributes: ReadonlyArray<Attribute> }
  readonly spans: ReadonlyArray<Span>
  readonly metrics: ReadonlyArray<{ readonly name: string; readonly sum?: Points; readonly histogram?: Points }>
  readonly logs: ReadonlyArray<{ readonly severityText: string; readonly body: Value }>
}

export const labelsOf = (attributes: ReadonlyArray<Attribute>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

interface Request {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const decoded = ({ body }: Request): Export => {
  const { resourceLogs = [], resourceMetrics = [], resourceSpans = [] } = JSON.parse(body)
  const [{ resource, scopeLogs = [], scopeMetrics = [], scopeSpans = [] }] = [
    ...resourceSpans,
    ...resourceMetrics,
    ...resourceLogs
  ]
  const [{ logRecords = [], metrics = [], spans = [] }] = [...scopeSpans, ...scopeMetrics, ...scopeLogs]
  return { resource, spans, metrics, logs: logRecords }
}

/**
 * A collector on a free local port. It responds with a status, immediately or after some milliseconds if the sender is
 * still connected, or never.
 */
export const collector = (answer: number | "never" = 200, after = 0) =>
  Effect.acquireRelease(
    Effect.async<
      {
        readonly url: string
        readonly requests: ReadonlyArray<Request>
        /** The received bodies, including those of requests that were aborted. */
        readonly bodies: ReadonlyArray<string>
        readonly close: () => void
      }
    >((resume) => {
      const requests: Array<Request> = []
      const bodies: Array<string> = []
      const server = createServer((request, response) => {
        let body = ""
        request.setEncoding("utf8").on("data", (chunk) => void (body += chunk)).on("end", () => {
          bodies.push(body)
          const respond = () => {
            if (response.destroyed) return
            requests.push({ path: request.url ?? "", headers: request.headers, body })
            if (answer !== "never") response.writeHead(answer, { "content-type": "application/json" }).end("{}")
          }
          if (after > 0) setTimeout(respond, after)
          else respond()
        })
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(Effect.succeed({
          url: `http://127.0.0.1:${port}`,
          requests,
          bodies,
          close: () => {
            server.close()
            server.closeAllConnections()
          }
        }))
      })
    }),
    ({ close }) => Effect.sync(close)
  ).pipe(Effect.map(({ bodies, close, requests, url }) => ({
    url,
    close,
    bodies,
    requests,
    exports: () => requests.map(decoded),
    paths: () => Array.from(new Set(requests.map(({ path }) => path))).toSorted()
  })))

/**
 * Runs the service with these variables and options, uses it, and stops it. `stopping` is the time it took to stop, in
 * milliseconds.
 */
export const runService = (
  variables: Readonly<Record<string, string>>,
  use: (base: string) => Promise<void>,
  options = ""
) =>
  Effect.gen(function*() {
    const lines: Array<string> = []
    const { err, out, run, stop } = yield* session(`serve --port 0 -e okx ${options}`.trim(), { env: variables })
    const running = yield* Effect.fork(run.pipe(
      Effect.provide(network),
      Effect.provide(
        Logger.replace(Logger.defaultLogger, Logger.map(Logger.jsonLogger, (line) => void lines.push(line)))
      )
    ))
    const address = () => /Serving at (http:\S+?)(?: |\n)/.exec(out())?.[1]
    while (address() === undefined && running.unsafePoll() === null) yield* Effect.sleep("5 millis")
    const base = address()
    if (base !== undefined) yield* Effect.promise(() => use(base))
    const began = performance.now()
    yield* stop("SIGTERM")
    const code = yield* Fiber.join(running)
    return {
      code,
      stopping: performance.now() - began,
      err: `${err()}${lines.join("\n")}`,
      lines,
      served: base !== undefined
    }
  })
