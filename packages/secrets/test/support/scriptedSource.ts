import { type ConfigProvider, Effect, Layer, Logger, Redacted } from "effect"
import { SecretSource, SecretSourceError } from "../../src/index.js"

/** A source whose result the test sets. It counts the reads. */
export const make = (secrets: Record<string, string>) => {
  const state: {
    secrets: Record<string, string>
    error: SecretSourceError.SecretSourceError | undefined
    /** Runs before each result. */
    delay: Effect.Effect<unknown>
    reads: number
    interrupted: number
  } = { secrets, error: undefined, delay: Effect.void, reads: 0, interrupted: 0 }
  const read = Effect.suspend(() => {
    state.reads++
    return Effect.onInterrupt(state.delay, () => Effect.sync(() => state.interrupted++))
  }).pipe(
    Effect.zipRight(Effect.suspend(() =>
      state.error === undefined
        ? Effect.succeed(new Map(Object.entries(state.secrets).map(([name, text]) => [name, Redacted.make(text)])))
        : Effect.fail(state.error)
    ))
  )
  return { state, layer: Layer.succeed(SecretSource.SecretSource, { name: "Script", read }) }
}

export const unreachable = new SecretSourceError.ManagerUnreachable({ source: "Script", detail: "cannot be reached" })
export const refused = new SecretSourceError.ManagerRefused({ source: "Script", detail: "refuses us" })
export const gone = new SecretSourceError.SecretNotFound({ source: "Script", detail: "has no such secret" })
export const malformed = new SecretSourceError.SecretMalformed({ source: "Script", detail: "is no object" })

/** The provider of a source in front of another one, in the scope of the test. */
export const provider = <E, R>(
  source: Layer.Layer<SecretSource.SecretSource, E, R>,
  next: ConfigProvider.ConfigProvider,
  options?: SecretSource.Options
) =>
  SecretSource.layerConfigProvider(options).pipe(
    Layer.provide(source),
    Layer.provide(Layer.setConfigProvider(next)),
    Layer.toRuntime,
    Effect.flatMap((runtime) => Effect.provide(Effect.configProviderWith(Effect.succeed), runtime))
  )

/** A logger that collects its lines. */
export const logged = () => {
  const lines: Array<string> = []
  const logger = Logger.make<unknown, void>(({ logLevel, message }) => {
    lines.push(`${logLevel.label} ${String(message)}`)
  })
  return { lines, layer: Logger.replace(Logger.defaultLogger, logger) }
}
