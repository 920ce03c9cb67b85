/**
 * Compares the usage that a server reports with the local usage: what this process has not spent was spent by others.
 *
 * @internal
 */
import * as Budget from "./rateLimiterBudget.js"

/**
 * The server's window that a report is about: its end, a number that increases from window to window, both or neither.
 *
 * @internal
 */
export interface Report {
  readonly end: bigint | undefined
  readonly epoch: number | undefined
}

/**
 * Applies the usage that the server reports. Held costs account for part of it, as spent costs do, because the server
 * may have seen them already.
 *
 * @internal
 */
export const sync = (budget: Budget.Budget, used: number, report: Report, now: bigint): void => {
  Budget.advance(budget, now)
  const { rate } = budget
  if (rate._tag === "Bucket") return syncBucket(budget, rate.perSecond, used, now)
  // A window of this limit ends within its length, so a later end belongs to a different window and is ignored.
  const end = report.end !== undefined && report.end > now + rate.length ? undefined : report.end
  if (end === undefined && report.epoch === undefined) return syncWithoutWindow(budget, used, now)
  syncWindow(budget, rate.length, used, { end, epoch: report.epoch }, now)
}

/**
 * The usage of a bucket cannot exceed its size. A difference below 1 is rounding, or has leaked since the server
 * counted.
 */
const syncBucket = (budget: Budget.Budget, perSecond: number, used: number, now: bigint): void => {
  const unexplained = Math.min(used, budget.limit) - Budget.used(budget, now)
  if (unexplained < 1) return
  Budget.spendByOthers(budget, Math.min(unexplained, perSecond * Number(budget.maxPause) / 1e9), undefined, now)
}

const syncWithoutWindow = (budget: Budget.Budget, used: number, now: bigint): void => {
  const unexplained = used - Budget.used(budget, now)
  if (unexplained > 0) Budget.spendByOthers(budget, unexplained, undefined, now)
}

const syncWindow = (budget: Budget.Budget, length: bigint, used: number, report: Report, now: bigint): void => {
  const server = serverWindow(budget, length, report, now)
  if (server === undefined) return
  const known = server.others === undefined || server.others.list === undefined ? 0 : server.others.value.cost
  const own = server.end === undefined ? budget.used - known : server.own
  const unexplained = used - own - budget.held
  if (unexplained > known) {
    removeOthers(budget, server, now)
    server.others = Budget.spendByOthers(budget, unexplained, server, now)
  }
}

/** Returns the server's window that a report belongs to, or `undefined` if that window has ended. */
const serverWindow = (
  budget: Budget.Budget,
  length: bigint,
  report: Report,
  now: bigint
): Budget.ServerWindow | undefined => {
  // No window lasts longer than its length: after that it is over, whatever was reported.
  const known = budget.server !== undefined && budget.server.reportedAt + length > now ? budget.server : undefined
  const age = known === undefined ? 1 : compare(report, known)
  if ((report.end !== undefined && report.end <= now) || age < 0) return undefined
  if (known !== undefined && age === 0) return known
  removeOthers(budget, budget.server, now)
  const server: Budget.ServerWindow = { ...report, reportedAt: now, own: 0, others: undefined }
  budget.server = server
  let latest = budget.spent.tail
  while (latest !== undefined && Budget.isInServerWindow(length, server, latest.value.at)) {
    server.own += latest.value.cost
    latest = latest.previous
  }
  return server
}

const compare = (report: Report, known: Report): number => {
  if (report.epoch !== undefined && known.epoch !== undefined) return report.epoch - known.epoch
  if (report.end === undefined || known.end === undefined) return 1
  return report.end > known.end ? 1 : report.end < known.end ? -1 : 0
}

const removeOthers = (budget: Budget.Budget, server: Budget.ServerWindow | undefined, now: bigint): void => {
  if (server?.others !== undefined) Budget.remove(budget, server.others, now)
}
