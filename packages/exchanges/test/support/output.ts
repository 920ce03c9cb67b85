import { Cause, Exit, Layer, Logger, LogLevel, Tracer } from "effect"
import { inspect } from "node:util"

export { metrics } from "../../../core/test/support/capture.js"

/** All output of a program while it runs: its logs at every level, its spans and its failures. */
export interface Output {
  readonly texts: ReadonlyArray<string>
  readonly record: (...values: ReadonlyArray<unknown>) => void
  readonly layer: Layer.Layer<never>
}

const show = (value: unknown): string =>
  typeof value === "string" ? value : inspect(value, { depth: 12, showHidden: true, maxStringLength: null })

/** Returns a failure in every form in which it may become visible. */
export const renderings = (failure: unknown): ReadonlyArray<string> => [
  String(failure),
  failure instanceof Error ? `${failure.name} ${failure.message} ${failure.stack ?? ""}` : "",
  JSON.stringify(failure) ?? "",
  show(failure),
  Cause.pretty(Cause.fail(failure), { renderErrorCause: true })
]

export const make = (): Output => {
  const texts: Array<string> = []
  const record = (...values: ReadonlyArray<unknown>): void => {
    texts.push(values.map(show).join(" "))
  }
  const logger = Logger.make<unknown, void>((options) => {
    record(Logger.stringLogger.log(options))
    record(Logger.jsonLogger.log(options))
    record(options.message, Array.from(options.annotations), Cause.pretty(options.cause, { renderErrorCause: true }))
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
          record("attribute", key, value)
        },
        event: (event, _, values) => record("event", event, values),
        addLinks: () => {},
        // Only failures appear in traces; the value of a success goes to the caller alone.
        end: (_, exit) =>
          record("span", name, Array.from(attributes), Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "")
      }
    }
  })
  return {
    texts,
    record,
    layer: Layer.mergeAll(
      Logger.replace(Logger.defaultLogger, logger),
      Logger.minimumLogLevel(LogLevel.All),
      Layer.setTracer(tracer)
    )
  }
}

/** Characters that a log must not contain: they break lines, reverse text, are invisible or control the terminal. */
export const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

const fragment = 12

/** Returns text as an attentive reader would see it: in lower case, unescaped and without invisible characters. */
const plain = (text: string): string =>
  text.toLowerCase()
    .replaceAll(/\\+u([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replaceAll(/%([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replaceAll("\\/", "/")
    .replaceAll(/[\u200b-\u200f\u2060\ufeff]/g, "")
    .toLowerCase()

/**
 * Returns the text around the first leak of a secret, or `undefined` if none leaked. A leak is any 15 consecutive
 * characters of a secret, or the whole of a shorter secret.
 */
export const leak = (output: ReadonlyArray<string>, secrets: ReadonlyArray<string>): string | undefined => {
  const texts = output.map(plain)
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
