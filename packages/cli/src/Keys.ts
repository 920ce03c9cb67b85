/**
 * Checks the configured API keys: the permissions that each exchange reports, and problems with them.
 *
 * @since 0.1.0
 */
import { Account, Credentials, type Environment, type ExchangeError, KeyPermissions } from "@effect-exchange/core"
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import * as Simulator from "@effect-exchange/simulator/Simulator"
import * as Clock from "effect/Clock"
import * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Accounts from "./Accounts.js"
import { advice } from "./Advice.js"
import * as Configuration from "./Configuration.js"
import type * as Connections from "./Connections.js"
import * as Finding from "./Finding.js"
import type * as InquiryOptions from "./InquiryOptions.js"
import * as Registry from "./Registry.js"

/**
 * A configured API key, with the permissions that its exchange reports, if it could be asked. `fingerprint` identifies
 * the key without revealing any part of it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Key = Schema.Struct({
  exchange: Schema.String,
  environment: Schema.String,
  fingerprint: Schema.optional(Schema.String),
  permissions: Schema.optional(KeyPermissions.KeyPermissions),
  findings: Schema.Array(Finding.Finding)
})

/**
 * The type of {@link Key}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Key extends Schema.Schema.Type<typeof Key> {}

/**
 * An exchange and environment for which a key may be configured.
 *
 * @since 0.1.0
 * @category models
 */
export interface Place {
  readonly exchange: string
  readonly environment: Environment.Environment
  /** The name of the environment in the names of the key's variables. */
  readonly name: string
}

/**
 * Returns the places to look in. For each exchange this is the requested environment, or else live and testnet.
 *
 * @since 0.1.0
 * @category getters
 */
export const places = (
  { baseUrl, environment, exchange }: InquiryOptions.Inquiry
): Effect.Effect<ReadonlyArray<Place>> =>
  Effect.map(Registry.registry, ({ features }) =>
    exchange.flatMap((id): ReadonlyArray<Place> => {
      const at = baseUrl.get(id)
      const requested = Option.getOrUndefined(environment)
      if (at !== undefined) {
        const name = requested ?? "custom"
        return [{ exchange: id, environment: { name, baseUrl: at }, name }]
      }
      if (requested === "simulated") {
        return [{ exchange: id, environment: Simulator.environment({ id }), name: requested }]
      }
      const names = requested === undefined
        ? ["live" as const, ...features(id).testnet ? ["testnet" as const] : []]
        : [requested]
      return names.map((name) => ({ exchange: id, environment: name, name }))
    }))

/**
 * Checks the keys of the places. A place without a key is left out, except that simulated exchanges fall back to demo
 * keys.
 *
 * @since 0.1.0
 * @category constructors
 */
export const check = (
  places: ReadonlyArray<Place>,
  networkOf: (exchange: string) => Layer.Layer<Connections.Network>
): Effect.Effect<ReadonlyArray<Key>, never, Configuration.Configuration> =>
  Effect.map(
    Concurrent.forEach(
      places,
      (place) => inspect(place, networkOf(place.exchange)),
      { concurrency: "unbounded" }
    ),
    (keys) => shared(keys.flatMap(Option.toArray))
  )

const inspect = Effect.fnUntraced(function*(
  place: Place,
  network: Layer.Layer<Connections.Network>
): Effect.fn.Return<Option.Option<Key>, never, Configuration.Configuration> {
  const { exchange, name } = place
  const { dialect, features } = yield* Registry.registry
  const about = `key of ${exchange} ${name}`
  const names = Credentials.names(exchange, name, features(exchange))
  const found = yield* Effect.forEach(names, (path) => Effect.orElseSucceed(Configuration.find(path), Option.none))
  const missing = names.filter((_, index) => Option.isNone(found[index] ?? Option.none()))
  if (missing.length === names.length && name !== "simulated") return Option.none()
  const wrong = (finding: Finding.Finding) => Option.some({ exchange, environment: name, findings: [finding] })
  if (missing.length === names.length) {
    return Option.some(yield* ask(place, about, Simulator.credentials(dialect(exchange)), network))
  }
  const nameless = missing.map(Configuration.nameOf).join(" and ")
  if (missing.length > 0) {
    const given = names.filter((path) => !missing.includes(path)).map(Configuration.nameOf).join(" and ")
    return wrong(Finding.fail(
      about,
      `The key is incomplete: found ${given}, but not ${nameless}.`,
      `Set ${nameless} as well, or remove ${given}.`
    ))
  }
  const placeholder = names.find((_, index) => isPlaceholder(Option.getOrUndefined(found[index] ?? Option.none())))
  if (placeholder !== undefined) {
    return wrong(Finding.fail(
      about,
      `${Configuration.nameOf(placeholder)} contains a placeholder.`,
      "Replace it with the value that the exchange showed when the key was created."
    ))
  }
  const credentials = yield* Effect.either(Credentials.config(exchange, name, features(exchange)))
  return Either.isLeft(credentials)
    ? wrong(Finding.fail(
      about,
      `${Configuration.describe(credentials.left)}.`,
      "Copy it again, without spaces or quotes around it. Copy all lines of a PEM, including the first and the last."
    ))
    : Option.some(yield* ask(place, about, credentials.right, network))
})

// Matches the placeholders that examples, templates and manuals show instead of a key.
const isPlaceholder = (found: Configuration.Found | undefined): boolean =>
  found !== undefined &&
  /^["']?(?:<.*>|\.{3,}|x{4,}|\*{3,}|(?:your|my|example|changeme|change_me|todo|secret|key|test)(?:[-_ ].*)?)["']?$/i
    .test(
      Redacted.value(found.text).trim()
    )

const ask = (
  { environment, exchange, name }: Place,
  about: string,
  credentials: Credentials.Credentials,
  network: Layer.Layer<Connections.Network>
): Effect.Effect<Key> =>
  Accounts.build(exchange, environment, credentials, network).pipe(
    Effect.flatMap((context) => Context.get(context, Account.Account).keyPermissions),
    Effect.scoped,
    Effect.either,
    Effect.zip(Clock.currentTimeMillis),
    Effect.map(([answer, now]) => {
      const key = { exchange, environment: name, fingerprint: Credentials.fingerprint(credentials) }
      return Either.match(answer, {
        onLeft: (error) => ({ ...key, findings: [unanswered(about, error)] }),
        onRight: (permissions) => ({ ...key, permissions, findings: judge(about, permissions, now) })
      })
    })
  )

const unanswered = (about: string, error: ExchangeError.AccountError | ConfigError.ConfigError): Finding.Finding => {
  if (ConfigError.isConfigError(error)) {
    return Finding.fail(about, `${Configuration.describe(error)}.`, "Fix it in the configuration.")
  }
  switch (error._tag) {
    case "AuthenticationFailed":
    case "PermissionDenied":
      return Finding.fail(
        about,
        `The exchange rejects the key: ${error.message}.`,
        "Check that the key and its secret belong together and to this environment, that the key was not revoked, and that it "
          + "is allowed from this address."
      )
    case "Unsupported":
      return Finding.warn(
        about,
        `The exchange does not report what a key may do: ${error.message}.`,
        "Check the permissions on the exchange's website."
      )
    default:
      return Finding.fail(about, `The key could not be checked: ${error.message} (${error._tag}).`, advice(error))
  }
}

const warningDays = 14

/**
 * Returns the problems with the permissions of a key. `now` is in epoch milliseconds.
 *
 * @since 0.1.0
 * @category validation
 */
export const judge = (
  about: string,
  { expiresAt, ipRestricted, read, trade, withdraw }: KeyPermissions.KeyPermissions,
  now: number
): ReadonlyArray<Finding.Finding> => {
  const days = expiresAt === undefined ? Infinity : Math.floor((expiresAt - now) / 86_400_000)
  const wrong = [
    ...withdraw === true
      ? [Finding.fail(
        about,
        "The key may withdraw: anyone who gets hold of it can take everything.",
        "Create a key that may not withdraw and revoke this one; this library never withdraws."
      )]
      : [],
    ...read === false
      ? [Finding.fail(about, "The key may not read.", "Grant it read permission, or create a key that has it.")]
      : [],
    ...days < 0
      ? [Finding.fail(about, "The key has expired.", "Create a new key and replace this one.")]
      : days < warningDays
      ? [Finding.warn(
        about,
        `The key expires in ${days === 0 ? "less than a day" : `${days} day${days === 1 ? "" : "s"}`}.`,
        "Create a new key before then and replace this one; files are read again without a restart."
      )]
      : [],
    ...ipRestricted === false
      ? [Finding.warn(about, "The key works from any address.", "Restrict it to the addresses that it is used from.")]
      : []
  ]
  const may = [...read === true ? ["read"] : [], ...trade === true ? ["trade"] : []]
  return wrong.length > 0
    ? wrong
    : [Finding.pass(about, may.length === 0 ? "The exchange accepts the key." : `The key may ${may.join(" and ")}.`)]
}

/** Reports keys that are configured in two places: one of the two must be wrong. */
const shared = (keys: ReadonlyArray<Key>): ReadonlyArray<Key> =>
  keys.map((key) => {
    const other = keys.find((each) =>
      each !== key && key.fingerprint !== undefined && each.fingerprint === key.fingerprint
    )
    return other === undefined ? key : {
      ...key,
      findings: [
        ...key.findings,
        Finding.fail(
          `key of ${key.exchange} ${key.environment}`,
          `The same key is also configured for ${other.exchange} ${other.environment}.`,
          "Create a separate key for each, so that no key is ever sent to the wrong one."
        )
      ]
    }
  })
