/**
 * `exchange keys check`: the permissions and the expiry of each configured API key, and problems with them.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Configuration from "../Configuration.js"
import * as Connections from "../Connections.js"
import { Incomplete, type UsageError } from "../Failure.js"
import * as Finding from "../Finding.js"
import * as InquiryOptions from "../InquiryOptions.js"
import * as Keys from "../Keys.js"
import * as Screen from "../Screen.js"
import * as Table from "../Table.js"

/**
 * The options of the command.
 *
 * @since 0.1.0
 * @category models
 */
export interface Input extends InquiryOptions.Inquiry {
  readonly json: boolean
}

/**
 * The JSON document that `--json` prints.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Document = Schema.parseJson(Schema.Struct({ keys: Schema.Array(Keys.Key) }), { space: 2 })

const encode = Schema.encodeSync(Document)

/**
 * Asks each exchange for the permissions of its configured key. Fails with `Incomplete` if a check of a key fails.
 *
 * @since 0.1.0
 * @category commands
 */
export const handle = Effect.fnUntraced(function*(
  input: Input
): Effect.fn.Return<
  void,
  UsageError | Incomplete,
  Configuration.Configuration | Connections.Network | Screen.Screen
> {
  const screen = yield* Screen.Screen
  const keys = yield* Effect.scoped(
    Effect.flatMap(
      Connections.routes(InquiryOptions.inquired(input)),
      (routeTo) =>
        Effect.flatMap(
          Keys.places(input),
          (places) => Keys.check(places, (exchange) => routeTo(exchange).network)
        )
    )
  )
  const wrong = keys.filter(({ findings }) => findings.some(({ status }) => status === "fail"))
  if (input.json) yield* Screen.line(encode({ keys }))
  else if (keys.length === 0) {
    yield* Screen.line(
      "No key is configured. Keys are read from variables such as BINANCE_API_KEY and BINANCE_API_SECRET; exchange config --all lists all of them."
    )
  } else {
    yield* Screen.line(table(keys, screen.colors))
    yield* Screen.line(`\n${Finding.list(keys.flatMap(({ findings }) => findings), screen.colors)}`)
  }
  if (wrong.length > 0) return yield* new Incomplete({ exchanges: wrong.map(({ exchange }) => exchange) })
})

const table = (keys: ReadonlyArray<Keys.Key>, colors: boolean): string =>
  Table.render(
    [
      { title: "exchange" },
      { title: "environment" },
      { title: "key" },
      { title: "read" },
      { title: "trade" },
      { title: "withdraw" },
      { title: "addresses" },
      { title: "expires" }
    ],
    keys.map(({ environment, exchange, fingerprint, permissions }) => [
      exchange,
      environment,
      fingerprint ?? "–",
      ...permissions === undefined ? ["–", "–", "–", "–", "–"] : [
        word(permissions.read),
        word(permissions.trade),
        { text: word(permissions.withdraw), tone: permissions.withdraw === true ? "bad" as const : "plain" as const },
        permissions.ipRestricted === "unknown" ? "unknown" : permissions.ipRestricted ? "restricted" : "any",
        permissions.expiresAt === undefined ? "never or unknown" : dayOf(permissions.expiresAt)
      ]
    ]),
    colors
  )

const word = (permission: boolean | "unknown"): string =>
  permission === "unknown" ? "unknown" : permission ? "yes" : "no"

const dayOf = (instant: number): string => DateTime.formatIsoDateUtc(DateTime.unsafeMake(instant))
