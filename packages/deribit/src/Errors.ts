/**
 * Maps Deribit's errors to `ExchangeError`s, by their codes. Codes are stable. Texts are used only for
 * rejections by Coinbase, because one code has several texts.
 *
 * Source: docs.deribit.com, "RPC error codes".
 *
 * @since 0.1.0
 */
import { ExchangeError } from "@effect-exchange/core"
import { Errors, Wire } from "@effect-exchange/core/adapter"
import * as Schema from "effect/Schema"
import { getChart, getLastTrades } from "./Endpoints.js"

const decode = Wire.ifAny(Wire.within(
  "error",
  Schema.Struct({ code: Schema.Int, message: Schema.String, data: Schema.optional(Schema.Unknown) })
))

// Most spot markets are matched by Coinbase. Deribit has their order books, but neither their trades nor their candles.
const ofTrades: ReadonlySet<string> = new Set([getChart.name, getLastTrades.name])

/**
 * The table of Deribit's errors.
 *
 * @since 0.1.0
 * @category classification
 */
export const errors: Errors.Table = Errors.table({
  readError: ({ json }) => {
    const error = decode(json)
    const more = error?.data === undefined || error.data === null ? "" : `: ${JSON.stringify(error.data)}`
    return error && { code: String(error.code), text: `${error.message}${more}` }
  },
  codes: {
    AuthenticationFailed: "13004 13009 10000 9999",
    PermissionDenied: "13021 13403 11042 10019 12005 10029 13778",
    RateLimited: "10028 10066 10047",
    SymbolNotFound: "10020 13020",
    InvalidRequest:
      "-32600 -32601 -32602 -32700 -32000 11050 11029 10002 10043 10021 10022 10023 10024 10025 10026 10027 10030 11059 11060 " +
      "13016",
    InsufficientFunds: "10009",
    // 13888: the order arrived after its `valid_until`.
    OrderRejected:
      "10005 10006 10007 10008 10011 10012 10013 10014 10015 10016 10017 10018 11030 11035 11043 11054 11055 13888",
    DuplicateOrder: "13032",
    // An order that has ended counts as not found as well, because there is nothing left to cancel or amend.
    OrderNotFound: "10004 10010 11008 11044",
    Busy: "11051 10041 10040 13503 13025",
    Unknown: "11094 13028 10001 13008"
  },
  // Coinbase's reason to reject an order is in the text.
  texts: [[/\bnot_enough_funds\b/, "InsufficientFunds", "11030"]],
  judge: ({ code }, { about }) =>
    code === "11060" && ofTrades.has(about.operation)
      ? new ExchangeError.Unsupported({
        ...about,
        code,
        detail: "Deribit routes this market to Coinbase, and has neither its trades nor its candles",
        alternative: "read them from Coinbase"
      })
      : undefined,
  // The pool of requests is full again after five seconds.
  wait: { 10028: "5 seconds" }
})
