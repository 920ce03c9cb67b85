/**
 * Lists of reference data, which exchanges extend without notice.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"

/**
 * An array that leaves out what the schema does not know, and fails only when it knows nothing of a list that is not
 * empty. For listings, where one strange market must not hide the others; never for orders or money.
 *
 * @since 0.1.0
 * @category schemas
 */
export const LenientArray = <A, I>(
  item: Schema.Schema<A, I>
): Schema.Schema<ReadonlyArray<A>, ReadonlyArray<unknown>> => {
  const decode = ParseResult.decodeUnknownEither(item)
  return Schema.transformOrFail(Schema.Array(Schema.Unknown), Schema.Array(Schema.typeSchema(item)), {
    strict: true,
    decode: (rows) => {
      const [failed, known] = Arr.separate(Arr.map(rows, (row) => decode(row)))
      const first = failed[0]
      return known.length === 0 && first !== undefined ? Either.left(first) : Either.right(known)
    },
    encode: (items) => ParseResult.succeed(items)
  })
}
