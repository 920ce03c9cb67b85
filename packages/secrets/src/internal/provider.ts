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

/** As in the environment: `BINANCE` and `API_KEY` within are `BINANCE_API_KEY`. */
const delimiters = { pathDelim: "_", seqDelim: "," }

/**
 * A provider that looks for each name in the secrets, and for what they have not in the next provider. `ConfigProvider.orElse`
 * would go on to the next for any failure: one that the secrets could not be read for is final.
 *
 * @internal
 */
export const make = (
  source: string,
  secrets: Effect.Effect<Secrets, SecretSourceError>,
  next: ConfigProvider.ConfigProvider
): ConfigProvider.ConfigProvider => {
  const nowhere = flat({
    load: (path) =>
      Effect.fail(ConfigError.MissingData([...path], `${source} has no ${path.join(delimiters.pathDelim)}`)),
    enumerateChildren: () => Effect.succeed(HashSet.empty())
  })
  // The next one may stand below a path of its own: this says each path in its words.
  const elsewhere = ConfigProvider.orElse(nowhere, () => next).flattened
  const at = (path: ReadonlyArray<string>) =>
    Effect.mapError(secrets, (error) => ConfigError.SourceUnavailable([...path], error.message, Cause.fail(error)))
  return flat({
    load: (path, primitive, split) =>
      Effect.flatMap(at(path), (secrets) => {
        const secret = secrets.get(path.join(delimiters.pathDelim))
        return secret === undefined ? elsewhere.load(path, primitive, split) : parse(path, secret, primitive, split)
      }),
    enumerateChildren: (path) =>
      Effect.flatMap(at(path), (secrets) =>
        Effect.zipWith(
          inMap(new Map([...secrets.keys()].map((name) => [name, ""]))).enumerateChildren(path),
          elsewhere.enumerateChildren(path),
          (here, there) => HashSet.union(here, there)
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

// The parsers of effect repeat what they could not read: "expected an integer, but received ..."
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
