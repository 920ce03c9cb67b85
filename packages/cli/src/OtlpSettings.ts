/**
 * Reads the standard OpenTelemetry variables, and refuses settings that are not supported.
 *
 * @since 0.1.0
 */
import * as Credentials from "@effect-exchange/core/ports/Credentials"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { UsageError } from "./Failure.js"
import { quote } from "./internal/quote.js"
import { version } from "./Version.js"

/**
 * Where and how to export one signal.
 *
 * @since 0.1.0
 * @category models
 */
export interface Target {
  readonly url: string
  /** The headers of each request. They are redacted, as they may contain keys of the collector. */
  readonly headers: Redacted.Redacted<ReadonlyArray<readonly [name: string, value: string]>>
  /** How long the delivery of a batch may take, including retries. */
  readonly timeout: Duration.Duration
  /** How often batches are sent. */
  readonly interval: Duration.Duration
}

/**
 * Which traces are recorded. Traces that start here are sampled with probability `ratio`. With `byParent`, traces that
 * a caller started are recorded exactly if the caller records them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sampler {
  readonly byParent: boolean
  readonly ratio: number
}

/**
 * The telemetry to export. A missing signal is not exported.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settings {
  readonly resource: {
    readonly serviceName: string
    readonly serviceVersion: string
    readonly attributes: Readonly<Record<string, string>>
  }
  readonly sampler: Sampler
  readonly traces?: Target | undefined
  readonly metrics?: Target | undefined
  readonly logs?: Target | undefined
}

/**
 * Returns `true` if nothing is exported.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isNothing = ({ logs, metrics, traces }: Settings): boolean =>
  traces === undefined && metrics === undefined && logs === undefined

/**
 * Reads the variables. Exports nothing if no variable names a collector.
 *
 * Fails on settings that are not supported: telemetry that is silently missing is noticed only when it is needed.
 *
 * @since 0.1.0
 * @category configuration
 */
export const read: Effect.Effect<Settings, UsageError> = Effect.gen(function*() {
  if ((yield* textOf("OTEL_SDK_DISABLED"))?.toLowerCase() === "true") return nothing
  const traces = yield* targetOf("TRACES", "OTEL_BSP_SCHEDULE_DELAY", 5000)
  const metrics = yield* targetOf("METRICS", "OTEL_METRIC_EXPORT_INTERVAL", 60_000)
  const logs = yield* targetOf("LOGS", "OTEL_BLRP_SCHEDULE_DELAY", 1000)
  const signals = { ...nothing, traces, metrics, logs }
  return isNothing(signals) ? nothing : { ...signals, resource: yield* resource, sampler: yield* sampler }
})

const nothing: Settings = {
  resource: { serviceName: "effect-exchange", serviceVersion: version, attributes: {} },
  sampler: { byParent: true, ratio: 1 }
}

type Kind = "TRACES" | "METRICS" | "LOGS"

const targetOf = (kind: Kind, delay: string, millis: number): Effect.Effect<Target | undefined, UsageError> =>
  Effect.gen(function*() {
    const exporter = yield* oneOf(`OTEL_${kind}_EXPORTER`, ["otlp", "none"])
    const own = yield* textOf(`OTEL_EXPORTER_OTLP_${kind}_ENDPOINT`)
    const common = yield* textOf("OTEL_EXPORTER_OTLP_ENDPOINT")
    if (exporter === "none" || (exporter ?? own ?? common) === undefined) return undefined
    for (const variable of [`OTEL_EXPORTER_OTLP_${kind}_PROTOCOL`, "OTEL_EXPORTER_OTLP_PROTOCOL"]) {
      yield* oneOf(variable, ["http/json"])
    }
    for (const variable of unknown) {
      if ((yield* textOf(variable)) !== undefined) {
        return yield* refused(
          `${variable} is not supported; set NODE_EXTRA_CA_CERTS to the certificate authority of the collector.`
        )
      }
    }
    return {
      url: own === undefined
        ? yield* urlOf("OTEL_EXPORTER_OTLP_ENDPOINT", common ?? "http://localhost:4318", `v1/${kind.toLowerCase()}`)
        : yield* urlOf(`OTEL_EXPORTER_OTLP_${kind}_ENDPOINT`, own),
      headers: yield* headersOf(kind),
      timeout: yield* durationOf([`OTEL_EXPORTER_OTLP_${kind}_TIMEOUT`, "OTEL_EXPORTER_OTLP_TIMEOUT"], 10_000),
      interval: yield* durationOf([delay], millis)
    }
  })

/** Refused rather than ignored: the user would expect these to take effect. */
const unknown = [
  "OTEL_EXPORTER_OTLP_CERTIFICATE",
  "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
  "OTEL_EXPORTER_OTLP_CLIENT_KEY"
]

const urlOf = (variable: string, text: string, path?: string): Effect.Effect<string, UsageError> => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  // Neither message repeats the URL, which may contain a key.
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    return refused(`${variable} is not a URL; expected one such as http://localhost:4318 or https://collector.example.`)
  }
  if (url.username !== "" || url.password !== "") {
    return refused(`${variable} contains a user name or a password; put credentials in OTEL_EXPORTER_OTLP_HEADERS.`)
  }
  if (path !== undefined) url.pathname = `${url.pathname.replace(/\/+$/, "")}/${path}`
  return Effect.succeed(url.href)
}

/** Headers of the signal override common headers of the same name. */
const headersOf = (kind: Kind): Effect.Effect<Target["headers"], UsageError> =>
  Effect.map(
    Effect.forEach(["OTEL_EXPORTER_OTLP_HEADERS", `OTEL_EXPORTER_OTLP_${kind}_HEADERS`], (variable) =>
      Effect.flatMap(secretOf(variable), (secret) =>
        pairsOf(variable, Redacted.value(secret), /^[\w!#$%&'*+.^`|~-]+$/, /^[\t\x20-\x7e]*$/))),
    (pairs) =>
      Redacted.make(Array.from(new Map(pairs.flat().map(([name, value]) => [name.toLowerCase(), value]))))
  )

/** Parses percent-encoded `name=value,name=value`. The error message does not repeat the text. */
const pairsOf = (
  variable: string,
  text: string,
  names: RegExp,
  values: RegExp
): Effect.Effect<ReadonlyArray<readonly [string, string]>, UsageError> =>
  Effect.forEach(text.split(",").filter((pair) => pair.trim() !== ""), (pair, index) => {
    const at = pair.indexOf("=")
    const name = decoded(pair.slice(0, Math.max(0, at)))
    const value = decoded(pair.slice(at + 1))
    return name !== undefined && value !== undefined && names.test(name) && values.test(value)
      ? Effect.succeed([name, value] as const)
      : refused(
        `${variable} is invalid from entry ${index + 1} on; expected name=value,other=value.`
      )
  })

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.trim())
  } catch {
    return undefined
  }
}

const resource: Effect.Effect<Settings["resource"], UsageError> = Effect.gen(function*() {
  const given = yield* pairsOf(
    "OTEL_RESOURCE_ATTRIBUTES",
    (yield* textOf("OTEL_RESOURCE_ATTRIBUTES")) ?? "",
    /./,
    /(?:)/
  )
  const { "service.name": name, "service.version": its, ...attributes } = Object.fromEntries(given)
  return {
    serviceName: (yield* textOf("OTEL_SERVICE_NAME")) ?? (name || "effect-exchange"),
    serviceVersion: its || version,
    attributes
  }
})

const samplers = {
  always_on: { byParent: false, share: "all" },
  always_off: { byParent: false, share: "none" },
  traceidratio: { byParent: false, share: "given" },
  parentbased_always_on: { byParent: true, share: "all" },
  parentbased_always_off: { byParent: true, share: "none" },
  parentbased_traceidratio: { byParent: true, share: "given" }
} as const

const isSampler = (name: string): name is keyof typeof samplers => Object.hasOwn(samplers, name)

const sampler: Effect.Effect<Sampler, UsageError> = Effect.gen(function*() {
  const name = (yield* textOf("OTEL_TRACES_SAMPLER")) ?? "parentbased_always_on"
  if (!isSampler(name)) return yield* neither("OTEL_TRACES_SAMPLER", name, Object.keys(samplers))
  const { byParent, share } = samplers[name]
  if (share !== "given") return { byParent, ratio: share === "all" ? 1 : 0 }
  const ratio = (yield* textOf("OTEL_TRACES_SAMPLER_ARG")) ?? "1"
  return /^(?:0|1|0?\.\d+|[01]\.0+)$/.test(ratio)
    ? { byParent, ratio: Number(ratio) }
    : yield* refused(`OTEL_TRACES_SAMPLER_ARG cannot be ${quote(ratio)}; expected a number from 0 to 1, such as 0.25.`)
})

/** Reads the first variable that is set, in milliseconds. */
const durationOf = (
  variables: ReadonlyArray<string>,
  otherwise: number
): Effect.Effect<Duration.Duration, UsageError> =>
  Effect.gen(function*() {
    for (const variable of variables) {
      const text = yield* textOf(variable)
      if (text === undefined) continue
      return /^[1-9]\d{0,7}$/.test(text)
        ? Duration.millis(Number(text))
        : yield* refused(`${variable} cannot be ${quote(text)}; expected milliseconds from 1 to 99999999.`)
    }
    return Duration.millis(otherwise)
  })

const oneOf = <const Accepted extends string>(
  variable: string,
  accepted: ReadonlyArray<Accepted>
): Effect.Effect<Accepted | undefined, UsageError> =>
  Effect.flatMap(textOf(variable), (text) => {
    const found = accepted.find((each) => each === text)
    return text === undefined || found !== undefined ? Effect.succeed(found) : neither(variable, text, accepted)
  })

const neither = (variable: string, text: string, accepted: ReadonlyArray<string>) =>
  refused(
    `${variable} cannot be ${quote(text)}; expected ${accepted.length === 1 ? "" : "one of "}${accepted.join(", ")}.`
  )

const refused = (detail: string): Effect.Effect<never, UsageError> => new UsageError({ detail })

/** An empty variable counts as unset, as the OpenTelemetry specification requires. */
const textOf = (variable: string): Effect.Effect<string | undefined, UsageError> =>
  Config.string(variable).pipe(
    Config.withDefault(""),
    Effect.mapBoth({ onFailure: unreadable, onSuccess: (text) => text.trim() || undefined })
  )

const secretOf = (variable: string): Effect.Effect<Redacted.Redacted, UsageError> =>
  Config.redacted(variable).pipe(Config.withDefault(Redacted.make("")), Effect.mapError(unreadable))

const unreadable = (error: ConfigError.ConfigError): UsageError =>
  new UsageError({ detail: `The configuration is invalid: ${Credentials.describe(error)}.` })
