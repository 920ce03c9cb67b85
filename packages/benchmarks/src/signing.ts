/**
 * Measures the cost of signing a request, for each signer, compared with ccxt and with `node:crypto` alone, whose key
 * is parsed once: `npm run bench -- signing`.
 *
 * Compared with ccxt's `sign`, the measured work is an order from its parameters to the final request: ours with
 * `Endpoint.prepare` and the exchange's `sign`. Compared with `node:crypto`, which only signs the same number of bytes,
 * the work is `sign` alone. The keys are generated for each run.
 */
import { sign as binance } from "@effect-exchange/binance/Protocol"
import { sign as bybit } from "@effect-exchange/bybit/Protocol"
import { sign as coinbase } from "@effect-exchange/coinbase/Protocol"
import { Crypto, Endpoint, type Protocol } from "@effect-exchange/core/adapter"
import { NodeExchange } from "@effect-exchange/core/node"
import { sign as kraken } from "@effect-exchange/kraken/Protocol"
import { sign as okx } from "@effect-exchange/okx/Protocol"
import * as ccxt from "ccxt"
import { Effect, Either, Redacted } from "effect"
import { createHmac, generateKeyPairSync, randomBytes, sign as signBytes } from "node:crypto"
import { measure } from "./internal/measure.js"
import { compare, print } from "./internal/report.js"

const ed25519 = generateKeyPairSync("ed25519").privateKey
const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
const pem = ed25519.export({ type: "pkcs8", format: "pem" }).toString()
const ecPem = p256.export({ type: "sec1", format: "pem" }).toString()
const text = randomBytes(32).toString("hex")
const bytes = randomBytes(64).toString("base64")
const bytesParsed = Buffer.from(bytes, "base64")
const keyName = "organizations/4f1c0d5e/apiKeys/9b1f2a3c"

/** The cryptography that the platform provides. */
const crypto = await Effect.runPromise(Effect.scoped(Effect.provide(Crypto.Crypto, NodeExchange.layer)))

interface Signer {
  readonly sign: Protocol.Sign
  readonly endpoint: Parameters<typeof Endpoint.prepare>[0]
  readonly parameters: Endpoint.Parameters
  readonly secret: string
  readonly host: string
  readonly theirs: () => unknown
  /** Signs a text of the same length with `node:crypto` alone. */
  readonly node: (text: string) => unknown
  readonly beyondNode?: number
}

const spot = { symbol: "BTCUSDT", side: "BUY", type: "LIMIT", timeInForce: "GTC", quantity: "0.001", price: "60000" }
const named = { ...spot, newClientOrderId: "0123456789abcdef0123456789abcdef" }
const onBybit = { category: "spot", symbol: "BTCUSDT", side: "Buy", orderType: "Limit", qty: "0.001", price: "60000" }
const onOkx = {
  instId: "BTC-USDT",
  tdMode: "cash",
  side: "buy",
  ordType: "limit",
  sz: "0.001",
  px: "60000",
  clOrdId: "0123456789abcdef"
}
const onKraken = { pair: "XBTUSDT", type: "buy", ordertype: "limit", volume: "0.001", price: "60000" }
const onCoinbase = { client_order_id: "0123456789abcdef", product_id: "BTC-USD", side: "BUY" }

const keys = { apiKey: "key", enableRateLimit: false }
const binanceOf = (secret: string) => {
  const exchange = new ccxt.binance({ ...keys, secret })
  return () => exchange.sign("order", "private", "POST", { ...named })
}
const theirBybit = new ccxt.bybit({ ...keys, secret: text })
const theirOkx = new ccxt.okx({ ...keys, secret: text, password: "passphrase" })
const theirKraken = new ccxt.kraken({ ...keys, secret: bytes })
const theirCoinbase = new ccxt.coinbase({ ...keys, apiKey: keyName, secret: ecPem })

const hmac = (hash: string, encoding: "hex" | "base64", key: string | Buffer) => (text: string) =>
  createHmac(hash, key).update(text).digest(encoding)

const signers: Readonly<Record<string, Signer>> = {
  "HMAC-SHA256 in hex (Binance)": {
    sign: binance,
    endpoint: { method: "POST", path: "/api/v3/order", body: "none" },
    parameters: named,
    secret: text,
    host: "api.binance.com",
    theirs: binanceOf(text),
    node: hmac("sha256", "hex", text)
  },
  "HMAC-SHA256 in hex (Bybit)": {
    sign: bybit,
    endpoint: { method: "POST", path: "/v5/order/create", body: "json" },
    parameters: onBybit,
    secret: text,
    host: "api.bybit.com",
    theirs: () => theirBybit.sign("v5/order/create", "private", "POST", { ...onBybit }),
    node: hmac("sha256", "hex", text)
  },
  "HMAC-SHA256 in base64 (OKX)": {
    sign: okx,
    endpoint: { method: "POST", path: "/api/v5/trade/order", body: "json" },
    parameters: onOkx,
    secret: text,
    host: "www.okx.com",
    theirs: () => theirOkx.sign("trade/order", "private", "POST", { ...onOkx }),
    node: hmac("sha256", "base64", text)
  },
  "HMAC-SHA512 of a SHA-256 (Kraken)": {
    sign: kraken,
    endpoint: { method: "POST", path: "/0/private/AddOrder", body: "form" },
    parameters: onKraken,
    secret: bytes,
    host: "api.kraken.com",
    theirs: () => theirKraken.sign("AddOrder", "private", "POST", { ...onKraken }),
    node: hmac("sha512", "base64", bytesParsed)
  },
  "Ed25519 (Binance)": {
    sign: binance,
    endpoint: { method: "POST", path: "/api/v3/order", body: "none" },
    parameters: named,
    secret: pem,
    host: "api.binance.com",
    theirs: binanceOf(pem),
    node: (text) => signBytes(null, Buffer.from(text), ed25519).toString("base64"),
    beyondNode: 1.3
  },
  "ES256 in a JWT (Coinbase)": {
    sign: coinbase,
    endpoint: { method: "POST", path: "/api/v3/brokerage/orders", body: "json" },
    parameters: onCoinbase,
    secret: ecPem,
    host: "api.coinbase.com",
    theirs: () => theirCoinbase.sign("brokerage/orders", ["v3", "private"], "POST", { ...onCoinbase }),
    node: (text) =>
      signBytes("sha256", Buffer.from(text), { key: p256, dsaEncoding: "ieee-p1363" }).toString("base64url"),
    beyondNode: 1.3
  }
}

for (const [name, { beyondNode, endpoint, host, node, parameters, secret, sign, theirs }] of Object.entries(signers)) {
  console.error(name)
  const credentials = {
    key: Redacted.make(name.includes("Coinbase") ? keyName : "key"),
    secret: Redacted.make(secret),
    passphrase: Redacted.make("passphrase")
  }
  let count = 0
  const signed = (request: Endpoint.Prepared) => {
    const moment = { now: 1_763_942_400_000 + count++, nonce: BigInt(count), host, crypto }
    return Either.getOrThrowWith(sign(request, credentials, moment), (why) => new Error(why))
  }
  const prepared = Endpoint.prepare(endpoint, parameters)
  const about = "x".repeat(prepared.query.length + prepared.body.length)
  const times = beyondNode === undefined ? 2000 : 200
  const repeat = (self: () => unknown) => (): void => {
    for (let time = 0; time < times; time++) self()
  }
  const us = (ns: ReadonlyArray<number>) => ns.map((cost) => cost / 1000)
  const whole = measure(
    { ours: repeat(() => signed(Endpoint.prepare(endpoint, parameters))), ccxt: repeat(theirs) },
    times
  )
  compare(`preparing and signing an order, ${name}`, us(whole("ours")), "ccxt", us(whole("ccxt")), "us", 1)
  // Measured apart from ccxt, because signing in JavaScript leaves so much garbage that the next subject would pay for
  // its collection.
  const alone = measure({ ours: repeat(() => signed(prepared)), node: repeat(() => node(about + count++)) }, times)
  compare(`signature only, ${name}`, us(alone("ours")), "node:crypto", us(alone("node")), "us", beyondNode)
}
process.exitCode = print() ? 0 : 1
