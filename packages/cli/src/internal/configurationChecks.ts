/**
 * Finds problems in the configuration without any request.
 *
 * @internal
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { closest, distance } from "fastest-levenshtein"
import * as Configuration from "../Configuration.js"
import * as Finding from "../Finding.js"
import * as OtlpSettings from "../OtlpSettings.js"
import * as Registry from "../Registry.js"
import * as Variables from "../Variables.js"

const about = "configuration"

type Found = Effect.Effect<
  ReadonlyArray<Finding.Finding>,
  never,
  Configuration.Configuration | FileSystem.FileSystem | Path.Path
>

/** @internal */
export const findings: Found = Effect.suspend(() =>
  Effect.all([values, collector, unknownNames, tokens, secretFiles, dotEnv]).pipe(
    Effect.map((found) => found.flat()),
    Effect.map((found) => found.length > 0 ? found : [Finding.pass(about, "The configuration is valid.")])
  )
)

/** @internal The sources that cannot be read. Whether they have a key, nobody knows. */
export const unreadable: Effect.Effect<ReadonlyArray<Finding.Finding>, never, Configuration.Configuration> = Effect
  .flatMap(Configuration.Configuration, (sources) =>
    Effect.map(
      Effect.forEach(sources, ({ name, provider }) =>
        Effect.match(provider.load(Configuration.secretsFrom), {
          onSuccess: () => [],
          onFailure: (error) =>
            error._op === "SourceUnavailable"
              ? [Finding.fail(
                name,
                `It cannot be read: ${error.message}`,
                "Make it reachable, or unset EXCHANGE_SECRETS_FROM; until then, every other command fails."
              )]
              : []
        })),
      (found) => found.flat()
    ))

/** Values that cannot be read, except keys, which are checked separately. */
const values: Found = Effect.flatMap(Variables.variables, (variables) =>
  Effect.forEach(
    variables.filter(({ path }) => path.length === 1),
    ({ config }) =>
      Effect.as(config, []).pipe(
        Effect.catchAll((error: ConfigError.ConfigError) =>
          Effect.succeed([Finding.fail(
            about,
            `${Configuration.describe(error)}.`,
            "Set it to an accepted value, or remove it; exchange config --all explains each name."
          )])
        )
      )
  ).pipe(Effect.map((found) => found.flat())))

const collector: Found = OtlpSettings.read.pipe(
  Effect.as([]),
  Effect.catchAll(({ detail }) =>
    Effect.succeed([Finding.fail(about, detail, "Fix or remove it; exchange serve cannot start with it.")])
  )
)

// Variables of custom environments are correct: `BINANCE_MINE_API_KEY` belongs to the environment `mine`.
const ours = /^[A-Z0-9]+(?:_[A-Z0-9_]+)?_API_(?:KEY|SECRET|PASSPHRASE)$/

const unknownNames: Found = Effect.gen(function*() {
  const { ids } = yield* Registry.registry
  const known = (yield* Variables.variables).map(({ path }) => Configuration.nameOf(path))
  const prefixes = [...ids.map((id) => id.toUpperCase()), "EXCHANGE"]
  const paths = yield* Effect.forEach(prefixes, (prefix) => Configuration.below([prefix]))
  return paths.flat().map(Configuration.nameOf).flatMap((name) => {
    const nearest = closest(name, known)
    return known.includes(name) || ours.test(name) || distance(name, nearest) > 3 ? [] : [Finding.warn(
      about,
      `${name} is set, but nothing reads it.`,
      `Did you mean ${nearest}? Otherwise remove it.`
    )]
  })
})

const shortest = 16

const tokens: Found = Effect.map(
  Effect.orElseSucceed(Configuration.serverTokens, () => []),
  (tokens) =>
    tokens.some((token) => Redacted.value(token).length < shortest)
      ? [Finding.fail(
        about,
        `A token of EXCHANGE_SERVER_TOKENS has fewer than ${shortest} characters and can be guessed.`,
        "Generate one with openssl rand -hex 32."
      )]
      : []
)

const othersMayRead = (mode: number): boolean => (mode & 0o004) !== 0

const secretFiles: Found = Effect.gen(function*() {
  const directory = yield* Effect.orElseSucceed(Configuration.secretsDirectory, Option.none)
  if (Option.isNone(directory)) return []
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const names = yield* Effect.option(files.readDirectory(directory.value, { recursive: true }))
  if (Option.isNone(names)) {
    return [Finding.fail(
      about,
      `EXCHANGE_SECRETS_DIR is ${directory.value}, which is not a readable directory.`,
      "Mount the secrets there, make the directory readable for the user of this process, or unset EXCHANGE_SECRETS_DIR."
    )]
  }
  const looked = yield* Effect.forEach(
    names.value,
    (name) => Effect.option(Effect.map(files.stat(path.join(directory.value, name)), (info) => ({ name, info })))
  )
  const secrets = looked.flatMap(Option.toArray).filter(({ info }) => info.type === "File")
  const open = secrets.filter(({ info }) => othersMayRead(info.mode)).map(({ name }) => name)
  const empty = secrets.filter(({ info }) => info.size === 0n).map(({ name }) => name)
  return [
    ...secrets.length === 0
      ? [
        Finding.warn(
          about,
          `${directory.value} contains no secrets.`,
          "Mount one, such as BINANCE/API_KEY, or unset EXCHANGE_SECRETS_DIR."
        )
      ]
      : [],
    ...open.length > 0
      ? [Finding.warn(
        about,
        `Every user of this machine can read ${open.join(", ")} in ${directory.value}.`,
        "Remove that permission with chmod o-r."
      )]
      : [],
    ...empty.length > 0
      ? [
        Finding.fail(
          about,
          `Some secrets in ${directory.value} are empty: ${empty.join(", ")}.`,
          "Write the secret into each file."
        )
      ]
      : []
  ]
})

const dotEnv: Found = Effect.gen(function*() {
  const sources = yield* Configuration.Configuration
  if (!sources.some(({ name }) => name === ".env")) return []
  const info = yield* Effect.flatMap(FileSystem.FileSystem, (files) => Effect.option(files.stat(".env")))
  return Option.exists(info, ({ mode }) => othersMayRead(mode))
    ? [Finding.warn(
      about,
      "Every user of this machine can read .env.",
      "Remove that permission with chmod 600 .env, and use the file only for development."
    )]
    : []
})
