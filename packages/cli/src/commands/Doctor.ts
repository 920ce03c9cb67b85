/**
 * `exchange doctor`: checks the configuration, the connections to the exchanges, the clock and the keys, with a remedy
 * for each problem.
 *
 * @since 0.1.0
 */
import * as Concurrent from "@effect-exchange/resilience/Concurrent"
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Configuration from "../Configuration.js"
import * as Connections from "../Connections.js"
import { Incomplete, type UsageError } from "../Failure.js"
import * as Finding from "../Finding.js"
import * as InquiryOptions from "../InquiryOptions.js"
import * as ConfigurationChecks from "../internal/configurationChecks.js"
import * as ConnectionChecks from "../internal/connectionChecks.js"
import * as Keys from "../Keys.js"
import * as Screen from "../Screen.js"

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
 * The JSON document that `--json` prints. `status` is the worst status of all findings.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Document = Schema.parseJson(
  Schema.Struct({ status: Finding.Finding.fields.status, findings: Schema.Array(Finding.Finding) }),
  { space: 2 }
)

const encode = Schema.encodeSync(Document)

/**
 * Runs all checks and prints their findings. Fails with `Incomplete` if a check fails.
 *
 * @since 0.1.0
 * @category commands
 */
export const handle = Effect.fnUntraced(function*(
  input: Input
): Effect.fn.Return<
  void,
  UsageError | Incomplete,
  Configuration.Configuration | Connections.Network | FileSystem.FileSystem | Path.Path | Screen.Screen
> {
  const screen = yield* Screen.Screen
  const settings = InquiryOptions.inquired(input)
  const places = yield* Keys.places(input)
  const findings = yield* Effect.scoped(Effect.gen(function*() {
    const unreadable = yield* ConfigurationChecks.unreadable
    const configuration = yield* ConfigurationChecks.findings
    const routeTo = yield* Connections.routes(settings)
    const connections = yield* Connections.connect(settings.exchange, routeTo)
    const probes = yield* Concurrent.forEach(connections, ConnectionChecks.probe, { concurrency: "unbounded" })
    const checked = [...unreadable, ...configuration, ...ConnectionChecks.findings(probes)]
    if (unreadable.length > 0) {
      const from = unreadable.map(({ about }) => about).join(" and ")
      return [
        ...checked,
        Finding.warn(
          "keys",
          `The keys were not checked, because ${from} cannot be read.`,
          "Run exchange doctor again once it can."
        )
      ]
    }
    const keys = yield* Keys.check(places, (exchange) => routeTo(exchange).network)
    return [
      ...checked,
      ...keys.length === 0
        ? [Finding.pass("keys", "No key is configured; public data needs no key.")]
        : keys.flatMap(({ findings }) => findings)
    ]
  }))
  const count = (status: Finding.Finding["status"]) => findings.filter((finding) => finding.status === status).length
  const [failed, warned] = [count("fail"), count("warn")]
  if (input.json) {
    yield* Screen.line(encode({ status: failed > 0 ? "fail" : warned > 0 ? "warn" : "pass", findings }))
  } else {
    yield* Screen.line(Finding.list(findings, screen.colors))
    yield* Screen.line(
      failed + warned === 0
        ? "\nNo problems found."
        : `\nProblems: ${failed}, warnings: ${warned}. See the remedy below each.`
    )
  }
  if (failed > 0) {
    return yield* new Incomplete({
      exchanges: findings.filter(({ status }) => status === "fail").map(({ about }) => about)
    })
  }
})
