import * as Cause from "effect/Cause"
import type * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as ConfigProvider from "effect/ConfigProvider"
import * as PathPatch from "effect/ConfigProviderPathPatch"
import * as Effect from "effect/Effect"
import * as HashSet from "effect/HashSet"
import * as Redacted from "effect/Redacted"
import type { SecretSourceError } from "../SecretSourceError.js"

type Secrets = ReadonlyMap<string, Redacted.Redacted<string>>

/** The delimiters of environment variables: `API_KEY` nested in `BINANCE` is `BINANCE_API_KEY`. */
const delimiters = { pathDelim: "_", seqDelim: "," }

/**
 * Creates a provider that looks up each name in the secrets, and a name that they do not have in the next provider.
 * `ConfigProvider.orElse` would use the next provider after any failure, but a failed read of the secrets must be
 * final.
 *
 * @internal
 */
export const make = (
  source: string,
  secrets: Effect.Effect<Secrets, SecretSourceError>,
  next: ConfigProvider.ConfigProvider
): ConfigProvider.ConfigProvider => {
  const missing = flat({
    load: (path) =>
      Effect.fail(ConfigError.MissingData([...path], `${source} has no ${path.join(delimiters.pathDelim)}`)),
    enumerateChildren: () => Effect.succeed(HashSet.empty())
  })
  // The next provider may have a path patch, such as a prefix. `orElse` applies it to each path.
  const nextFlat = ConfigProvider.orElse(missing, () => next).flattened
  const secretsFor = (path: ReadonlyArray<string>) =>
    Effect.mapError(secrets, (error) => ConfigError.SourceUnavailable([...path], error.message, Cause.fail(error)))
  return flat({
    load: (path, primitive, split) =>
      Effect.flatMap(secretsFor(path), (secrets) => {
        const secret = secrets.get(path.join(delimiters.pathDelim))
        return secret === undefined ? nextFlat.load(path, primitive, split) : parse(path, secret, primitive, split)
      }),
    enumerateChildren: (path) =>
      Effect.flatMap(secretsFor(path), (secrets) =>
        Effect.zipWith(
          inMap(new Map([...secrets.keys()].map((name) => [name, ""]))).enumerateChildren(path),
          nextFlat.enumerateChildren(path),
          (own, others) => HashSet.union(own, others)
        ))
  })
}

const flat = (
  { enumerateChildren, load }: Pick<ConfigProvider.ConfigProvider.Flat, "enumerateChildren" | "load">
): ConfigProvider.ConfigProvider =>
  ConfigProvider.fromFlat(ConfigProvider.makeFlat({
    load: (path, primitive, split) => load(path, primitive, split),
    enumerateChildren,
    patch: PathPatch.empty
  }))

const inMap = (map: Map<string, string>): ConfigProvider.ConfigProvider.Flat =>
  ConfigProvider.fromMap(map, delimiters).flattened

// Effect's parsers repeat the invalid text in their errors: "expected an integer, but received ...".
const parse = <A>(
  path: ReadonlyArray<string>,
  secret: Redacted.Redacted<string>,
  primitive: Config.Config.Primitive<A>,
  split: boolean | undefined
): Effect.Effect<Array<A>, ConfigError.ConfigError> =>
  inMap(new Map([[path.join(delimiters.pathDelim), Redacted.value(secret)]])).load(path, primitive, split).pipe(
    Effect.mapError((error) =>
      ConfigError.isMissingData(error)
        ? error
        : ConfigError.InvalidData([...path], `expected ${primitive.description}; the value is not shown`)
    )
  )
