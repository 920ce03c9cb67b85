import * as Redacted from "effect/Redacted"
import * as Http from "node:http"
import * as Https from "node:https"
import { isIP, isIPv6, Socket } from "node:net"
import { buildConnector } from "undici"
import { ProxyFailed, userRefused } from "../../model/internal/proxyFailed.js"
import { portOf, type Proxies, type Proxy, type Target, withoutBrackets } from "./nodeProxy.js"

/** @internal */
export interface Options {
  /** In milliseconds: for the connection to and through the proxy, and again for TLS to the target. */
  readonly timeout: number
  readonly localAddress: string | undefined
}

/**
 * Connects directly or through a tunnel, for both undici and WebSockets.
 *
 * undici's `ProxyAgent` is not used. It would replace the connector, which knows whether a connection was established
 * (and so whether an order can have been sent), and WebSockets could not use it.
 *
 * @internal
 */
export const connector = (proxies: Proxies, options: Options): buildConnector.connector => {
  const connect = buildConnector({ timeout: options.timeout })
  const localAddress = options.localAddress ?? null
  return (target, done) => {
    const proxy = proxies(target)
    if (proxy === undefined) return connect({ ...target, localAddress }, done)
    tunnel(proxy, target, options, (...made) => {
      const [error, httpSocket] = made
      if (error !== null || target.protocol !== "https:") return done(...made)
      connect({ ...target, httpSocket }, done)
    })
  }
}

/**
 * Returns how ws should connect to a URL. Returns `undefined` if ws connects by itself.
 *
 * @internal
 */
export const webSocketConnection = (
  url: URL,
  proxies: Proxies,
  options: Options
): Http.ClientRequestArgs["createConnection"] => {
  if (proxies(url) === undefined) return undefined
  const connect = connector(proxies, options)
  const target = {
    protocol: url.protocol === "wss:" ? "https:" : "http:",
    host: url.host,
    hostname: withoutBrackets(url.hostname),
    port: url.port
  }
  return (_, done) => {
    // The types require a socket, but ws ignores it if there is an error.
    connect(target, (error, socket) => done(error, socket ?? new Socket()))
    return undefined
  }
}

const tunnel = (
  proxy: Proxy,
  target: Target,
  { localAddress, timeout }: Options,
  done: buildConnector.Callback
): void => {
  const authority = `${bracketed(target.hostname)}:${portOf(target)}`
  const { authorization } = proxy
  let isOver = false
  const end: buildConnector.Callback = (...made) => {
    if (isOver) return
    isOver = true
    done(...made)
  }
  const request = (proxy.isSecure ? Https : Http).request({
    host: proxy.hostname,
    port: proxy.port,
    // Without this, Node checks the certificate of the proxy for the name in the `host` header, the target's.
    servername: isIP(proxy.hostname) === 0 ? proxy.hostname : "",
    method: "CONNECT",
    path: authority,
    agent: false,
    timeout,
    localAddress,
    headers: {
      host: authority,
      ...authorization === undefined ? {} : { "proxy-authorization": Redacted.value(authorization) }
    }
  })
  request.on("connect", ({ statusCode = 0 }, socket, head) => {
    if (statusCode !== 200 || !(socket instanceof Socket)) {
      socket.on("error", () => {}).destroy()
      return end(refused(proxy, authority, statusCode), null)
    }
    socket.setTimeout(0)
    if (head.length > 0) socket.unshift(head)
    end(null, socket)
  })
  request.on("timeout", () => {
    end(unreached(proxy, { code: "ETIMEDOUT" }), null)
    request.destroy()
  })
  request.on("error", (error) => end(unreached(proxy, error), null))
  request.end()
}

const bracketed = (hostname: string): string => {
  const bare = withoutBrackets(hostname)
  return isIPv6(bare) ? `[${bare}]` : bare
}

const nameOf = ({ hostname, port }: Proxy): string => `the proxy ${bracketed(hostname)}:${port}`

// The error has no cause, because the request in it has the password in its headers.
const unreached = (proxy: Proxy, error: NodeJS.ErrnoException | { readonly code: string }): ProxyFailed =>
  new ProxyFailed({
    message: `${nameOf(proxy)} could not be reached, or is not an ${proxy.isSecure ? "HTTPS" : "HTTP"} proxy; `
      + "check its address in HTTPS_PROXY or in the `proxy` option of NodeExchange, and that it is running",
    code: error.code
  })

const refused = (proxy: Proxy, authority: string, status: number): ProxyFailed =>
  new ProxyFailed({
    message: status === 407
      ? `${nameOf(proxy)} ${
        proxy.authorization === undefined ? "requires a" : "rejected the"
      } user and password (407); set them in its `
        + "address, as http://user:password@host:port"
      : `${
        nameOf(proxy)
      } did not connect to ${authority}, but responded with status ${status}; allow the host in the proxy, or add it `
        + "to NO_PROXY if it can be reached directly",
    code: status === 407 ? userRefused : `PROXY_${status}`
  })
