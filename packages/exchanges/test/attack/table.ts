import { characters, nesting, numerals, otherRequests } from "./content.js"
import { cuts, framing } from "./framing.js"
import { headers, redirects, statuses } from "./headers.js"
import type { Row } from "./row.js"
import { bombs, encodings, sizes } from "./sizes.js"

/** All responses that an exchange or a proxy in front of it could send. */
export const table: ReadonlyArray<Row> = [
  ...framing,
  ...cuts,
  ...sizes,
  ...bombs,
  ...encodings,
  ...nesting,
  ...numerals,
  ...characters,
  ...headers,
  ...redirects,
  ...statuses,
  ...otherRequests
]
