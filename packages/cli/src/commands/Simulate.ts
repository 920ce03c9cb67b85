/**
 * `exchange simulate`: serves simulated exchanges on local ports.
 *
 * @since 0.1.0
 */
import * as Simulator from "@effect-exchange/simulator/Simulator"
import * as SimulatorServer from "@effect-exchange/simulator/SimulatorServer"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Options from "../Options.js"
import * as Registry from "../Registry.js"
import * as Screen from "../Screen.js"

/**
 * The options of the command.
 *
 * @since 0.1.0
 * @category models
 */
export interface Input extends Pick<Options.Settings, "exchange" | "faults" | "seed"> {
  readonly port: number
}

/**
 * Serves the exchanges until the command is stopped, and prints how to reach them.
 *
 * @since 0.1.0
 * @category commands
 */
export const handle = (
  input: Input,
  program: string
): Effect.Effect<never, SimulatorServer.ServerFailed, Screen.Screen> =>
  Effect.scoped(Effect.gen(function*() {
    const { dialect } = yield* Registry.registry
    const ports = Object.fromEntries(
      input.exchange.map((id, index) => [id, input.port === 0 ? 0 : input.port + index])
    )
    const { exchanges } = yield* SimulatorServer.make(input.exchange.map(dialect), {
      ports,
      faults: Options.faultsOf(input.faults),
      seed: Option.getOrUndefined(Option.map(input.seed, String))
    })
    yield* Screen.line(manual(exchanges, program).join("\n"))
    return yield* Effect.never
  }))

const manual = (exchanges: ReadonlyArray<SimulatorServer.Served>, program: string): ReadonlyArray<string> => [
  ...exchanges.map(({ baseUrl, id }) => `${id} answers at ${baseUrl}`),
  "",
  "Any client with a configurable base URL can use them. To request prices from another terminal:",
  `  ${program} price BTC/USDT --exchange ${exchanges.map(({ id }) => id).join(",")} ${
    exchanges.map(({ baseUrl, id }) => `--base-url ${id}=${baseUrl}`).join(" ")
  }`,
  "To place orders and check the results:",
  ...exchanges.slice(0, 1).map(({ baseUrl, id }) =>
    `  ${program} contract --exchange ${id} --base-url ${id}=${baseUrl} --trading`
  ),
  "Keys of the demo accounts, which are the same for everyone and useless anywhere else:",
  ...exchanges.flatMap(({ id, simulator }) => {
    // Public constants of the simulator, not secrets.
    const { key, passphrase, secret } = Simulator.credentials(simulator.dialect)
    const parts = [["KEY", key], ["SECRET", secret], ["PASSPHRASE", passphrase]] as const
    return parts.flatMap(([part, value]) =>
      value === undefined ? [] : [`  export ${id.toUpperCase()}_SIMULATED_API_${part}='${Redacted.value(value)}'`]
    )
  }),
  "",
  "To set faults and prices and to fill orders while they run (GET /_simulator shows the state):",
  ...exchanges.slice(0, 1).flatMap(({ baseUrl }) => [
    `  curl -X PUT ${baseUrl}/_simulator/faults -d '"outage"'`,
    `  curl -X PUT ${baseUrl}/_simulator/prices/BTC/USDT -d '{"last": "61000"}'`,
    `  curl -X POST ${baseUrl}/_simulator/orders/ID/fill`
  ]),
  "",
  "Press Ctrl-C to stop."
]
