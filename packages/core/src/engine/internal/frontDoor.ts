import * as ExchangeError from "../../model/ExchangeError.js"
import type { Answer } from "../Protocol.js"

/**
 * What an answer says that never came to the exchange because of where it was asked from: the status for it (451, RFC 7725),
 * or the words of those who block countries (CloudFront, Cloudflare's error 1009, exchanges' own pages).
 *
 * @internal
 */
export const refusalOf = ({ about, status, text = "" }: Answer): ExchangeError.PermissionDenied | undefined => {
  const page = text.slice(0, 20_000).replace(/(?:<[^<>]*>|\s)+/g, " ")
  return status === 451 || words.some((pattern) => pattern.test(page))
    ? new ExchangeError.PermissionDenied({
      ...about,
      // Who stands in front says nothing of what came through before.
      outcome: "Unknown",
      detail: "the exchange does not serve the country or region that the request came from"
    })
    : undefined
}

const place = "(?:countr(?:y|ies)|regions?|locations?|jurisdictions?|territor(?:y|ies))"

const words = [
  `block access from your ${place}`,
  `banned the ${place}`,
  `restricted ${place}`,
  `(?:unavailable|not (?:available|supported|offered|allowed|permitted|accessible)) (?:in|from|to|for) (?:your|this) (?:current )?${place}`,
  `your (?:current )?${place} (?:is|are) (?:not (?:available|supported|allowed|permitted|served)|restricted|blocked|prohibited|banned)`
].map((words) => new RegExp(words, "i"))
