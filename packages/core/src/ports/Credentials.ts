/**
 * API keys: `Redacted` from configuration to signature, and read again when they may have been rotated.
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
import { barePassphrase, bareSecret } from "./internal/bareSecret.js"

/**
 * A key and its secret, with a passphrase where the exchange asks for one.
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
 * Where credentials come from, again and again: `get` may answer from memory, `reload` asks the source.
 *
 * @since 0.1.0
 * @category models
 */
export interface Provider {
  readonly get: Effect.Effect<Credentials, ConfigError.ConfigError>
  readonly reload: Effect.Effect<Credentials, ConfigError.ConfigError>
}

/**
 * The credentials of an exchange by their standard names: `BINANCE_API_KEY` and `BINANCE_API_SECRET` for the live
 * exchange, `BINANCE_TESTNET_API_KEY` and `BINANCE_TESTNET_API_SECRET` for its testnet, so that neither is ever sent to
 * the other. How they were written down does not matter (see {@link bare}). In a directory of mounted files they are
 * `BINANCE/API_KEY` and so on. With `passphrase`, `<EXCHANGE>_API_PASSPHRASE` is read as well.
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
 * The names that {@link config} reads, each as the path of it: `["BINANCE", "TESTNET", "API_KEY"]` is the variable
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

// Not `Config.redacted`: it redacts the name of what is missing, too. The value stands in no error: this says only what
// was expected.
const secretText = (name: string, bare: (text: string) => string): Config.Config<Redacted.Redacted<string>> =>
  Config.string().pipe(
    Config.map(bare),
    Config.mapOrFail((text) =>
      /^[\x21-\x7e](?:[\x20-\x7e\n]*[\x21-\x7e])?$/.test(text)
        ? Either.right(Redacted.make(text))
        : Either.left(
          ConfigError.InvalidData([], "expected printable ASCII without blanks around it; the value is not shown")
        )
    ),
    Config.nested(name)
  )

/**
 * Credentials without what a file or an `.env` adds to them: line breaks around a key or a secret, real ones or those of
 * two characters (`\n`), and quotes. The lines of a PEM may be broken in these ways too, or as Windows does. Of a passphrase,
 * which somebody made up, only real line breaks are taken.
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
 * Credentials that never change.
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
 * What a provider gives, {@link bare}.
 *
 * @since 0.1.0
 * @category combinators
 */
export const bareFrom = ({ get, reload }: Provider): Provider => ({
  get: Effect.map(get, bareOnce),
  reload: Effect.map(reload, bareOnce)
})

// What is made of a secret is kept with its `Redacted`, which must therefore not be another at each request.
const bareOnce = memoized(bare)

/**
 * Credentials read from configuration: once now, so that a missing key fails here and by its name; again when they are
 * older than `timeToLive` (30 seconds unless set otherwise) or on `reload`. The `ConfigProvider` in force now is the one
 * asked later.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromConfig = (
  config: Config.Config<Credentials>,
  options?: { readonly timeToLive?: Duration.DurationInput | undefined }
): Effect.Effect<Provider, ConfigError.ConfigError> =>
  Effect.gen(function*() {
    const provider = yield* Effect.configProviderWith(Effect.succeed)
    const [get, invalidate] = yield* Effect.cachedInvalidateWithTTL(
      provider.load(config),
      options?.timeToLive ?? "30 seconds"
    )
    // What could not be read may be there a moment later: only success is kept.
    const fresh = Effect.tapErrorCause(get, () => invalidate)
    yield* fresh
    return { get: fresh, reload: Effect.zipRight(invalidate, fresh) }
  })

/**
 * Whether two credentials are the same, so that trying the second after the first was refused would be in vain.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isSame = (self: Credentials, that: Credentials): boolean =>
  Equal.equals(self.key, that.key) && Equal.equals(self.secret, that.secret) &&
  Equal.equals(self.passphrase, that.passphrase)

/**
 * A name for the account that a key belongs to, which gives nothing of the key away and may be published: 16 hex digits of
 * a SHA-256 of the key, without its secret.
 *
 * **Gotchas**
 *
 * A key that was rotated has another fingerprint: `formerAccounts` of a Layer that trades tells it of the earlier one.
 *
 * @since 0.1.0
 * @category getters
 */
export const fingerprint = ({ key }: Credentials): string =>
  hex(sha256(`effect-exchange account ${bareSecret(Redacted.value(key))}`))
    .slice(0, 16)

/**
 * Every secret text of the credentials, to be looked for and removed wherever an answer echoes it.
 *
 * @since 0.1.0
 * @category getters
 */
export const secrets = (self: Credentials): ReadonlyArray<Redacted.Redacted<string>> =>
  self.passphrase === undefined ? [self.key, self.secret] : [self.key, self.secret, self.passphrase]

/**
 * What stands in an answer to a signed request in the place of every secret that the exchange repeated: the key, the secret,
 * the passphrase and the signature. An exchange that lists keys by name has this for the name of the one in use.
 *
 * @since 0.1.0
 * @category constants
 */
export const redacted = "<redacted>"

/**
 * What is wrong with configuration, by the names of its keys and never by their values.
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
