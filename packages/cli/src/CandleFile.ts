/**
 * A text file of candles that can be resumed: complete lines of one series, oldest first.
 *
 * @since 0.1.0
 */
import { Candle } from "@effect-exchange/core"
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as CandleFormat from "./CandleFormat.js"
import { UsageError } from "./Failure.js"
import { quote } from "./internal/quote.js"

/**
 * An open file of candles.
 *
 * @since 0.1.0
 * @category models
 */
export interface CandleFile {
  /** The open time of the first candle, in epoch milliseconds. `None` if the file has no candle. */
  readonly beginsAt: Option.Option<number>
  /**
   * The time to resume from, in epoch milliseconds: the close time of the last candle. `None` if the file has no
   * candle.
   */
  readonly resumeAt: Option.Option<number>
  /** Whether the candles in the file name their environment. Those that older versions wrote do not. */
  readonly namesEnvironment: boolean
  /** Appends candles. If the machine stops during the write, the next {@link open} removes an incomplete last line. */
  readonly append: (candles: ReadonlyArray<Candle.Candle>) => Effect.Effect<void, UsageError>
}

/**
 * The series of candles in a file, and the environment they come from.
 *
 * @since 0.1.0
 * @category models
 */
export interface Series extends Pick<Candle.Candle, "exchange" | "interval" | "symbol"> {
  readonly environment: string
}

/**
 * Opens a file, or creates it if it does not exist, and closes it with the scope.
 *
 * Fails if the file holds anything but candles of this series and environment in this format, and leaves the file
 * unchanged in that case. An incomplete last line is removed. A file that does not name its environment is continued
 * only with live candles, and in its own format.
 *
 * @since 0.1.0
 * @category constructors
 */
export const open = Effect.fnUntraced(function*(
  path: string,
  name: CandleFormat.Name,
  of: Series
): Effect.fn.Return<CandleFile, UsageError, FileSystem.FileSystem | Path.Path | Scope.Scope> {
  const files = yield* FileSystem.FileSystem
  const { dirname } = yield* Path.Path
  return yield* Effect.gen(function*() {
    yield* files.makeDirectory(dirname(path), { recursive: true })
    const fresh = { ...empty, format: CandleFormat.of(name, of.environment) }
    const { completeSize, first, format, last } = (yield* files.exists(path)) ? yield* inspect(path, fresh, of) : fresh
    const file = yield* files.open(path, { flag: "a" })
    if (completeSize < Number((yield* file.stat).size)) yield* files.truncate(path, completeSize)
    const write = (lines: ReadonlyArray<string>) =>
      lines.length === 0
        ? Effect.void
        : Effect.uninterruptible(
          Effect.mapError(file.writeAll(encoder.encode(`${lines.join("\n")}\n`)), unwritable)
        )
    if (completeSize === 0 && format.header !== undefined) yield* write([format.header])
    return {
      beginsAt: first,
      resumeAt: Option.map(last, (openTime) => Candle.closeTime(of.interval, openTime)),
      namesEnvironment: format.environment !== undefined,
      append: (candles: ReadonlyArray<Candle.Candle>) => write(candles.map(format.line))
    }
  }).pipe(Effect.catchTags({
    BadArgument: (error) => unwritable(error),
    SystemError: (error) => unwritable(error)
  }))
})

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** More than two lines of any candle, in bytes. */
const blockSize = 4096

interface Found {
  /** The open times of the first and the last candle. */
  readonly first: Option.Option<number>
  readonly last: Option.Option<number>
  readonly completeSize: number
  readonly format: CandleFormat.Format
}

const empty: Omit<Found, "format"> = { first: Option.none(), last: Option.none(), completeSize: 0 }

/**
 * Finds the first and the last candle, and the size of the complete lines in bytes. Reads only both ends of the file,
 * which may be large.
 */
const inspect = Effect.fnUntraced(function*(
  path: string,
  fresh: Found,
  of: Series
): Effect.fn.Return<
  Found,
  PlatformError | UsageError,
  FileSystem.FileSystem | Scope.Scope
> {
  const files = yield* FileSystem.FileSystem
  const series = CandleFormat.series(of)
  const { name } = fresh.format
  const { size: bytes, type } = yield* files.stat(path)
  const refuse = (detail: string) =>
    new UsageError({ detail: `${quote(path)} ${detail}; choose another --output, or move the file.` })
  if (type !== "File") return yield* refuse("is not a regular file")
  const size = Number(bytes)
  const file = yield* files.open(path, { flag: "r" })
  const part = (from: number) =>
    Effect.zipRight(
      file.seek(from, "start"),
      Effect.map(
        file.readAlloc(blockSize),
        Option.getOrElse(() => new Uint8Array())
      )
    )
  const head = decoder.decode(yield* part(0)).split("\n")
  const [top = ""] = head
  // The file ends within its first line.
  if (head.length === 1) {
    const { header, start } = fresh.format
    const isCut = start(of).startsWith(top) || (header === undefined && top.startsWith(start(of)))
    return isCut ? fresh : yield* refuse(`does not contain candles as ${name}`)
  }
  const former = CandleFormat.of(name)
  const isFormer = former.header === undefined
    ? Option.exists(former.read(top), ({ environment }) => environment === undefined)
    : top === former.header
  const format = isFormer ? former : fresh.format
  const from = Math.max(0, size - blockSize)
  const tail = yield* part(from)
  const end = tail.lastIndexOf(newline) + 1
  const lines = decoder.decode(tail.subarray(0, end)).split("\n").slice(0, -1)
  const first = format.header === undefined ? top : top === format.header ? head[1] : undefined
  if (first === undefined || end === 0) return yield* refuse(`does not contain candles as ${name}`)
  const completeSize = from + end
  const final = lines.at(-1) ?? ""
  if (format.header !== undefined && final === format.header && from === 0 && lines.length === 1) {
    // Without a candle, it does not matter which environment the file was meant for.
    return fresh
  }
  const read = [format.read(first), format.read(final)] as const
  for (const line of read) {
    if (Option.isNone(line)) return yield* refuse(`does not contain candles as ${name}`)
    if (line.value.series !== series) {
      return yield* refuse(`contains candles of ${line.value.series}, not of ${series}`)
    }
    const { environment } = line.value
    if (environment === undefined ? of.environment !== "live" : environment !== of.environment) {
      return yield* refuse(
        environment === undefined
          ? `does not name the environment of its candles, so no ${of.environment} ones are added`
          : `contains ${environment} candles, not ${of.environment} ones`
      )
    }
  }
  return { format, first: Option.map(read[0], openTimeOf), last: Option.map(read[1], openTimeOf), completeSize }
})

const openTimeOf = ({ openTime }: CandleFormat.Line): number => openTime

const newline = 10

const unwritable = (error: PlatformError): UsageError =>
  new UsageError({ detail: `The candles cannot be written: ${error.message}. Choose another --output.` })
