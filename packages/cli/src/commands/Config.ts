/**
 * `exchange config`: the configured values, their sources, and the defaults.
 *
 * @since 0.1.0
 */
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Configuration from "../Configuration.js"
import { UsageError } from "../Failure.js"
import * as Screen from "../Screen.js"
import * as Table from "../Table.js"
import * as Variables from "../Variables.js"

/**
 * The options of the command.
 *
 * @since 0.1.0
 * @category models
 */
export interface Input {
  readonly all: boolean
  readonly json: boolean
}

const Row = Schema.Struct({
  name: Schema.String,
  /** The value: `null` if it is not set, `<redacted>` for a secret. */
  value: Schema.NullOr(Schema.String),
  source: Schema.NullOr(Schema.String),
  secret: Schema.Boolean,
  otherwise: Schema.String,
  meaning: Schema.String,
  /** Why the value is invalid. */
  invalid: Schema.optional(Schema.String)
})

type Row = typeof Row.Type

/**
 * The JSON document that `--json` prints. It lists every name, whether configured or not.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Document = Schema.parseJson(Schema.Struct({ variables: Schema.Array(Row) }), { space: 2 })

const encode = Schema.encodeSync(Document)

/**
 * Prints the configuration. Neither secrets nor their lengths are shown.
 *
 * @since 0.1.0
 * @category commands
 */
export const handle = Effect.fnUntraced(function*(
  { all, json }: Input
): Effect.fn.Return<void, UsageError, Configuration.Configuration | Screen.Screen> {
  const screen = yield* Screen.Screen
  const variables = yield* Variables.variables
  const rows = yield* Effect.forEach(variables, rowOf)
  if (json) return yield* Screen.line(encode({ variables: rows }))
  const ofExchanges = new Set(
    variables.filter(({ path }) => path.length > 1).map(({ path }) => Configuration.nameOf(path))
  )
  const shown = rows.filter(({ name, source }) => all || source !== null || !ofExchanges.has(name))
  yield* Screen.line(table(shown, screen.colors))
  const sources = yield* Configuration.Configuration
  const remarks = [
    ...rows.flatMap(({ invalid }) => invalid === undefined ? [] : [`${invalid}.`]),
    `Sources, in order of precedence: ${sources.map(({ name }) => name).join(", ")}.`,
    ...all
      ? []
      : ["--all also shows the keys of exchanges that are not configured; exchange doctor reports problems."]
  ]
  yield* Screen.line(`\n${remarks.join("\n")}`)
})

const rowOf = (variable: Variables.Variable): Effect.Effect<Row, UsageError, Configuration.Configuration> =>
  Effect.gen(function*() {
    const found = yield* Configuration.find(variable.path)
    const invalid = Option.isNone(found) ? Option.none() : yield* variable.config.pipe(
      Effect.flip,
      Effect.map(Configuration.describe),
      Effect.option
    )
    return {
      name: Configuration.nameOf(variable.path),
      value: Option.match(found, {
        onNone: () => null,
        onSome: ({ text }) => variable.isSecret ? "<redacted>" : withoutCredentials(Redacted.value(text))
      }),
      source: Option.match(found, { onNone: () => null, onSome: ({ source }) => source }),
      secret: variable.isSecret,
      otherwise: plain(variable.otherwise),
      meaning: plain(variable.meaning),
      ...Option.match(invalid, { onNone: () => ({}), onSome: (invalid) => ({ invalid }) })
    }
  }).pipe(Effect.mapError(unreadable))

/** Hides the parts of a URL in which users put credentials. */
const withoutCredentials = (text: string): string =>
  URL.canParse(text)
    ? text.replace(/\/\/[^/?#]*@/, "//<redacted>@").replace(/\?[^#]*/, "?<redacted>")
    : text

/** Meanings are written for the page on configuration, which is Markdown. */
const plain = (markdown: string): string => markdown.replace(/\[([^\]]+)\]\([^)]*\)/g, "$1").replaceAll("`", "")

const unreadable = (error: ConfigError.ConfigError): UsageError =>
  new UsageError({ detail: `The configuration cannot be read: ${Configuration.describe(error)}.` })

const table = (rows: ReadonlyArray<Row>, colors: boolean): string =>
  Table.render(
    [{ title: "name" }, { title: "value" }, { title: "from" }, { title: "meaning" }],
    rows.map(({ invalid, meaning, name, otherwise, source, value }) => [
      name,
      value === null
        ? { text: otherwise, tone: "faint" }
        : { text: value, tone: invalid === undefined ? "plain" : "bad" },
      source ?? { text: "default", tone: "faint" },
      meaning
    ]),
    colors
  )
