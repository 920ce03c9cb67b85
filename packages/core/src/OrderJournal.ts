/**
 * A journal of orders: what was about to be sent, and what became of it, so that a program that was killed in between
 * can find out.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { TimeInForce } from "./Order.js"
import { Side } from "./Trade.js"

/**
 * An order that is about to be sent. Amounts are plain decimals, `at` is epoch milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Intent extends Schema.Schema.Type<typeof Intent> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Intent = Schema.TaggedStruct("Intent", {
  exchange: Schema.NonEmptyString,
  environment: Schema.NonEmptyString,
  clientOrderId: Schema.NonEmptyString,
  symbol: Schema.NonEmptyString,
  side: Side,
  type: Schema.Literal("limit", "market"),
  amount: Schema.NonEmptyString,
  price: Schema.optional(Schema.NonEmptyString),
  timeInForce: TimeInForce,
  at: Schema.Number
})

/**
 * What became of an order: `Placed` with the exchange's id, or `NotPlaced`. An order that has only an intent is open.
 *
 * @since 0.1.0
 * @category models
 */
export interface Outcome extends Schema.Schema.Type<typeof Outcome> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Outcome = Schema.Struct({
  _tag: Schema.Literal("Placed", "NotPlaced"),
  exchange: Schema.NonEmptyString,
  environment: Schema.NonEmptyString,
  clientOrderId: Schema.NonEmptyString,
  orderId: Schema.optional(Schema.NonEmptyString),
  reason: Schema.optional(Schema.String),
  at: Schema.Number
})

/**
 * @since 0.1.0
 * @category models
 */
export type Entry = Intent | Outcome

/**
 * @since 0.1.0
 * @category schemas
 */
export const Entry = Schema.Union(Intent, Outcome)

/**
 * Where orders are written down. `append` returns when the entry is as safe as it gets; an order is not sent before.
 *
 * @since 0.1.0
 * @category tags
 */
export class OrderJournal extends Context.Tag("@effect-exchange/core/OrderJournal")<OrderJournal, {
  readonly append: (entry: Entry) => Effect.Effect<void, JournalFailed>
  /** The intents without an outcome, oldest first. */
  readonly open: Effect.Effect<ReadonlyArray<Intent>, JournalFailed>
}>() {}

/**
 * The journal cannot be written or read. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class JournalFailed
  extends Schema.TaggedError<JournalFailed>("@effect-exchange/core/OrderJournal/JournalFailed")("JournalFailed", {
    path: Schema.String,
    detail: Schema.String
  })
{
  override get message(): string {
    return `the order journal ${this.path} failed: ${this.detail}`
  }
}

/**
 * The intents among entries that have no outcome, oldest first.
 *
 * @since 0.1.0
 * @category combinators
 */
export const openOf = (entries: ReadonlyArray<Entry>): ReadonlyArray<Intent> => {
  const open = new Map<string, Intent>()
  for (const entry of entries) {
    const key = JSON.stringify([entry.exchange, entry.environment, entry.clientOrderId])
    if (entry._tag !== "Intent") open.delete(key)
    // Of two under one name the exchange can have taken the first only.
    else if (!open.has(key)) open.set(key, entry)
  }
  return [...open.values()]
}

/**
 * A journal in memory: for tests, and for programs that reconcile only while they run.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemory: Layer.Layer<OrderJournal> = Layer.effect(
  OrderJournal,
  Effect.map(Ref.make<ReadonlyArray<Intent>>([]), (open) => ({
    append: (entry) => Ref.update(open, (intents) => openOf([...intents, entry])),
    open: Ref.get(open)
  }))
)

/**
 * A journal in a file, one JSON document a line, only ever appended to and flushed to the disk after each line. A last
 * line that a killed process left unfinished is no entry. The file grows with every order: start another one when
 * nothing in it is open.
 *
 * One process at a time: two that append to one file would each reconcile the other's orders.
 *
 * Fails with `JournalFailed` when the file cannot be opened, or holds a line other than the last that is no entry.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerFile = (path: string): Layer.Layer<OrderJournal, JournalFailed, FileSystem.FileSystem> =>
  Layer.scoped(
    OrderJournal,
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const failed = Effect.mapError((error: { readonly message: string }) =>
        new JournalFailed({ path, detail: error.message })
      )
      const existing = yield* failed(
        Effect.flatMap(files.exists(path), (exists) => exists ? files.readFileString(path) : Effect.succeed(""))
      )
      const entries = yield* parse(path, existing)
      const known = yield* Ref.make(openOf(entries))
      const file = yield* failed(files.open(path, { flag: "a" }))
      const write = (text: string) => failed(Effect.zipRight(file.writeAll(new TextEncoder().encode(text)), file.sync))
      // What was left unfinished is marked as that before the next line, so that it neither swallows it nor breaks the file.
      const broken = yield* Ref.make(existing !== "" && !existing.endsWith("\n"))
      if (yield* Ref.get(broken)) {
        yield* write(Option.isSome(decode(existing.slice(existing.lastIndexOf("\n") + 1))) ? "\n" : `${cut}\n`)
        yield* Ref.set(broken, false)
      }
      const turn = yield* Effect.makeSemaphore(1)
      return {
        append: (entry) =>
          Ref.getAndSet(broken, true).pipe(
            Effect.flatMap((after) => write(`${after ? `${cut}\n` : ""}${encode(entry)}\n`)),
            Effect.zipRight(Ref.set(broken, false)),
            Effect.zipRight(Ref.update(known, (open) => openOf([...open, entry]))),
            // A line cut in two by an interruption would be read as a broken one.
            Effect.uninterruptible,
            turn.withPermits(1)
          ),
        open: Ref.get(known)
      }
    })
  )

const encode = Schema.encodeSync(Schema.parseJson(Entry))
const decode = Schema.decodeOption(Schema.parseJson(Entry))

// What a line ends with that could not be finished.
const cut = " (unfinished)"

const parse = (path: string, text: string): Effect.Effect<ReadonlyArray<Entry>, JournalFailed> => {
  const lines = text.split("\n")
  return Effect.map(
    Effect.forEach(lines, (line, index) => {
      const entry = decode(line)
      return Option.isSome(entry) || line === "" || line.endsWith(cut) || index === lines.length - 1
        ? Effect.succeed(Option.toArray(entry))
        : new JournalFailed({ path, detail: `line ${index + 1} is no entry; mend it or move the file away` })
    }),
    (entries) => entries.flat()
  )
}
