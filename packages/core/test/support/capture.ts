import {
  Array as Arr,
  Cause,
  Console,
  Effect,
  Exit,
  Layer,
  Logger,
  LogLevel,
  Metric,
  MetricState,
  Option,
  Tracer
} from "effect"
import { inspect } from "node:util"

const show = (value: unknown): string => inspect(value, { depth: 20, showHidden: true, maxStringLength: null })

/** Everything a program outputs while it runs: logs in every rendering, the console, spans and metrics. */
export interface Captured {
  readonly output: ReadonlyArray<string>
  readonly layer: Layer.Layer<never>
  readonly provide: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  readonly note: (text: string) => void
}

export const make = (): Captured => {
  const output: Array<string> = []
  const note = (...parts: ReadonlyArray<unknown>): void => {
    output.push(parts.map((part) => typeof part === "string" ? part : show(part)).join(" "))
  }
  const logger = Logger.make<unknown, void>((options) => {
    note(Logger.stringLogger.log(options))
    note(Logger.logfmtLogger.log(options))
    note(Logger.jsonLogger.log(options))
    note(Logger.structuredLogger.log(options))
    note(options.message, Array.from(options.annotations))
    note(Cause.pretty(options.cause, { renderErrorCause: true }), options.cause)
  })
  const tracer = Tracer.make({
    context: (run) => run(),
    span: (name, parent, context, links, startTime, kind) => {
      const attributes = new Map<string, unknown>()
      const span: Tracer.Span = {
        _tag: "Span",
        name,
        spanId: "span",
        traceId: "trace",
        parent,
        context,
        links,
        kind,
        sampled: true,
        attributes,
        status: { _tag: "Started", startTime },
        attribute: (key, value) => {
          attributes.set(key, value)
          note("attribute", key, value)
        },
        event: (event, _, values) => note("event", event, values),
        addLinks: (links) => note("links", links.map((link) => link.attributes)),
        end: (_, exit) => {
          note("span", name, Array.from(attributes), exit)
          if (Exit.isFailure(exit)) note(Cause.pretty(exit.cause, { renderErrorCause: true }))
        }
      }
      return span
    }
  })
  const line = (...values: ReadonlyArray<unknown>) => Effect.sync(() => note(...values))
  const unsafe = new Proxy(globalThis.console, { get: () => (...values: ReadonlyArray<unknown>) => note(...values) })
  const console: Console.Console = {
    [Console.TypeId]: Console.TypeId,
    assert: line,
    clear: Effect.void,
    count: line,
    countReset: line,
    debug: line,
    dir: line,
    dirxml: line,
    error: line,
    group: line,
    groupEnd: Effect.void,
    info: line,
    log: line,
    table: line,
    time: line,
    timeEnd: line,
    timeLog: line,
    trace: line,
    warn: line,
    unsafe
  }
  const layer = Layer.mergeAll(
    Logger.replace(Logger.defaultLogger, logger),
    Logger.add(Logger.prettyLogger({ colors: false, mode: "tty" })),
    Logger.minimumLogLevel(LogLevel.All),
    Layer.setTracer(tracer)
  )
  return {
    output,
    layer,
    note,
    provide: (self) => self.pipe(Effect.provide(layer), Effect.withConsole(console))
  }
}

/** All text in the metrics of the process: names, descriptions, tags and the texts that frequencies have counted. */
export const metrics: Effect.Effect<string> = Effect.map(
  Metric.snapshot,
  (pairs) =>
    pairs.map(({ metricKey: { description, name, tags }, metricState }) =>
      [
        name,
        Option.getOrElse(description, () => ""),
        ...tags.flatMap(({ key, value }) => [key, value]),
        ...MetricState.isFrequencyState(metricState) ? metricState.occurrences.keys() : []
      ].join(" ")
    ).join("\n")
)

/** A value in every form in which it may be shown. */
export const renderings = (value: unknown): ReadonlyArray<string> =>
  Arr.map([
    () => String(value),
    () => value instanceof Error ? `${value.name} ${value.message} ${value.stack}` : "",
    () => JSON.stringify(value) ?? "",
    () => show(value),
    () => Cause.pretty(Cause.fail(value), { renderErrorCause: true }),
    () => show(Exit.fail(value)),
    () => JSON.stringify(Cause.fail(value))
  ], (render) => render())

const fragment = 12

/** All fragments of twelve characters of a secret, in each of its encodings. */
export const needles = (secret: string): ReadonlySet<string> => {
  const forms = [
    secret,
    encodeURIComponent(secret),
    secret.replaceAll("/", "\\/"),
    Buffer.from(secret).toString("base64"),
    Buffer.from(secret).toString("base64url"),
    Buffer.from(secret).toString("hex")
  ].map((form) => form.toLowerCase())
  return new Set(
    forms.flatMap((form) =>
      Array.from({ length: form.length - fragment + 1 }, (_, index) => form.slice(index, index + fragment))
    )
  )
}

/** The first fragment of a secret found in the output, with the text around it. */
export const find = (
  output: ReadonlyArray<string>,
  secrets: ReadonlyArray<string>
): Option.Option<string> => {
  const wanted = new Set(secrets.flatMap((secret) => [...needles(secret)]))
  // Few positions in a text begin like one of the fragments.
  const beginning = (text: string, at: number) =>
    (text.charCodeAt(at) * 961 + text.charCodeAt(at + 1) * 31 + text.charCodeAt(at + 2)) & 0xffff
  const beginnings = new Uint8Array(0x10000)
  for (const needle of wanted) beginnings[beginning(needle, 0)] = 1
  for (const text of new Set(output)) {
    const lower = text.toLowerCase()
    for (let at = 0; at + fragment <= lower.length; at++) {
      if (beginnings[beginning(lower, at)] === 1 && wanted.has(lower.slice(at, at + fragment))) {
        return Option.some(text.slice(Math.max(0, at - 200), at + 100))
      }
    }
  }
  return Option.none()
}
