/**
 * The subcommands and their options. The code of each is loaded when it runs.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import * as AccountCommands from "./AccountCommands.js"
import * as InquiryOptions from "./InquiryOptions.js"
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
 * Creates all commands. `program` is the name the user calls the executable by.
 *
 * @since 0.1.0
 * @category commands
 */
export const all = (program: string) =>
  [
    price(program),
    watch(),
    book(),
    trades(),
    ...MarketCommands.all(),
    ...AccountCommands.all(),
    health(),
    doctor(),
    keys(),
    config(),
    serve(),
    simulate(program),
    contract(program),
    record()
  ] as const

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

const price = (program: string) =>
  Command.make(
    "price",
    { symbols: Symbols.many, ...Options.settings, json: Options.json },
    (input) => Stop.abort(Network.within(Effect.flatMap(modules.Price, ({ handle }) => handle(input, program))))
  ).pipe(Command.withDescription(
    "The latest prices of some symbols. Latency is the time of the whole operation, retries and waiting included. "
      + "Exit code 0: every price was got; 1: some exchange failed; 2: bad usage."
  ))

const watch = () =>
  Command.make(
    "watch",
    { symbols: Symbols.many, ...Options.settings, interval: Options.interval, json: Options.json },
    (input) => Stop.end(Network.within(Effect.flatMap(modules.Watch, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(
    "Live prices until Ctrl-C, which is its proper end: exit code 0. 2: bad usage. "
      + "They are streamed, and it is said of each whether it holds; where an exchange has no such feed it is asked again and again, "
      + "in as few requests as it allows and at the pace of its rate limit. With --json, one document a line and interval."
  ))

const book = () =>
  Command.make(
    "book",
    {
      symbol: Symbols.one,
      ...Options.settings,
      exchange: Options.oneExchange,
      depth: Options.depth,
      json: Options.json
    },
    (input) => Stop.end(Network.within(Effect.flatMap(modules.Book, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(
    "A live order book until Ctrl-C, which is its proper end: exit code 0. 1: the exchange refused it; 2: bad usage. "
      + "It is drawn only while it is whole: after a lost update or connection it says so, and comes back by itself. "
      + "With --json, one document a line."
  ))

const trades = () =>
  Command.make(
    "trades",
    { symbol: Symbols.one, ...Options.settings, exchange: Options.oneExchange, json: Options.json },
    (input) => Stop.end(Network.within(Effect.flatMap(modules.Trades, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(
    "Trades as they happen until Ctrl-C, which is its proper end: exit code 0. 1: the exchange refused it; 2: bad usage. "
      + "A lost connection is made again, and it is said so on standard error. With --json, one document a line."
  ))

const health = () =>
  Command.make(
    "health",
    { ...Options.settings, json: Options.json },
    (input) => Stop.abort(Network.within(Effect.flatMap(modules.Health, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(
    "Asks each exchange for its time, trying again when that may help, and says how each is doing. "
      + "Exit code 0: all serve; 1: some exchange fails; 2: bad usage."
  ))

const doctor = () =>
  Command.make(
    "doctor",
    { ...InquiryOptions.inquiry, json: Options.json },
    (input) => Stop.abort(Network.within(Effect.flatMap(modules.Doctor, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(
    "Checks what is configured, whether each exchange can be reached, this machine's clock and the API keys, and says in a "
      + "sentence what to do about what is wrong. It only reads. Exit code 0: nothing has to be mended; 1: something has; 2: bad usage."
  ))

const keys = () =>
  Command.make("keys").pipe(
    Command.withDescription("The API keys that are configured: see exchange keys check --help."),
    Command.withSubcommands([
      Command.make(
        "check",
        { ...InquiryOptions.inquiry, json: Options.json },
        (input) => Stop.abort(Network.within(Effect.flatMap(modules.Keys, ({ handle }) => handle(input))))
      ).pipe(Command.withDescription(
        "Asks each exchange what the key that is configured for it may do, when it expires, and says what is wrong with that. "
          + "No key is shown: one is told from another by its fingerprint. "
          + "Exit code 0: nothing has to be mended, or no key is configured; 1: something has; 2: bad usage."
      ))
    ])
  )

const config = () =>
  Command.make(
    "config",
    { all: Options.all, json: Options.json },
    (input) => Stop.abort(Effect.flatMap(modules.Config, ({ handle }) => handle(input)))
  ).pipe(Command.withDescription(
    "What is configured, where it was found, and what holds where nothing is. No secret is shown. Exit code 0; 2: it cannot be read."
  ))

const serve = () =>
  Command.make(
    "serve",
    {
      ...Options.settings,
      symbol: Symbols.option("BTC/USDT"),
      host: ServeOptions.host,
      port: ServeOptions.port,
      drain: ServeOptions.drain,
      clientRate: ServeOptions.clientRate,
      behindProxy: ServeOptions.behindProxy
    },
    (input) => Network.within(Effect.flatMap(modules.Serve, ({ handle }) => handle(input)))
  ).pipe(Command.withDescription(
    "Serves prices over HTTP until Ctrl-C or SIGTERM, which is its proper end: it is ready no more, ends what is under way, "
      + "and exits with 0. 1: it cannot listen there; 2: bad usage. EXCHANGE_SERVER_TOKENS, with commas between them, are the "
      + "bearer tokens it asks for; without any, whoever reaches it is served. EXCHANGE_LOG_LEVEL says how much it logs. "
      + "Nothing of an account can be reached through it."
  ))

const simulate = (program: string) =>
  Command.make(
    "simulate",
    { exchange: Options.exchanges, port: Options.port, faults: Options.faults, seed: Options.seed },
    (input) => Stop.end(Effect.flatMap(modules.Simulate, ({ handle }) => handle(input, program)))
  ).pipe(Command.withDescription(
    "Serves simulated exchanges on 127.0.0.1 until Ctrl-C, which is their proper end: exit code 0. "
      + "1: a port is taken; 2: bad usage. While they run, PUT /_simulator/faults, PUT /_simulator/prices/{symbol} and "
      + "POST /_simulator/orders/{id}/fill at each set faults and prices and fill orders, POST /_simulator/sockets disturbs "
      + "its sockets; GET /_simulator shows the state."
  ))

const contract = (program: string) =>
  Command.make(
    "contract",
    {
      ...Options.places,
      symbol: Symbols.option("well-known ones"),
      trading: ReportOptions.trading,
      output: ReportOptions.reportFile
    },
    (input) => Stop.abort(Network.within(Effect.flatMap(modules.Contract, ({ handle }) => handle(input, program))))
  ).pipe(Command.withDescription(
    "Judges exchanges and their clients by the cases that every one of them must pass. Without --trading it only reads: "
      + "the account as well where a key is configured (<EXCHANGE>_API_KEY and <EXCHANGE>_API_SECRET, or "
      + "<EXCHANGE>_TESTNET_API_KEY and so on for a testnet). At an exchange's own pace that takes minutes. "
      + "Exit code 0: no case failed; 1: some did; 2: bad usage."
  ))

const record = () =>
  Command.make(
    "record",
    {
      ...Options.places,
      symbol: Symbols.option(Symbols.recorded.join(", ")),
      account: ReportOptions.account,
      output: ReportOptions.directory
    },
    (input) => Stop.abort(Network.within(Effect.flatMap(modules.Record, ({ handle }) => handle(input))))
  ).pipe(Command.withDescription(
    "Writes down what exchanges answer to everything that only reads, a file of JSON each, without keys and signatures. "
      + "Exit code 0: all was answered; 1: some of it was not; 2: bad usage."
  ))
