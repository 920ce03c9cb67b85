/**
 * API keys: `Redacted` from configuration to signature, and reloaded when they may have been rotated.
 *
 * @since 0.1.0
 */
import { hex } from "#encoding"
import { sha256 } from "#hashes"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Equal from "effect/Equal"
import * as Redacted from "effect/Redacted"
import { memoized } from "../model/internal/memoized.js"
import * as OptionRange from "../model/internal/optionRange.js"
import { barePassphrase, bareSecret } from "./internal/bareSecret.js"

/**
 * An API key and its secret, with a passphrase if the exchange requires one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Credentials {
  readonly key: Redacted.Redacted<string>
  readonly secret: Redacted.Redacted<string>
  readonly passphrase?: Redacted.Redacted<string> | undefined
}

/**
 * A source of credentials. `get` may return cached credentials; `reload` always reads the source.
 *
 * @since 0.1.0
 * @category models
 */
export interface Provider {
  readonly get: Effect.Effect<Credentials, ConfigError.ConfigError>
  readonly reload: Effect.Effect<Credentials, ConfigError.ConfigError>
}

/**
 * The configuration of an exchange's credentials under their standard names: `BINANCE_API_KEY` and `BINANCE_API_SECRET`
 * for the live exchange, `BINANCE_TESTNET_API_KEY` and `BINANCE_TESTNET_API_SECRET` for its testnet. The names differ
 * so that the credentials of one are never sent to the other. Quotes and line breaks around the values are removed (see
 * {@link bare}). In a directory of mounted files, the files are `BINANCE/API_KEY` and so on. With `passphrase`,
 * `<EXCHANGE>_API_PASSPHRASE` is read as well.
 *
 * @since 0.1.0
 * @category config
 */
export const config = (
  exchange: string,
  environment: string = "live",
  options?: { readonly passphrase?: boolean | undefined }
): Config.Config<Credentials> => {
  const nested = <A>(self: Config.Config<A>): Config.Config<A> =>
    prefix(exchange, environment).reduceRight((inner, name) => Config.nested(inner, name), self)
  const pair = { key: secretText("API_KEY", bareSecret), secret: secretText("API_SECRET", bareSecret) }
  const passphrase = secretText("API_PASSPHRASE", barePassphrase)
  return nested(options?.passphrase === true ? Config.all({ ...pair, passphrase }) : Config.all(pair))
}

const prefix = (exchange: string, environment: string): ReadonlyArray<string> =>
  [exchange, ...environment === "live" ? [] : [environment]].map((name) =>
    name.toUpperCase().replace(/[^A-Z0-9]/g, "_")
  )

/**
 * Returns the names that {@link config} reads, each as a path: `["BINANCE", "TESTNET", "API_KEY"]` is the variable
 * `BINANCE_TESTNET_API_KEY`, or the file `BINANCE/TESTNET/API_KEY`.
 *
 * @since 0.1.0
 * @category config
 */
export const names = (
  exchange: string,
  environment: string = "live",
  options?: { readonly passphrase?: boolean | undefined }
): ReadonlyArray<ReadonlyArray<string>> =>
  ["API_KEY", "API_SECRET", ...options?.passphrase === true ? ["API_PASSPHRASE"] : []].map((name) => [
    ...prefix(exchange, environment),
    name
  ])

// Not `Config.redacted`, which also redacts the name of a missing variable. The error below never contains the value,
// only the expected format.
const secretText = (name: string, bare: (text: string) => string): Config.Config<Redacted.Redacted<string>> =>
  Config.string().pipe(
    Config.map(bare),
    Config.mapOrFail((text) =>
      /^[\x21-\x7e](?:[\x20-\x7e\n]*[\x21-\x7e])?$/.test(text)
        ? Either.right(Redacted.make(text))
        : Either.left(
          ConfigError.InvalidData(
            [],
            "expected printable ASCII without leading or trailing spaces; the value is not shown"
          )
        )
    ),
    Config.nested(name)
  )

/**
 * Removes what files and `.env` entries add to credentials. Around a key or a secret, it removes quotes and line
 * breaks, both real ones and the two characters `\n`. It restores the line breaks of a PEM that were written in these
 * ways or as on Windows. From a passphrase, which a person chose, it removes only real line breaks at either end.
 *
 * @since 0.1.0
 * @category constructors
 */
export const bare = ({ key, passphrase, secret }: Credentials): Credentials => ({
  key: mapRedacted(key, bareSecret),
  secret: mapRedacted(secret, bareSecret),
  ...passphrase === undefined ? {} : { passphrase: mapRedacted(passphrase, barePassphrase) }
})

const mapRedacted = (self: Redacted.Redacted<string>, f: (text: string) => string): Redacted.Redacted<string> =>
  Redacted.make(f(Redacted.value(self)))

/**
 * Creates a provider of credentials that never change.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fixed = (credentials: Credentials): Provider =>
  bareFrom({
    get: Effect.succeed(credentials),
    reload: Effect.succeed(credentials)
  })

/**
 * Applies {@link bare} to the credentials of a provider.
 *
 * @since 0.1.0
 * @category combinators
 */
export const bareFrom = ({ get, reload }: Provider): Provider => ({
  get: Effect.map(get, bareOnce),
  reload: Effect.map(reload, bareOnce)
})

// Values derived from a secret are cached by its `Redacted`, so every request must get the same instance.
const bareOnce = memoized(bare)

/**
 * Creates a provider that reads credentials from configuration. It reads them once now, so that a missing key fails
 * here with its name, as does a `timeToLive` out of range. It reads them again when they are older than `timeToLive`
 * (default 30 seconds), or on `reload`. Later reads use the `ConfigProvider` that is current now.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromConfig = (
  config: Config.Config<Credentials>,
  options?: { readonly timeToLive?: Duration.DurationInput | undefined }
): Effect.Effect<Provider, ConfigError.ConfigError> =>
  Effect.gen(function*() {
    yield* OptionRange.check({ timeToLive: [options?.timeToLive, OptionRange.duration] })
    const provider = yield* Effect.configProviderWith(Effect.succeed)
    const [get, invalidate] = yield* Effect.cachedInvalidateWithTTL(
      provider.load(config),
      options?.timeToLive ?? "30 seconds"
    )
    // Only successful reads are cached: a value that is missing now may be there a moment later.
    const fresh = Effect.tapErrorCause(get, () => invalidate)
    yield* fresh
    return { get: fresh, reload: Effect.zipRight(invalidate, fresh) }
  })

/**
 * Returns `true` if two credentials are equal, which means that retrying with the second after the first was refused
 * would be useless.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isSame = (self: Credentials, that: Credentials): boolean =>
  Equal.equals(self.key, that.key) && Equal.equals(self.secret, that.secret) &&
  Equal.equals(self.passphrase, that.passphrase)

/**
 * Returns a name for the account of a key: 16 hex digits of a SHA-256 hash of the key, without its secret. It reveals
 * nothing about the key and may be published.
 *
 * **Gotchas**
 *
 * A rotated key has another fingerprint. Pass the earlier one to a trading Layer as `formerAccounts`.
 *
 * @since 0.1.0
 * @category getters
 */
export const fingerprint = ({ key }: Credentials): string =>
  hex(sha256(`effect-exchange account ${bareSecret(Redacted.value(key))}`))
    .slice(0, 16)

/**
 * Returns every secret text of the credentials, to be searched for and removed where a response echoes it.
 *
 * @since 0.1.0
 * @category getters
 */
export const secrets = (self: Credentials): ReadonlyArray<Redacted.Redacted<string>> =>
  self.passphrase === undefined ? [self.key, self.secret] : [self.key, self.secret, self.passphrase]

/**
 * The text that replaces every secret that the exchange echoes in a response to a signed request: the key, the secret,
 * the passphrase and the signature. In an exchange's list of API keys, it replaces the name of the key in use.
 *
 * @since 0.1.0
 * @category constants
 */
export const redacted = "<redacted>"

/**
 * Describes a configuration error by the names of the keys, never by their values.
 *
 * @since 0.1.0
 * @category formatting
 */
export const describe = (error: ConfigError.ConfigError): string => {
  switch (error._op) {
    case "And":
    case "Or":
      return `${describe(error.left)} ${error._op.toLowerCase()} ${describe(error.right)}`
    case "MissingData":
      return `${error.path.join("_")} is missing`
    case "InvalidData":
      return `${error.path.join("_")} is invalid`
    default:
      return `${error.path.join("_")} cannot be read`
  }
}
