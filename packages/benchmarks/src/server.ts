/**
 * The exchange of the benchmarks, on the loopback, in its own process, so that its CPU time is not counted. It serves
 * public data of Binance in Binance's format. `serve` starts it.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { gzipSync } from "node:zlib"
import { answering } from "./internal/binanceAnswers.js"
import { sockets } from "./internal/serverSockets.js"

const answer = answering(Number(process.argv[2] ?? 1))

// The response headers of Binance.
const head = {
  "content-type": "application/json;charset=UTF-8",
  "x-mbx-uuid": "8d2c4f0e-5c8f-4c0d-b1f5-0f1b3f6b6a55",
  "x-mbx-used-weight": "2",
  "x-mbx-used-weight-1m": "2",
  "strict-transport-security": "max-age=31536000; includeSubdomains",
  "x-frame-options": "SAMEORIGIN",
  "x-xss-protection": "1; mode=block",
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'self'",
  "cache-control": "no-cache, no-store, must-revalidate",
  "pragma": "no-cache",
  "expires": "0",
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, HEAD, OPTIONS"
}

const bodies = new Map<string, { readonly plain: Buffer; readonly packed: Buffer | undefined }>()

/** Short responses are not compressed, as is usual for a front-end server. */
const bodyOf = (path: string): { readonly plain: Buffer; readonly packed: Buffer | undefined } => {
  const known = bodies.get(path)
  if (known !== undefined) return known
  const plain = Buffer.from(JSON.stringify(answer(path) ?? {}))
  const made = { plain, packed: plain.length > 1400 ? gzipSync(plain) : undefined }
  bodies.set(path, made)
  return made
}

const server = createServer((request, response) => {
  const { packed, plain } = bodyOf(request.url ?? "/")
  const isPacked = packed !== undefined && String(request.headers["accept-encoding"]).includes("gzip")
  const body = isPacked ? packed : plain
  response.writeHead(200, {
    ...head,
    ...isPacked ? { "content-encoding": "gzip" } : {},
    "content-length": body.length
  })
  response.end(body)
})
server.keepAliveTimeout = 600_000
sockets(server)
process.on("disconnect", () => process.exit())
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo
  process.send?.(port)
})
