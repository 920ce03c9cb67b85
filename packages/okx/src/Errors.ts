/**
 * Maps OKX's error codes to `ExchangeError`s. Texts are not used. An error about a single order is in the row of the
 * order (`sCode`), while the response has HTTP status 200. The rows of several orders are classified one by one.
 *
 * Source: OKX API v5 documentation, "Error Code".
 *
 * @since 0.1.0
 */
import { Errors, Wire } from "@effect-exchange/core/adapter"
import * as Schema from "effect/Schema"
import { cancelOrders, placeOrders } from "./Endpoints.js"
import * as Rows from "./Rows.js"

// Errors of the gateway have no `data`. Some have a number as their code and an object as `data`.
const envelope = Wire.ifAny(Wire.answer({
  code: Wire.at("code", Schema.Union(Schema.String, Schema.Number)),
  text: Wire.at("msg", Schema.Unknown),
  data: Wire.at("data", Schema.Unknown)
}))

const acks = Wire.ifAny(Wire.every(Rows.Ack))

const batches: ReadonlySet<string> = new Set([placeOrders.name, cancelOrders.name])

// Some of these requests were not carried out, others may have been. The outcome of a write must be looked up. 50013 is
// a busy system, which does not report how far the request got. 60016 and 63999 are system errors of the socket.
const unclear = "50001 50004 50005 50013 50026 51054 51149 60016 63999"

const ended = "51401 51402 51410 51509 51510"

/**
 * Returns `true` if a code means that an order has ended or is about to end, so that there is nothing left to cancel.
 *
 * @since 0.1.0
 * @category predicates
 */
export const hasEnded = (code: string): boolean => code === "51400" || ended.split(" ").includes(code)

/**
 * The table of OKX's errors.
 *
 * @since 0.1.0
 * @category classification
 */
export const errors: Errors.Table = Errors.table({
  readError: ({ about, json }) => {
    const body = envelope(json)
    if (body === undefined) return undefined
    const rows = acks(body.data) ?? []
    const [row] = rows
    if (row !== undefined) {
      return rows.length > 1 || batches.has(about.operation) || row.code === "0" ? undefined : row
    }
    // Numeric codes are the gateway's, which does not know the outcome of a request.
    return body.code === "0" || typeof body.code === "number"
      ? undefined
      : { code: body.code, text: typeof body.text === "string" ? body.text : "" }
  },
  codes: {
    // 50036 and 50037 refuse requests that would reach the matching engine after their `expTime`: the clocks differ, or
    // the request took too long. Neither was carried out.
    ClockSkew: "50102 50112 50036 50037 60004 60006",
    AuthenticationFailed: "50101 50103 50104 50105 50106 50107 50111 50113 50114 50119 60005 60007 60009 60024 60032",
    PermissionDenied:
      "50007 50008 50009 50027 50028 50029 50030 50035 50038 50110 50120 50121 51009 51010 51024 51155 60011 60029 60030 " +
      "64003",
    RateLimited: "50011 50040 50061 51113 60014 60023",
    SymbolNotFound: "51001 51002 51012 51014 51015 51026 60018",
    InvalidRequest:
      "50000 50002 50006 50012 50014 50015 50016 50024 50025 50115 51000 51003 51020 51063 51121 60012 60013 60019 64000 " +
      "64001 64002 64004",
    InsufficientFunds: "51008 51119 51127 51131 59200 59201",
    OrderRejected:
      "51004 51005 51006 51007 51021 51022 51023 51025 51027 51028 51029 51030 51115 51116 51137 51138 51169 51170 " +
      `51174 51201 51202 51203 51204 51205 54084 54085 ${ended}`,
    DuplicateOrder: "50042 50071 51011 51016",
    OrderNotFound: "51400 51503 51603 52000",
    Unknown: unclear
  },
  // The hundreds of the documentation: 4xxx are about authentication, 51xxx about orders, 54xxx about what a market or
  // an account allows, 55xxx about strategies, 58xxx about transfers.
  ranges: { PermissionDenied: "4000-4999", OrderRejected: "51000-51999 54000-55999", InvalidRequest: "58000-58999" },
  // Windows are 2 seconds long, and OKX does not report when they end.
  wait: { RateLimited: "2 seconds" },
  // A busy system has the status of a rate limit, but is not one.
  judge: ({ code }, { status }) => status === 429 && !unclear.split(" ").includes(code) ? "RateLimited" : undefined,
  firewall: { kind: "Banned", wait: "5 minutes" }
})
