/**
 * Options of `exchange serve` only.
 *
 * @since 0.1.0
 */
import * as Options from "@effect/cli/Options"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { duration, port as portOf, refused } from "./internal/optionValues.js"
import { quote } from "./internal/quote.js"

/**
 * `--port 8080`: the port of the server. Defaults to `8080`.
 *
 * @since 0.1.0
 * @category options
 */
export const port: Options.Options<number> = Options.text("port").pipe(
  Options.withPseudoName("number"),
  Options.withDescription("The port to listen on; 0 chooses a free port. Default: 8080."),
  Options.withDefault("8080"),
  Options.mapEffect(portOf(65_535))
)

/**
 * `--host 127.0.0.1`: the address of the server. Defaults to `127.0.0.1`.
 *
 * @since 0.1.0
 * @category options
 */
export const host: Options.Options<string> = Options.text("host").pipe(
  Options.withPseudoName("address"),
  Options.withDescription(
    "The address to listen on; 0.0.0.0 listens on all addresses, so that other machines can connect. Default: 127.0.0.1."
  ),
  Options.withDefault("127.0.0.1"),
  Options.mapEffect((text) =>
    /^[0-9A-Za-z.:-]{1,253}$/.test(text)
      ? Effect.succeed(text)
      : refused(`--host cannot be ${quote(text)}; expected an address such as 127.0.0.1, 0.0.0.0 or ::1.`)
  )
)

/**
 * `--drain 10s`: the time that open requests get to finish at shutdown. Defaults to `10s`.
 *
 * @since 0.1.0
 * @category options
 */
export const drain: Options.Options<Duration.Duration> = Options.text("drain").pipe(
  Options.withPseudoName("time"),
  Options.withDescription("How long open requests may take to finish on shutdown. Default: 10s."),
  Options.withDefault("10s"),
  Options.mapEffect(duration("drain"))
)

/**
 * `--client-rate 100`: the requests per second of one client, with bursts of twice as many. Defaults to `100`.
 *
 * @since 0.1.0
 * @category options
 */
export const clientRate: Options.Options<number> = Options.text("client-rate").pipe(
  Options.withPseudoName("number"),
  Options.withDescription(
    "The maximum number of requests per second from one client, with bursts of twice that. Default: 100."
  ),
  Options.withDefault("100"),
  Options.mapEffect((text) =>
    /^[1-9]\d{0,6}$/.test(text)
      ? Effect.succeed(Number(text))
      : refused(`--client-rate cannot be ${quote(text)}; expected a whole number from 1 to 9999999.`)
  )
)

/**
 * `--behind-proxy`: take the client address from `x-forwarded-for`.
 *
 * @since 0.1.0
 * @category options
 */
export const behindProxy: Options.Options<boolean> = Options.boolean("behind-proxy").pipe(
  Options.withDescription(
    "Take the client's address from the last entry of x-forwarded-for, which a proxy in front adds."
  )
)
