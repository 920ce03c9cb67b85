/**
 * The subcommands and their options. The code of each is loaded when it runs.
 *
 * @since 0.1.0
 */
import * as ExchangeId from "@effect-exchange/exchanges/ExchangeId"
import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import * as AccountCommands from "./AccountCommands.js"
import * as ExchangeOptions from "./ExchangeOptions.js"
import { once } from "./internal/once.js"
import * as MarketCommands from "./MarketCommands.js"
import * as Network from "./Network.js"
import * as Options from "./Options.js"
import * as ReportOptions from "./ReportOptions.js"
import * as ServeOptions from "./ServeOptions.js"
import * as Stop from "./Stop.js"
import * as Symbols from "./Symbols.js"
import * as Verbose from "./Verbose.js"

/**
 * Creates all commands, with their own exchanges unless other ids are given. `program` is the name the user calls the
 * executable by.
 *
 * @since 0.1.0
 * @category commands
 */
export const all = (program: string, ids: ReadonlyArray<string> = ExchangeId.ids) => {
  const options = ExchangeOptions.make(ids)
  return [
    price(program, options),
    watch(options),
    book(options),
    trades(options),
    ...MarketCommands.all(options),
    ...AccountCommands.all(options),
    health(options),
    doctor(options),
    keys(options),
    config(),
    serve(options),
    simulate(program, options),
    contract(program, options),
    record(options)
  ] as const
}

const modules = {
  Price: once(() => import("./commands/Price.js")),
  Watch: once(() => import("./commands/Watch.js")),
  Book: once(() => import("./commands/Book.js")),
  Trades: once(() => import("./commands/Trades.js")),
  Health: once(() => import("./commands/Health.js")),
  Doctor: once(() => import("./commands/Doctor.js")),
  Keys: once(() => import("./commands/Keys.js")),
  Config: once(() => import("./commands/Config.js")),
  Serve: once(() => import("./commands/Serve.js")),
  Simulate: once(() => import("./commands/Simulate.js")),
  Contract: once(() => import("./commands/Contract.js")),
  Record: once(() => import("./commands/Record.js"))
}

/**
 * Loads the code of all commands ahead of time.
 *
 * @since 0.1.0
 * @category loading
 */
export const load: Effect.Effect<void> = Effect.all(
  [Effect.all(modules), MarketCommands.load, AccountCommands.load, Verbose.load],
  { discard: true }
)

const price = (program: string, options: ExchangeOptions.ExchangeOptions) =>
  Command.make(
    "price",
    { symbols: Symbols.many, ...options.settings, json: Options.json },
    (input) => Stop.abort(Network.within(Effect.flatMap(modules.Price, ({ handle }) => handle(input, program))))
  ).pipe(Command.withDescription(
    "Shows the latest prices of one or more symbols. Latency is the time of the whole operation, including retries and waiting. "
      + "Exit code 0: every price was received; 1: an exchange failed; 2: invalid usage."
  ))

const watch = (options: ExchangeOptions.ExchangeOptions) =>
  Command.make(
    "watch",
    { symbols: Symbols.many, ...options.settings, interval: Options.interval, json: Options.json },
    (input) => Stop.end(Network.within(Effect.flatMap(modules.Watch, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(
    "Shows live prices until Ctrl-C. "
      + "Prices are streamed, and each row shows whether its feed is live. An exchange without such a feed is polled, "
      + "with as few requests as possible and at the pace of its rate limit. With --json, prints one document per line and interval. Exit code 0: stopped by Ctrl-C; 2: invalid usage."
  ))

const book = (options: ExchangeOptions.ExchangeOptions) =>
  Command.make(
    "book",
    {
      symbol: Symbols.one,
      ...options.one,
      depth: Options.depth,
      json: Options.json
    },
    (input) => Stop.end(Network.within(Effect.flatMap(modules.Book, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(
    "Shows a live order book until Ctrl-C. "
      + "The book is drawn only while it is complete: after a lost update or connection, the command says so and recovers by itself. "
      + "With --json, prints one document per line. Exit code 0: stopped by Ctrl-C; 1: the exchange refused the request; 2: invalid usage."
  ))

const trades = (options: ExchangeOptions.ExchangeOptions) =>
  Command.make(
    "trades",
    { symbol: Symbols.one, ...options.one, json: Options.json },
    (input) => Stop.end(Network.within(Effect.flatMap(modules.Trades, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(
    "Shows trades as they happen until Ctrl-C. "
      + "A lost connection is restored and reported on standard error. With --json, prints one document per line. Exit code 0: stopped by Ctrl-C; 1: the exchange refused the request; 2: invalid usage."
  ))

const health = (options: ExchangeOptions.ExchangeOptions) =>
  Command.make(
    "health",
    { ...options.settings, json: Options.json },
    (input) => Stop.abort(Network.within(Effect.flatMap(modules.Health, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(
    "Asks each exchange for its time, with retries, and shows the health of each exchange. "
      + "Exit code 0: no exchange fails; 1: an exchange fails; 2: invalid usage."
  ))

const doctor = (options: ExchangeOptions.ExchangeOptions) =>
  Command.make(
    "doctor",
    { ...options.inquiry, json: Options.json },
    (input) => Stop.abort(Network.within(Effect.flatMap(modules.Doctor, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(
    "Checks the configuration, the connection to each exchange, this machine's clock and the API keys, and says how to fix "
      + "each problem. It only reads. Exit code 0: no problems, at most warnings; 1: at least one problem; 2: invalid usage."
  ))

const keys = (options: ExchangeOptions.ExchangeOptions) =>
  Command.make("keys").pipe(
    Command.withDescription("Checks the configured API keys: see exchange keys check --help."),
    Command.withSubcommands([
      Command.make(
        "check",
        { ...options.inquiry, json: Options.json },
        (input) => Stop.abort(Network.within(Effect.flatMap(modules.Keys, ({ handle }) => handle(input))))
      ).pipe(Command.withDescription(
        "Asks each exchange what the configured key may do and when it expires, and reports problems. "
          + "Keys are never shown; each is identified by a fingerprint. "
          + "Exit code 0: no problems, at most warnings, or no key is configured; 1: at least one problem; 2: invalid usage."
      ))
    ])
  )

const config = () =>
  Command.make(
    "config",
    { all: Options.all, json: Options.json },
    (input) => Stop.abort(Effect.flatMap(modules.Config, ({ handle }) => handle(input)))
  ).pipe(Command.withDescription(
    "Shows each variable, its value, where the value was found, and the default if it is not set. Secrets are not shown. Exit code 0: shown; 2: the configuration cannot be read."
  ))

const serve = (options: ExchangeOptions.ExchangeOptions) =>
  Command.make(
    "serve",
    {
      ...options.settings,
      symbol: Symbols.option("BTC/USDT"),
      host: ServeOptions.host,
      port: ServeOptions.port,
      drain: ServeOptions.drain,
      clientRate: ServeOptions.clientRate,
      behindProxy: ServeOptions.behindProxy
    },
    (input) => Network.within(Effect.flatMap(modules.Serve, ({ handle }) => handle(input)))
  ).pipe(Command.withDescription(
    "Serves prices over HTTP until Ctrl-C or SIGTERM. On shutdown it reports that it is no longer ready and finishes open requests. "
      + "EXCHANGE_SERVER_TOKENS lists the accepted bearer tokens, separated by commas; "
      + "without tokens, the server accepts every client. EXCHANGE_LOG_LEVEL sets the log level. "
      + "The server gives no access to accounts. Exit code 0: stopped by Ctrl-C or SIGTERM; 1: it cannot listen on the address; 2: invalid usage."
  ))

const simulate = (program: string, options: ExchangeOptions.ExchangeOptions) =>
  Command.make(
    "simulate",
    { exchange: options.exchanges, port: options.port, faults: Options.faults, seed: Options.seed },
    (input) => Stop.end(Effect.flatMap(modules.Simulate, ({ handle }) => handle(input, program)))
  ).pipe(Command.withDescription(
    "Serves simulated exchanges on 127.0.0.1 until Ctrl-C. "
      + "While they run, PUT /_simulator/faults sets faults, PUT /_simulator/prices/{symbol} sets prices, "
      + "POST /_simulator/orders/{id}/fill fills orders and POST /_simulator/sockets disturbs "
      + "sockets, each at the URL of an exchange; GET /_simulator shows the state. Exit code 0: stopped by Ctrl-C; 1: a port is in use; 2: invalid usage."
  ))

const contract = (program: string, options: ExchangeOptions.ExchangeOptions) =>
  Command.make(
    "contract",
    {
      ...options.places,
      symbol: Symbols.option("well-known symbols"),
      trading: ReportOptions.trading,
      output: ReportOptions.reportFile
    },
    (input) => Stop.abort(Network.within(Effect.flatMap(modules.Contract, ({ handle }) => handle(input, program))))
  ).pipe(Command.withDescription(
    "Runs the contract cases, which every exchange and its client must pass. Without --trading it only reads, "
      + "including the account if a key is configured (<EXCHANGE>_API_KEY and <EXCHANGE>_API_SECRET, or "
      + "<EXCHANGE>_TESTNET_API_KEY and so on for a testnet). At the pace of an exchange's rate limits, this takes minutes. "
      + "Exit code 0: no case failed; 1: a case failed; 2: invalid usage."
  ))

const record = (options: ExchangeOptions.ExchangeOptions) =>
  Command.make(
    "record",
    {
      ...options.places,
      symbol: Symbols.option(Symbols.recorded.join(", ")),
      account: ReportOptions.account,
      output: ReportOptions.directory
    },
    (input) => Stop.abort(Network.within(Effect.flatMap(modules.Record, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(
    "Records the responses of exchanges to all read-only requests, one JSON file each, without keys and signatures. "
      + "Exit code 0: every request was answered; 1: a request was not answered; 2: invalid usage."
  ))
