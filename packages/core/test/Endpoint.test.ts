import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Either, FastCheck, ParseResult, Schema } from "effect"
import { Endpoint, Limit, Wire } from "../src/adapter.js"
import { Decimal } from "../src/index.js"
import * as Hostile from "./support/hostile.js"

const anyText = FastCheck.oneof(
  Hostile.text(),
  FastCheck.string({ unit: "grapheme" }),
  FastCheck.constantFrom(...Hostile.symbols, ".", "..", "...", "%2e", "%2E%2e", "\\", "/", "..\\..", ";", "a/../b")
)

const order = Endpoint.make({
  capability: "trading",
  name: "order",
  method: "DELETE",
  path: "/v1/order/{id}/part/{part}",
  idempotency: "once",
  input: Schema.Struct({
    id: Schema.String,
    part: Schema.Number,
    note: Schema.optional(Schema.String),
    dry: Schema.optional(Schema.Boolean)
  }),
  response: Schema.Unknown,
  cost: ({ part }) => ({ ip: part })
})

describe("Endpoint", () => {
  it.prop("percent-encoding keeps the unreserved characters of RFC 3986 and nothing else", [anyText], ([text]) => {
    const encoded = Endpoint.percentEncode(text)
    assert.match(encoded, /^(?:[A-Za-z0-9\-._~]|%[0-9A-F]{2})*$/)
    assert.strictEqual(decodeURIComponent(encoded), text.replace(/\p{Surrogate}/gu, "\uFFFD"))
  })

  it("percent-encoding keeps every unreserved character", () => {
    const unreserved = "ABCXYZabcxyz0123456789-._~"
    assert.strictEqual(Endpoint.percentEncode(unreserved), unreserved)
    assert.strictEqual(Endpoint.percentEncode("币安人生USDT"), "%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT")
    assert.strictEqual(Endpoint.percentEncode("!'()* /+é"), "%21%27%28%29%2A%20%2F%2B%C3%A9")
  })

  it.prop("a path parameter stays in its segment, also for a URL parser, or is refused", [anyText], ([id]) => {
    const encoded = order.encode({ id, part: 1 })
    if (Either.isLeft(encoded)) {
      assert.include(["", ".", "..", "undefined"], id)
      return
    }
    const prepared = Endpoint.prepare(order, encoded.right)
    const url = new URL(`https://acme.example${prepared.path}`)
    assert.strictEqual(url.pathname, prepared.path)
    assert.strictEqual(url.search + url.hash, "")
    assert.match(url.pathname, /^\/v1\/order\/[^/]+\/part\/1$/)
  })

  it.prop("the query decodes to exactly the given parameters, in order", [
    FastCheck.array(FastCheck.tuple(anyText, anyText), { maxLength: 5 })
  ], ([entries]) => {
    const query = Endpoint.encodeQuery(entries)
    const whole = (text: string) => text.replace(/\p{Surrogate}/gu, "\uFFFD")
    assert.deepStrictEqual(
      [...new URL(`https://acme.example/?${query}`).searchParams],
      entries.map(([name, value]) => [whole(name), whole(value)]).filter(([name, value]) =>
        name !== "" || value !== "" || query !== ""
      )
    )
  })

  it("parameters in the path are not repeated in the query, and undefined ones are omitted", () => {
    const encoded = Either.getOrThrow(order.encode({ id: "a b", part: 2, note: "x&y=z", dry: true }))
    const prepared = Endpoint.prepare(order, encoded)
    assert.deepStrictEqual(prepared, {
      method: "DELETE",
      path: "/v1/order/a%20b/part/2",
      query: "note=x%26y%3Dz&dry=true",
      body: "",
      headers: {}
    })
    const bare = Endpoint.prepare(order, Either.getOrThrow(order.encode({ id: "1", part: 2, note: undefined })))
    assert.strictEqual(bare.query, "")
    assert.deepStrictEqual(order.cost({ id: "1", part: 7 }), { ip: 7 })
  })

  it("a JSON body contains the parameters that are not in the path", () => {
    const prepared = Endpoint.prepare({ ...order, method: "POST", body: "json" }, {
      id: "1",
      part: 2,
      note: "\ud800",
      n: 1.5
    })
    assert.deepStrictEqual(prepared, {
      method: "POST",
      path: "/v1/order/1/part/2",
      query: "",
      body: "{\"note\":\"\\ud800\",\"n\":1.5}",
      headers: { "content-type": "application/json" }
    })
  })

  it("a form is a query in the body: arrays repeat their name, objects are JSON", () => {
    const prepared = Endpoint.prepare({ method: "POST", path: "/v1/order", body: "form" }, {
      nonce: 7,
      pair: "XBT/USD & more",
      flags: ["post", "fcib"],
      close: { type: "limit", price: "1" },
      left: undefined
    })
    assert.deepStrictEqual(prepared, {
      method: "POST",
      path: "/v1/order",
      query: "",
      body: "nonce=7&pair=XBT%2FUSD%20%26%20more&flags=post&flags=fcib" +
        "&close=%7B%22type%22%3A%22limit%22%2C%22price%22%3A%221%22%7D",
      headers: { "content-type": "application/x-www-form-urlencoded" }
    })
  })

  it("a whole body is the JSON of one parameter", () => {
    const orders = [{ id: "1", size: 1.5 }, { id: "2", nested: { deep: [true] } }]
    const prepared = Endpoint.prepare({ method: "POST", path: "/v1/{kind}/batch", body: { whole: "orders" } }, {
      kind: "spot",
      orders
    })
    assert.strictEqual(prepared.path, "/v1/spot/batch")
    assert.strictEqual(prepared.query, "")
    assert.deepStrictEqual(JSON.parse(prepared.body), orders)
    assert.deepStrictEqual(prepared.headers, { "content-type": "application/json" })
  })

  it("numbers and booleans are printed as in JSON, also in a query", () => {
    assert.strictEqual(
      Endpoint.encodeQuery([["a", 1e21], ["b", 1e-7], ["c", false], ["d", [1, 2]], ["e", []], ["f", {}]]),
      "a=1e%2B21&b=1e-7&c=false&d=1&d=2&f=%7B%7D"
    )
  })

  it.prop("a form decodes to exactly the given parameters", [
    FastCheck.array(FastCheck.tuple(FastCheck.string({ minLength: 1 }), FastCheck.string()), { maxLength: 5 })
  ], ([entries]) => {
    const unique = [...new Map(entries)].filter(([name]) => name !== "__proto__")
    const { body } = Endpoint.prepare({ method: "POST", path: "/", body: "form" }, Object.fromEntries(unique))
    assert.deepStrictEqual(
      [...new URLSearchParams(body)].toSorted(),
      unique.toSorted()
    )
  })
})

describe("Endpoint.family with an invalid input", () => {
  it("names the place of the value that cannot be sent", () => {
    const place = Endpoint.family({ capability: "trading", limits: {} }).once("place", {
      input: Endpoint.inputOf<{ order: { size: number; ids: ReadonlyArray<number> } }>(),
      answer: Schema.Unknown
    })
    const wrong = (order: { size: number; ids: ReadonlyArray<number> }) =>
      Either.mapLeft(
        place.encode({ order }),
        (error) => ParseResult.ArrayFormatter.formatErrorSync(error).map(({ path }) => path)
      ).pipe(Either.flip, Either.getOrThrow)
    assert.deepStrictEqual(wrong({ size: Number.NaN, ids: [] }), [["order", "size"]])
    assert.deepStrictEqual(wrong({ size: 1, ids: [1, Number.NaN] }), [["order", "ids", 1]])
  })
})

describe("Endpoint.family with `own`", () => {
  it("charges each endpoint to its own scope, unless the endpoint declares its cost", () => {
    const limits = { ...Limit.each(["ticker", "book"], Limit.window(1, "1 second")), ip: Limit.window(9, "1 second") }
    assert.deepStrictEqual(limits.book, Limit.window(1, "1 second"))
    const read = Endpoint.family({ capability: "marketData", limits, own: true })
    assert.deepStrictEqual(read("ticker", "/ticker", { answer: Schema.Unknown }).cost({}), { ticker: 1 })
    const deep = read("deepBook", "/book", { answer: Schema.Unknown, cost: { book: 2 } })
    assert.deepStrictEqual(deep.cost({}), { book: 2 })
    // @ts-expect-error there is no scope "deep"
    read("deep", "/book", { answer: Schema.Unknown, cost: { deep: 1 } })
    const beside = Endpoint.family({ capability: "marketData", limits, own: true, cost: { ip: 1 } })
    assert.deepStrictEqual(beside("book", "/book", { answer: Schema.Unknown }).cost({}), { ip: 1, book: 1 })
    const shared = Endpoint.family({ capability: "marketData", limits, cost: { ticker: 3 } })
    assert.deepStrictEqual(shared("book", "/book", { answer: Schema.Unknown }).cost({}), { ticker: 3 })
  })
})

describe("Endpoint.family", () => {
  const limits = { ip: Limit.window(10, "1 second"), key: Limit.bucket({ burst: 5, perSecond: 1 }, { per: "key" }) }
  const shared = { limits, root: "/v2", within: "result", cost: { ip: 1 } } as const
  const open = Endpoint.family({ ...shared, capability: "marketData" })
  const read = Endpoint.family({ ...shared, capability: "account", method: "POST", body: "form" })
  const write = Endpoint.family({ ...shared, capability: "trading", body: "json", decimals: "number" })
  const answer = Wire.within("price", Wire.decimal)

  it("shares the options of the family, which an endpoint can override", () => {
    const price = open("price", "/price/{symbol}", {
      input: Endpoint.inputOf<{ readonly symbol: string }>(),
      answer
    })
    const { auth, body, capability, idempotency, method, name, path } = price
    assert.deepStrictEqual({ auth, body, capability, idempotency, method, name, path }, {
      auth: "none",
      body: "none",
      capability: "marketData",
      idempotency: "safe",
      method: "GET",
      name: "price",
      path: "/v2/price/{symbol}"
    })
    assert.deepStrictEqual(price.cost({ symbol: "A" }), { ip: 1 })
    const own = read("own", "/own", { method: "GET", within: "", answer: Schema.Unknown, cost: { key: 2 } })
    assert.deepStrictEqual([own.method, own.body, own.auth, own.idempotency], ["GET", "form", "signed", "safe"])
    assert.deepStrictEqual(own.cost({}), { key: 2 })
    assert.deepStrictEqual(own.decode({ whole: 1 }), Either.right({ whole: 1 }))
  })

  it("decodes the part of the answer that `within` names, and fails if it is missing", () => {
    const price = open("price", "/price", { answer })
    assert.deepStrictEqual(price.decode({ result: { price: "1.5" } }), Either.right(Decimal.make("1.5")))
    for (const body of [undefined, null, {}, { result: null }, { result: {} }, [], "text"]) {
      assert.isTrue(Either.isLeft(price.decode(body)))
    }
  })

  it("prints nested decimals plainly and omits undefined fields", () => {
    const tiny = BigDecimal.make(1n, 18)
    const input = {
      size: tiny,
      none: undefined,
      legs: [{ price: Decimal.make("64000.50"), none: undefined }],
      isDry: false
    }
    const any = Endpoint.inputOf<typeof input>()
    assert.deepStrictEqual(
      read("text", "/", { input: any, answer: Schema.Unknown }).encode(input),
      Either.right({ size: "0.000000000000000001", legs: [{ price: "64000.50" }], isDry: false })
    )
    assert.deepStrictEqual(
      write.once("number", "/", { input: any, answer: Schema.Unknown }).encode(input),
      Either.right({ size: 1e-18, legs: [{ price: 64000.5 }], isDry: false })
    )
    const shortest = Endpoint.family({ capability: "account", limits, decimals: "shortest" })
    assert.deepStrictEqual(
      shortest("shortest", "/", { input: any, answer: Schema.Unknown }).encode({
        ...input,
        size: Decimal.make("1000.00")
      }),
      Either.right({ size: "1000", legs: [{ price: "64000.5" }], isDry: false })
    )
  })

  it("refuses a decimal that cannot be written, and a text that cannot be a path segment", () => {
    const sized = read("sized", "/{id}", {
      input: Endpoint.inputOf<{ readonly id: string; readonly size: BigDecimal.BigDecimal }>(),
      answer: Schema.Unknown
    })
    assert.isTrue(Either.isLeft(sized.encode({ id: "1", size: BigDecimal.make(1n, -1_000_000_000) })))
    assert.isTrue(Either.isLeft(sized.encode({ id: "..", size: Decimal.make("1") })))
    assert.isTrue(Either.isRight(sized.encode({ id: "1", size: Decimal.make("1") })))
  })

  it("does not compile with the cost of an unknown scope, a safe write, or a write without an idempotency", () => {
    write.idempotent("ok", "/", { answer: Schema.Unknown, cost: { key: 1 } })
    // @ts-expect-error there is no scope "kye"
    write.once("cost", "/", { answer: Schema.Unknown, cost: { kye: 1 } })
    // @ts-expect-error a write is never safe
    assert.isUndefined(write.safe)
    // @ts-expect-error a write has to state its idempotency
    const unstated = write("silent", "/", { answer: Schema.Unknown })
    assert.strictEqual(unstated.idempotency, "once", "without a compiler, the default is `once`")
    // @ts-expect-error a read is always safe
    assert.strictEqual(read.once("once", "/", { answer: Schema.Unknown }).idempotency, "once")
  })

  it("takes the idempotency of a write from its method", () => {
    const [place, cancel] = [
      write.once("place", "/", { answer: Schema.Unknown }),
      write.idempotent("cancel", "/", { answer: Schema.Unknown })
    ]
    assert.deepStrictEqual([place.idempotency, cancel.idempotency], ["once", "idempotent"])
    assert.deepStrictEqual([place.auth, place.capability, place.body], ["signed", "trading", "json"])
  })

  it("encodes what the input function returns, with optional fields left out", () => {
    const newOrder = (size: BigDecimal.BigDecimal, price?: BigDecimal.BigDecimal) => ({ size, price })
    const place = write.once("place", "/", { input: Endpoint.inputFrom(newOrder), answer: Schema.Unknown })
    assert.deepStrictEqual(place.encode({ size: Decimal.make("2") }), Either.right({ size: 2 }))
    assert.deepStrictEqual(
      place.encode(newOrder(Decimal.make("2"), Decimal.make("1"))),
      Either.right({ size: 2, price: 1 })
    )
    assert.deepStrictEqual(place.make(Decimal.make("2")), newOrder(Decimal.make("2")))
    // @ts-expect-error a required field cannot be left out
    place.encode({ price: Decimal.make("1") })
  })

  it("makes an empty input for an endpoint without parameters", () => {
    assert.deepStrictEqual(open("price", "/price", { answer }).make(), {})
  })

  it("isoTime formats an instant, and returns undefined if it is undefined or out of range", () => {
    assert.strictEqual(Endpoint.isoTime(1_700_000_000_123), "2023-11-14T22:13:20.123Z")
    assert.isUndefined(Endpoint.isoTime(undefined))
    assert.isUndefined(Endpoint.isoTime(Number.NaN))
    assert.isUndefined(Endpoint.isoTime(8.64e15 + 1))
  })

  it("uses the name as the path if no path is given", () => {
    const time = Endpoint.family({ capability: "marketData", limits, root: "/api/" })("get_time", {
      answer: Schema.Unknown
    })
    assert.deepStrictEqual([time.name, time.path], ["get_time", "/api/get_time"])
  })
})
