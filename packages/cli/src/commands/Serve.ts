/**
 * `exchange serve`: runs the price server until the command is stopped.
 *
 * @since 0.1.0
 */
import { type ExchangeSymbol, Health, type MarketData } from "@effect-exchange/core"
import * as Admission from "@effect-exchange/server/Admission"
import * as Lifecycle from "@effect-exchange/server/Lifecycle"
import * as Server from "@effect-exchange/server/Server"
import * as Sources from "@effect-exchange/server/Sources"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as HttpServer from "@effect/platform/HttpServer"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberHandle from "effect/FiberHandle"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import type * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type { Server as HttpListener } from "node:http"
import * as Configuration from "../Configuration.js"
import * as Connections from "../Connections.js"
import { CannotListen, UsageError } from "../Failure.js"
import * as NodeServer from "../internal/nodeServer.js"
import type * as Options from "../Options.js"
import * as Otlp from "../Otlp.js"
import * as OtlpSettings from "../OtlpSettings.js"
import * as ProcessMetrics from "../ProcessMetrics.js"
import * as Registry from "../Registry.js"
import * as Screen from "../Screen.js"
import { Stop } from "../Stop.js"

/**
 * The options of the command.
 *
 * @since 0.1.0
 * @category models
 */
export interface Input extends Options.Settings {
  readonly symbol: ReadonlyArray<ExchangeSymbol.ExchangeSymbol>
  readonly host: string
  readonly port: number
  readonly drain: Duration.Duration
  readonly clientRate: number
  readonly behindProxy: boolean
}

/**
 * Serves until the command is stopped, then waits for open requests.
 *
 * @since 0.1.0
 * @category commands
 */
export const handle = Effect.fnUntraced(function*(
  input: Input
): Effect.fn.Return<void, UsageError | CannotListen, Connections.Network | Screen.Screen | Stop> {
  const stop = yield* Stop
  const { level, tokens } = yield* configured
  const current: CurrentTokens = { tokens }
  const exported = yield* OtlpSettings.read
  const { traces } = exported
  yield* Effect.scoped(
    Effect.gen(function*() {
      const server = NodeServer.make()
      const routeTo = yield* Connections.routes(input)
      const { layerMarketData } = yield* Registry.registry
      const layers: Sources.Layers<ConfigError.ConfigError, never> = Object.fromEntries(
        input.exchange.map((id): [string, Layer.Layer<MarketData.MarketData, ConfigError.ConfigError>] => {
          const { environment, network } = routeTo(id)
          return [id, Layer.provide(layerMarketData(id, { environment, deadline: "8 seconds" }), network)]
        })
      )
      const service = Server.layer({
        behindProxy: input.behindProxy,
        clientBurst: 2 * input.clientRate,
        clientRate: input.clientRate,
        tokens: () => current.tokens,
        ...input.symbol.length === 0 ? {} : { symbols: input.symbol }
      }).pipe(
        Layer.provideMerge(
          NodeHttpServer.layer(() => server, { host: input.host, port: input.port }).pipe(
            Layer.mapError(({ cause }) => cannotListen(input, cause))
          )
        ),
        Layer.provide(Layer.mapError(Sources.layer(layers), Connections.refused)),
        Layer.provide(Health.layer),
        HttpMiddleware.withSpanNameGenerator(({ method, url }) => `${method} ${Admission.routeOf(url)}`),
        HttpMiddleware.withTracerDisabledWhen(({ url }) => traces === undefined || untraced.has(Admission.routeOf(url)))
      )
      yield* ProcessMetrics.keep
      yield* Effect.forkScoped(reloadTokens(current))
      // Ends what closes the connections, once the server has none left.
      const closer = yield* FiberHandle.make()
      const context = yield* Layer.build(service)
      yield* Effect.addFinalizer(() => FiberHandle.run(closer, Effect.interruptible(closing(server, input.drain))))
      // The service upgrades no connection. Node exempts a connection that a listener upgrades from all timeouts, and
      // would not close it on shutdown.
      server.removeAllListeners("upgrade")
      const { address } = Context.get(context, HttpServer.HttpServer)
      yield* Screen.line(manual(NodeServer.urlOf(address), tokens.length > 0, input).join("\n"))
      if (tokens.length === 0 && !isLoopback(input.host)) {
        yield* Screen.note(
          `The server on ${input.host} accepts every client; set EXCHANGE_SERVER_TOKENS to require a token.`
        )
      }

      const signal = yield* stop
      yield* Effect.logInfo("Shutting down: no longer ready, finishing open requests", { signal })
      yield* Context.get(context, Lifecycle.Lifecycle).drain
    })
  ).pipe(Effect.provide(Otlp.layer(exported)), Logger.withMinimumLogLevel(level))
})

/** Probes and scrapers call these all the time, so their traces are of no use. */
const untraced: ReadonlySet<string> = new Set(["/livez", "/readyz", "/startupz", "/metrics"])

const configured = Config.all({ tokens: Configuration.serverTokens, level: Configuration.logLevel }).pipe(
  Effect.mapError((error) =>
    new UsageError({ detail: `The configuration is invalid: ${Configuration.describe(error)}.` })
  )
)

interface CurrentTokens {
  tokens: ReadonlyArray<Redacted.Redacted>
}

/**
 * Reads the tokens again regularly, as files and secret managers may rotate them. A server that requires a token keeps
 * requiring one: if no token can be read, the previous ones stay valid.
 */
const reloadTokens = (current: CurrentTokens): Effect.Effect<void> =>
  Configuration.serverTokens.pipe(
    Effect.matchEffect({
      onFailure: (error) =>
        Effect.logWarning("The tokens cannot be read again; the previous tokens stay valid", {
          reason: Configuration.describe(error)
        }),
      onSuccess: (tokens) =>
        tokens.length === 0 && current.tokens.length > 0
          ? Effect.logWarning("No tokens are configured any more; the previous tokens stay valid")
          : Effect.sync(() => void (current.tokens = tokens))
    }),
    Effect.schedule(Schedule.spaced("5 seconds")),
    Effect.asVoid
  )

/**
 * The server closes once it has no connections left, and Node disconnects no slow client while it closes. Idle
 * keep-alive connections are closed repeatedly, as no request will follow, and all others after `bound`.
 */
const closing = (server: HttpListener, bound: Duration.Duration): Effect.Effect<void> =>
  Effect.sync(() => server.closeIdleConnections()).pipe(
    Effect.repeat(Schedule.upTo(Schedule.spaced("50 millis"), bound)),
    Effect.zipRight(Effect.sync(() => server.closeAllConnections()))
  )

const cannotListen = ({ host, port }: Input, cause: unknown): CannotListen => {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "unknown"
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: "the port is in use; choose another --port, or 0 for a free port",
    EACCES: "the port requires administrator rights; choose a --port of 1024 or higher",
    EADDRNOTAVAIL: "this machine does not have that address; choose another --host",
    ENOTFOUND: "the host name is unknown; choose another --host"
  }
  return new CannotListen({ detail: `Cannot listen on ${host}, port ${port}: ${reasons[code] ?? code}.` })
}

const isLoopback = (host: string): boolean => /^(?:127\.|::1$|localhost$)/.test(host)

const manual = (base: string, isGuarded: boolean, { environment }: Input): ReadonlyArray<string> => [
  `Serving at ${base}${isGuarded ? " (token required)" : ""}`,
  ...environment === "simulated" ? ["  The exchanges are simulated; --environment live uses the real ones."] : [],
  `  ${base}/v1/prices/BTC/USDT`,
  `  ${base}/v1/prices/BTC/USDT?source=median`,
  `  ${base}/docs (documentation), ${base}/ (status page)`,
  "Press Ctrl-C to stop."
]
