import * as ExchangeError from "../../model/ExchangeError.js"
import type { Answer } from "../Protocol.js"

/**
 * Returns the error of a response by which something in front of the exchange refuses a country or region: status 451
 * (RFC 7725), or the wording of known blocks (CloudFront, Cloudflare's error 1009, exchanges' own pages).
 *
 * @internal
 */
export const refusalOf = ({ about, status, text = "" }: Answer): ExchangeError.PermissionDenied | undefined => {
  const page = text.slice(0, 20_000).replace(/(?:<[^<>]*>|\s)+/g, " ")
  return status === 451 || words.some((pattern) => pattern.test(page))
    ? new ExchangeError.PermissionDenied({
      ...about,
      // A refusal in front of the exchange proves nothing about what has passed before.
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
