import { Cause, Effect, Exit, Layer, Logger, LogLevel, Metric, MetricState, Option, Tracer } from "effect"
import { inspect } from "node:util"

/** All that gets out of a program while it runs: what it logs at every level, its spans, and what it fails with. */
export interface Overheard {
  readonly said: ReadonlyArray<string>
  readonly note: (...values: ReadonlyArray<unknown>) => void
  readonly layer: Layer.Layer<never>
}

const show = (value: unknown): string =>
  typeof value === "string" ? value : inspect(value, { depth: 12, showHidden: true, maxStringLength: null })

/** A failure in every form in which somebody may come to see it. */
export const renderings = (failure: unknown): ReadonlyArray<string> => [
  String(failure),
  failure instanceof Error ? `${failure.name} ${failure.message} ${failure.stack ?? ""}` : "",
  JSON.stringify(failure) ?? "",
  show(failure),
  Cause.pretty(Cause.fail(failure), { renderErrorCause: true })
]

export const make = (): Overheard => {
  const said: Array<string> = []
  const note = (...values: ReadonlyArray<unknown>): void => {
    said.push(values.map(show).join(" "))
  }
  const logger = Logger.make<unknown, void>((options) => {
    note(Logger.stringLogger.log(options))
    note(Logger.jsonLogger.log(options))
    note(options.message, Array.from(options.annotations), Cause.pretty(options.cause, { renderErrorCause: true }))
  })
  const tracer = Tracer.make({
    context: (run) => run(),
    span: (name, parent, context, links, startTime, kind) => {
      const attributes = new Map<string, unknown>()
      return {
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
        addLinks: () => {},
        // What a call gives is for its caller; what it fails with goes into traces.
        end: (_, exit) =>
          note("span", name, Array.from(attributes), Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "")
      }
    }
  })
  return {
    said,
    note,
    layer: Layer.mergeAll(
      Logger.replace(Logger.defaultLogger, logger),
      Logger.minimumLogLevel(LogLevel.All),
      Layer.setTracer(tracer)
    )
  }
}

/** Letters that a log must not see: they break lines, turn them round, hide in them or speak to the terminal. */
export const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

/** All that metrics of the process say in words now: their names, tags, and what those that count texts have counted. */
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

const fragment = 12

/** Text as an attentive reader would see it: small letters, nothing escaped, nothing invisible. */
const plain = (text: string): string =>
  text.toLowerCase()
    .replaceAll(/\\+u([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replaceAll(/%([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replaceAll("\\/", "/")
    .replaceAll(/[\u200b-\u200f\u2060\ufeff]/g, "")
    .toLowerCase()

/** The first of the secrets of which fifteen letters in a row, or all of it, were said. */
export const leak = (said: ReadonlyArray<string>, secrets: ReadonlyArray<string>): string | undefined => {
  const texts = said.map(plain)
  for (const secret of secrets) {
    const lower = secret.toLowerCase()
    for (let at = 0; at === 0 || at + fragment <= lower.length; at += 4) {
      const needle = lower.slice(at, at + fragment)
      const text = texts.find((text) => text.includes(needle))
      if (text === undefined) continue
      const found = text.indexOf(needle)
      return text.slice(Math.max(0, found - 150), found + 60)
    }
  }
  return undefined
}
