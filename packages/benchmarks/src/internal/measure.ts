/** Whether to run few rounds, which suffice to detect a large regression. */
export const isQuick = process.env["BENCH_QUICK"] !== undefined

/** Returns the number of rounds, or half of it for a quick run. */
export const roundsOf = (rounds: number): number => isQuick ? Math.ceil(rounds / 2) : rounds

const rounds = roundsOf(15)

/** Measures nanoseconds of CPU time per piece, one value for each round. All tasks take turns in each round. */
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
 * Returns the CPU time in microseconds that a task takes in the whole process, including the threads of the garbage
 * collector.
 *
 * No garbage collection is forced before a task. After a forced collection V8 optimizes much of the program again, and
 * all code, including that of peers, costs up to four times as much for the next few hundred calls. Rounds are
 * therefore long enough to pay for their own garbage.
 */
export const cpuOf = async (self: () => unknown): Promise<number> => {
  const before = process.cpuUsage()
  await self()
  const { system, user } = process.cpuUsage(before)
  return user + system
}

/** Returns the bytes in use on the heap, without garbage. */
export const heapUsed = (): number => {
  if (globalThis.gc === undefined) {
    throw new Error("Run this benchmark through run.mjs, which exposes the garbage collector")
  }
  globalThis.gc()
  globalThis.gc()
  return process.memoryUsage().heapUsed
}

/**
 * Collects the values of tasks, round by round. The tasks take turns, and each round begins with another task, so that
 * other load on the machine and the effects of the task before affect all of them alike. The first rounds are a
 * warm-up.
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

/** Divides our costs by those of a peer, round by round. */
export const over = (ours: ReadonlyArray<number>, theirs: ReadonlyArray<number>): ReadonlyArray<number> =>
  ours.map((cost, round) => cost / (theirs[round] ?? Number.NaN))

/** Subtracts the costs of a peer from ours, round by round. */
export const minus = (ours: ReadonlyArray<number>, theirs: ReadonlyArray<number>): ReadonlyArray<number> =>
  ours.map((cost, round) => cost - (theirs[round] ?? Number.NaN))
