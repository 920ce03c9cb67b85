/** Few rounds, where only what has become much worse is to be found. */
export const isQuick = process.env["BENCH_QUICK"] !== undefined

/** So many, or fewer where it has to be quick. */
export const roundsOf = (rounds: number): number => isQuick ? Math.ceil(rounds / 2) : rounds

const rounds = roundsOf(15)

/** Nanoseconds of CPU time a piece, one for each round, in which all tasks take turns. */
export const measure = <Name extends string>(
  tasks: Readonly<Record<Name, () => void>>,
  pieces: number
): (name: Name) => ReadonlyArray<number> => {
  const costs = new Map<string, Array<number>>()
  for (let round = -5; round < rounds; round++) {
    for (const [name, task] of Object.entries<() => void>(tasks)) {
      const before = process.cpuUsage()
      task()
      const { system, user } = process.cpuUsage(before)
      if (round >= 0) costs.set(name, [...costs.get(name) ?? [], (user + system) * 1000 / pieces])
    }
  }
  return (name) => costs.get(name) ?? []
}

/**
 * The CPU time of the whole process, its collector's threads too, that something takes, in microseconds.
 *
 * No collection is forced before: after one V8 optimizes much of the program anew, and everything, of peers too, costs up to four
 * times as much for the next few hundred calls. So rounds are long enough for their garbage to be their own.
 */
export const cpuOf = async (self: () => unknown): Promise<number> => {
  const before = process.cpuUsage()
  await self()
  const { system, user } = process.cpuUsage(before)
  return user + system
}

/** Bytes of the heap that are in use, garbage aside. */
export const heapUsed = (): number => {
  if (globalThis.gc === undefined) throw new Error("Run it through run.mjs, which exposes the garbage collector")
  globalThis.gc()
  globalThis.gc()
  return process.memoryUsage().heapUsed
}

/**
 * What tasks give, round by round: they take turns, and another begins each round, so that what else the machine does and
 * what the one before left behind meet them alike. The first rounds warm up.
 */
export const alternate = async <Name extends string>(
  tasks: Readonly<Record<Name, () => Promise<number>>>,
  { rounds, warmUp }: { readonly rounds: number; readonly warmUp: number }
): Promise<(name: Name) => ReadonlyArray<number>> => {
  const costs = new Map<string, Array<number>>()
  const entries = Object.entries<() => Promise<number>>(tasks)
  for (let round = -warmUp; round < roundsOf(rounds); round++) {
    const first = (round + warmUp) % entries.length
    for (const [name, task] of [...entries.slice(first), ...entries.slice(0, first)]) {
      const cost = await task()
      if (round >= 0) costs.set(name, [...costs.get(name) ?? [], cost])
    }
  }
  return (name) => costs.get(name) ?? []
}

/** How many times the costs of others, round by round. */
export const over = (ours: ReadonlyArray<number>, theirs: ReadonlyArray<number>): ReadonlyArray<number> =>
  ours.map((cost, round) => cost / (theirs[round] ?? Number.NaN))

/** What the costs of others leave of it, round by round. */
export const minus = (ours: ReadonlyArray<number>, theirs: ReadonlyArray<number>): ReadonlyArray<number> =>
  ours.map((cost, round) => cost - (theirs[round] ?? Number.NaN))
