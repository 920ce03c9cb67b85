/**
 * HTTP, WebSockets and signatures for exchanges on Node: undici, ws and `node:crypto`, tuned and safe.
 *
 * HTTP keeps connections alive, asks for gzip and unpacks what comes so, follows no redirect, reads no answer beyond a limit
 * and sends no trace headers, and no span of the platform's records a signed URL or a header. WebSockets refuse redirects and
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
import { Crypto } from "./Crypto.js"
import { mark } from "./internal/connection.js"
import * as Keeper from "./internal/keeper.js"
import { reading } from "./internal/nodeBodies.js"
import * as nodeCrypto from "./internal/nodeCrypto.js"
import * as nodeProxy from "./internal/nodeProxy.js"
import * as nodeTransport from "./internal/nodeTransport.js"
import * as nodeTunnel from "./internal/nodeTunnel.js"
import { discreet } from "./internal/transport.js"
import * as Transport from "./Transport.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Connections to one exchange. Defaults to 32. */
  readonly connections?: number | undefined
  /** How long an idle connection is kept. Defaults to 60 seconds: exchanges close theirs after about 90. */
  readonly keepAlive?: Duration.DurationInput | undefined
  /** How long connecting may take, TLS included. Defaults to 5 seconds. */
  readonly connectTimeout?: Duration.DurationInput | undefined
  /**
   * The largest HTTP body and WebSocket message, in bytes: as it comes, and as it unpacks. Defaults to 40 MiB, twice the
   * largest listing that an exchange was met with (16.9 MB) and some more. An exchange's `maxResponseBytes` counts as well:
   * the smaller of the two is the limit, and an error says which it was.
   */
  readonly maxBytes?: number | undefined
  /**
   * The HTTP proxy that requests and WebSockets go through, by CONNECT: `http://` or `https://`, its port 80 or 443 unless it
   * says another, and `user:password@` before the host if it asks for them. `"environment"` reads `HTTPS_PROXY` (for `https:`
   * and `wss:`), `HTTP_PROXY` (for the others) and `NO_PROXY` by the `ConfigProvider` in reach, in lower case first, as curl
   * does. What only this machine can reach, its loopback and link-local addresses, is never asked of a proxy.
   *
   * Defaults to none, whatever the environment says: on Node neither `fetch` nor undici heeds it unless asked, and where
   * orders go should not change by a variable that the program does not mention. The `exchange` command asks for it.
   */
  readonly proxy?: "environment" | Redacted.Redacted | undefined
  /** The address of this machine that connections leave from, where it has several. Defaults to what the system chooses. */
  readonly localAddress?: string | undefined
}

/**
 * Options that cannot be wrong: those with a way of their own are checked as the Layer is built.
 *
 * @since 0.1.0
 * @category models
 */
export interface Direct extends Options {
  readonly proxy?: undefined
  readonly localAddress?: undefined
}

/**
 * All three, with these options.
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
  // One Layer and not three merged: what Effect remembers of each that it builds is more than all there is in it.
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
 * `HttpClient` by undici.
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
    const way = yield* wayOf(options)
    const connect = nodeTunnel.connector(way.proxies, way)
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
    const client = packed(discreet(NodeHttpClient.makeUndici(dispatcher)))
    return Transport.attach(client, nodeTransport.make(dispatcher, yield* Keeper.make))
  })

const packed = HttpClient.mapRequest(setHeader("accept-encoding", nodeTransport.acceptEncoding))

// What fails in here never stood, whatever its code: name, address, handshake or certificate. What an established connection
// fails with did stand, whatever its code.
const watched = (connect: buildConnector.connector): buildConnector.connector => (options, callback) =>
  connect(options, (...result) => {
    const [error, socket] = result
    if (error !== null) mark(error, "connecting")
    socket?.prependListener("error", (error) => mark(error, "established"))
    callback(...result)
  })

/**
 * `WebSocketConstructor` by ws, on every version of Node.
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
  Effect.map(wayOf(options), (way) => (url, protocols) => {
    const socket: unknown = new WebSocket.WebSocket(url, protocols, {
      followRedirects: false,
      handshakeTimeout: way.timeout,
      maxPayload: options.maxBytes ?? defaultMaxBytes,
      localAddress: way.localAddress,
      createConnection: nodeTunnel.webSocketConnection(new URL(url), way.proxies, way)
    })
    // ws behaves as the standard interface asks, but its types go their own way (`binaryType`, `dispatchEvent`).
    return socket as globalThis.WebSocket
  })

const wayOf = (
  { connectTimeout, localAddress, proxy }: Options
): Effect.Effect<nodeTunnel.Options & { readonly proxies: nodeProxy.Proxies }, ConfigError.ConfigError> =>
  localAddress !== undefined && isIP(localAddress) === 0
    ? Effect.fail(ConfigError.InvalidData(["localAddress"], "expected an IP address of this machine"))
    : Effect.map(nodeProxy.make(proxy), (proxies) => ({
      proxies,
      localAddress,
      timeout: Duration.toMillis(connectTimeout ?? "5 seconds")
    }))

/**
 * `Crypto` by `node:crypto`: as the portable one, and faster.
 *
 * **Gotchas**
 *
 * Its signatures on P-256 differ each time, where those of the portable one do not.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerCrypto: Layer.Layer<Crypto> = Layer.succeed(Crypto, nodeCrypto.primitives)

/**
 * All three, with the defaults.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<HttpClient.HttpClient | Socket.WebSocketConstructor | Crypto> = layerWith({})

const defaultMaxBytes = 40 * 1024 * 1024
