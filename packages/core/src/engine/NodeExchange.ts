/**
 * Provides HTTP, WebSockets and signatures for exchanges on Node.js, by undici, ws and `node:crypto`.
 *
 * HTTP keeps connections alive, requests and decompresses gzip, follows no redirects, reads no response beyond a limit
 * and sends no trace headers. No span of the platform records a signed URL or a header. WebSockets refuse redirects and
 * messages beyond a limit.
 *
 * @since 0.1.0
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import { setHeader } from "@effect/platform/HttpClientRequest"
import * as Socket from "@effect/platform/Socket"
import * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { isIP } from "node:net"
import { Agent, type buildConnector } from "undici"
import * as WebSocket from "ws"
import * as OptionRange from "../model/internal/optionRange.js"
import { Crypto } from "./Crypto.js"
import { mark } from "./internal/connection.js"
import * as Keeper from "./internal/keeper.js"
import { reading } from "./internal/nodeBodies.js"
import * as nodeCrypto from "./internal/nodeCrypto.js"
import * as nodeProxy from "./internal/nodeProxy.js"
import * as nodeTransport from "./internal/nodeTransport.js"
import * as nodeTunnel from "./internal/nodeTunnel.js"
import { withoutTracing } from "./internal/transport.js"
import * as Transport from "./Transport.js"

/**
 * The options of the Layers.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The largest number of connections to one exchange. Defaults to 32. */
  readonly connections?: number | undefined
  /** How long an idle connection is kept open. Defaults to 60 seconds; exchanges close theirs after about 90. */
  readonly keepAlive?: Duration.DurationInput | undefined
  /** How long connecting may take, including TLS. Defaults to 5 seconds. */
  readonly connectTimeout?: Duration.DurationInput | undefined
  /**
   * The largest HTTP body and WebSocket message in bytes, both compressed and decompressed. Defaults to 40 MiB, more
   * than twice the largest listing seen from an exchange (16.9 MB). The `maxResponseBytes` of an exchange applies as
   * well: the smaller of the two is the limit, and the error names it.
   */
  readonly maxBytes?: number | undefined
  /**
   * The HTTP proxy for requests and WebSockets, by CONNECT: an `http://` or `https://` URL with port 80 or 443 by
   * default, and with `user:password@` before the host if the proxy requires it. `"environment"` reads `HTTPS_PROXY`
   * (for `https:` and `wss:`), `HTTP_PROXY` (for other schemes) and `NO_PROXY` from the current `ConfigProvider`, lower
   * case names first, as curl does. Loopback and link-local addresses never go through a proxy, because only this
   * machine can reach them.
   *
   * Defaults to no proxy, whatever the environment contains: on Node.js, neither `fetch` nor undici reads these
   * variables unless asked to, and a variable that the program does not mention should not redirect orders. The
   * `exchange` command uses `"environment"`.
   */
  readonly proxy?: "environment" | Redacted.Redacted | undefined
  /** The local address that connections use, on a machine with several. Defaults to the system's choice. */
  readonly localAddress?: string | undefined
}

/**
 * Options without `proxy` and `localAddress`. These two are checked when the Layer is built, which can then fail with a
 * `ConfigError`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Direct extends Options {
  readonly proxy?: undefined
  readonly localAddress?: undefined
}

/**
 * Provides all three services with the given options. Dies with a `RangeError` for numbers and durations out of range.
 *
 * @since 0.1.0
 * @category layers
 */
export function layerWith(
  options: Direct
): Layer.Layer<HttpClient.HttpClient | Socket.WebSocketConstructor | Crypto>
export function layerWith(
  options: Options
): Layer.Layer<HttpClient.HttpClient | Socket.WebSocketConstructor | Crypto, ConfigError.ConfigError>
export function layerWith(
  options: Options
): Layer.Layer<HttpClient.HttpClient | Socket.WebSocketConstructor | Crypto, ConfigError.ConfigError> {
  // One Layer instead of three merged ones: the memory that Effect keeps for each Layer exceeds that of the services.
  return Layer.scopedContext(
    Effect.zipWith(
      makeHttp(options),
      makeWebSocket(options),
      (client, construct) =>
        Context.make(HttpClient.HttpClient, client).pipe(
          Context.add(Socket.WebSocketConstructor, construct),
          Context.add(Crypto, nodeCrypto.primitives)
        )
    )
  )
}

/**
 * Provides `HttpClient` by undici.
 *
 * @since 0.1.0
 * @category layers
 */
export function layerHttp(options?: Direct): Layer.Layer<HttpClient.HttpClient>
export function layerHttp(options?: Options): Layer.Layer<HttpClient.HttpClient, ConfigError.ConfigError>
export function layerHttp(options: Options = {}): Layer.Layer<HttpClient.HttpClient, ConfigError.ConfigError> {
  return Layer.scoped(HttpClient.HttpClient, makeHttp(options))
}

const makeHttp = (
  options: Options
): Effect.Effect<HttpClient.HttpClient, ConfigError.ConfigError, Scope.Scope> =>
  Effect.gen(function*() {
    const route = yield* routeOf(options)
    const connect = nodeTunnel.connector(route.proxies, route)
    const agent = yield* Effect.acquireRelease(
      Effect.sync(() =>
        new Agent({
          connections: options.connections ?? 32,
          pipelining: 1,
          keepAliveTimeout: Duration.toMillis(options.keepAlive ?? "60 seconds"),
          keepAliveMaxTimeout: Duration.toMillis(options.keepAlive ?? "60 seconds"),
          connect: watched(connect)
        })
      ),
      (agent) => Effect.promise(() => agent.destroy())
    )
    const dispatcher = agent.compose(reading(options.maxBytes ?? defaultMaxBytes))
    const client = packed(withoutTracing(NodeHttpClient.makeUndici(dispatcher)))
    return Transport.attach(client, nodeTransport.make(dispatcher, yield* Keeper.make))
  })

const packed = HttpClient.mapRequest(setHeader("accept-encoding", nodeTransport.acceptEncoding))

// An error of the connector means that no connection was established, whatever its code: the name, the address, the
// handshake or the certificate failed. An error event of the socket means that one was established, whatever its code.
const watched = (connect: buildConnector.connector): buildConnector.connector => (options, callback) =>
  connect(options, (...result) => {
    const [error, socket] = result
    if (error !== null) mark(error, "connecting")
    socket?.prependListener("error", (error) => mark(error, "established"))
    callback(...result)
  })

/**
 * Provides `WebSocketConstructor` by ws, on every version of Node.js.
 *
 * @since 0.1.0
 * @category layers
 */
export function layerWebSocket(options?: Direct): Layer.Layer<Socket.WebSocketConstructor>
export function layerWebSocket(options?: Options): Layer.Layer<Socket.WebSocketConstructor, ConfigError.ConfigError>
export function layerWebSocket(
  options: Options = {}
): Layer.Layer<Socket.WebSocketConstructor, ConfigError.ConfigError> {
  return Layer.effect(Socket.WebSocketConstructor, makeWebSocket(options))
}

type Construct = Context.Tag.Service<typeof Socket.WebSocketConstructor>

const makeWebSocket = (options: Options): Effect.Effect<Construct, ConfigError.ConfigError> =>
  Effect.map(routeOf(options), (route) => (url, protocols) => {
    const socket: unknown = new WebSocket.WebSocket(url, protocols, {
      followRedirects: false,
      handshakeTimeout: route.timeout,
      // ws keeps 32 bits of this number.
      maxPayload: Math.min(options.maxBytes ?? defaultMaxBytes, 2 ** 31 - 1),
      localAddress: route.localAddress,
      createConnection: nodeTunnel.webSocketConnection(new URL(url), route.proxies, route)
    })
    // ws implements the standard interface, but its types differ (`binaryType`, `dispatchEvent`).
    return socket as globalThis.WebSocket
  })

const routeOf = (
  { connectTimeout, connections, keepAlive, localAddress, maxBytes, proxy }: Options
): Effect.Effect<nodeTunnel.Options & { readonly proxies: nodeProxy.Proxies }, ConfigError.ConfigError> =>
  Effect.suspend(() => {
    OptionRange.require("NodeExchange", {
      connections: [connections, OptionRange.count],
      keepAlive: [keepAlive, OptionRange.timerDuration],
      connectTimeout: [connectTimeout, OptionRange.timerDuration],
      maxBytes: [maxBytes, OptionRange.countOrInfinity]
    })
    return localAddress !== undefined && isIP(localAddress) === 0
      ? Effect.fail(ConfigError.InvalidData(["localAddress"], "expected an IP address of this machine"))
      : Effect.map(nodeProxy.make(proxy), (proxies) => ({
        proxies,
        localAddress,
        timeout: Duration.toMillis(connectTimeout ?? "5 seconds")
      }))
  })

/**
 * Provides `Crypto` by `node:crypto`, which is faster than the portable implementation.
 *
 * **Gotchas**
 *
 * P-256 signatures differ each time; those of the portable implementation are deterministic.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerCrypto: Layer.Layer<Crypto> = Layer.succeed(Crypto, nodeCrypto.primitives)

/**
 * Provides all three services with the default options.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<HttpClient.HttpClient | Socket.WebSocketConstructor | Crypto> = layerWith({})

const defaultMaxBytes = 40 * 1024 * 1024
