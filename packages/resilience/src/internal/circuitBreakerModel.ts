import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Inspectable from "effect/Inspectable"
import type * as Option from "effect/Option"
import type * as Pipeable from "effect/Pipeable"
import type * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type * as Idempotent from "../Idempotent.js"
import { RejectionTypeId } from "../Rejection.js"
import type * as Trip from "../Trip.js"
import type { BreakerFastPath, FastPath } from "./fastPath.js"

/**
 * The maximum number of schedule steps in a snapshot: restoring steps the schedule that many times.
 *
 * @internal
 */
export const maxSteps = 1000

/**
 * The key that identifies a {@link CircuitBreaker}.
 *
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: TypeId = "~@effect-exchange/resilience/CircuitBreaker"

/**
 * The type of {@link TypeId}.
 *
 * @since 0.1.0
 * @category type ids
 */
export type TypeId = "~@effect-exchange/resilience/CircuitBreaker"

/**
 * A gate in front of a service that can fail: it admits calls while they succeed, and refuses them for a while once
 * they keep failing.
 *
 * All callers of one dependency must share one breaker; a breaker created per call never opens.
 *
 * - **Closed**: every call is admitted and counted. The {@link Options.trip} rule may open the circuit.
 * - **Open**: every call is refused until a deadline on the monotonic clock. No timer runs: the first call after the
 *   deadline turns the circuit half-open.
 * - **HalfOpen**: a few calls are admitted as probes and all others are refused, or wait if {@link Options.halfOpen}
 *   says so. Enough successes close the circuit. It opens again as soon as enough successes have become impossible, or
 *   when the probes take too long.
 * - **Isolated**: held open manually, until a scope closes.
 * - **Disabled**: every call is admitted, nothing is counted and nothing opens the circuit.
 * - **MetricsOnly**: every call is admitted and counted. Whatever would have opened the circuit is published as a
 *   transition from this state to itself, which starts a new window. Use it to test a rule before it refuses calls.
 *
 * A call counts only in the state in which it began. A result that arrives after a transition is returned to its caller
 * unchanged, is counted as late, and changes nothing. (Exception: a verdict to open, such as for a ban by the server,
 * is obeyed unless the circuit is isolated or disabled.) The results of calls that began while the circuit was disabled
 * are ignored.
 *
 * @since 0.1.0
 * @category models
 */
export interface CircuitBreaker<in E = unknown> extends Inspectable.Inspectable, Pipeable.Pipeable {
  readonly [TypeId]: TypeId
  /** @internal */
  readonly [FastPath]?: BreakerFastPath<E>
  /** The name used in {@link CircuitOpen}, transitions and metrics. */
  readonly name: string
  /**
   * Runs the effect if the circuit admits it; otherwise fails with `CircuitOpen` without running it. Keeps the brand of
   * an `Idempotent` effect.
   */
  readonly protect: <A, E1 extends E, R, I = never>(
    self: Idempotent.Input<A, E1, R, I>
  ) => Idempotent.Output<A, E1 | CircuitOpen, R, I>
  /**
   * Fails with `CircuitOpen` if a call would be refused now, but not if it would wait. It takes no permit and leaves
   * the circuit unchanged, so a subsequent call may still be refused. A failure counts as `rejected`.
   */
  readonly check: Effect.Effect<void, CircuitOpen>
  /** The current state. */
  readonly state: Effect.Effect<State>
  /** The current counts. */
  readonly metrics: Effect.Effect<Metrics>
  /**
   * The transitions from the moment of subscription, in order, each published after it has happened. A subscriber that
   * is more than 64 transitions behind loses the oldest ones, and never delays a call.
   */
  readonly changes: Stream.Stream<Transition>
  /** The state in a form that can be stored and passed to {@link restore}, even in another process. */
  readonly snapshot: Effect.Effect<Snapshot>
  /**
   * Until the scope closes, makes transitions on time that otherwise happen at the next call or inspection: the circuit
   * turns half-open when its time is over, and opens again when its probes take too long. Use it when you watch
   * `changes` or the gauge. A fiber sleeps while there is such an instant to wait for, and only then.
   */
  readonly automatic: Effect.Effect<void, never, Scope.Scope>
  /**
   * Refuses every call until the scope closes. Several holders may overlap. When the last one releases it, the circuit
   * closes with nothing remembered. If the circuit was disabled before, or open until `reset`, it returns to that state
   * instead. Results that arrive in the meantime are late.
   */
  readonly isolate: Effect.Effect<void, never, Scope.Scope>
  /**
   * Opens the circuit until an instant in milliseconds since the epoch, for example when another call learned that the
   * server refuses all requests until then. It extends an earlier deadline and never shortens one. It does nothing for
   * an instant in the past, or while the circuit is isolated or disabled.
   */
  readonly openUntil: (epochMillis: number) => Effect.Effect<void>
  /** Opens the circuit from any state, even from isolation, until `reset`. */
  readonly forceOpen: Effect.Effect<void>
  /**
   * Admits every call from now on, even during isolation, until `enable` or `reset`. Nothing is counted, and even
   * verdicts to open are ignored.
   */
  readonly disable: Effect.Effect<void>
  /**
   * Admits every call from now on, even during isolation, until `enable` or `reset`, but counts the calls and reports
   * what would have opened the circuit. Even verdicts to open are ignored.
   */
  readonly metricsOnly: Effect.Effect<void>
  /**
   * Ends `disable` and `metricsOnly`: closes the circuit with nothing remembered, or lets an isolation that began after
   * them end that way. Does nothing to a circuit in any other state.
   */
  readonly enable: Effect.Effect<void>
  /** Closes the circuit from any state, even from isolation, with nothing remembered. */
  readonly reset: Effect.Effect<void>
}

/**
 * The public state of a circuit.
 *
 * `Open.retryAfter` is the time until a call will be admitted: zero if the next call will be, infinite if only `reset`
 * helps.
 *
 * @since 0.1.0
 * @category models
 */
export type State =
  | { readonly _tag: "Closed" }
  | { readonly _tag: "Open"; readonly retryAfter: Duration.Duration }
  | { readonly _tag: "HalfOpen" }
  | { readonly _tag: "Isolated" }
  | { readonly _tag: "Disabled" }
  | { readonly _tag: "MetricsOnly" }

/**
 * The counts of a breaker.
 *
 * `rejected`, `late` and `trips` count from the creation of the breaker. The others describe the current state and
 * start at zero with each transition: the window of the trip rule while closed (see {@link Trip.Window}), the finished
 * probes while half-open, and zeros otherwise.
 *
 * @since 0.1.0
 * @category models
 */
export interface Metrics {
  /** Calls that ended as a success or a failure. */
  readonly calls: number
  /** The number of `calls` that failed. */
  readonly failures: number
  /** `failures / calls`; 0 when there are no calls. */
  readonly failureRate: number
  /**
   * Calls that took at least the duration of a rule for slow calls, including those still in flight; 0 without such a
   * rule, and in any state but closed.
   */
  readonly slowCalls: number
  /** `slowCalls` as a share of the finished calls in the window of that rule and the slow calls in flight. */
  readonly slowCallRate: number
  /**
   * Calls in flight that began in the current state. `None` if they are not tracked: while disabled, and while closed
   * without a rule for slow calls, where tracking would cost a call more than everything else.
   */
  readonly inFlight: Option.Option<number>
  /** Callers waiting for the probes. */
  readonly waiting: number
  /** Calls refused with `CircuitOpen`, by `protect` or by `check`. */
  readonly rejected: number
  /** Calls that ended after the state in which they began had been replaced, without ignored calls. */
  readonly late: number
  /** How often the circuit went from another state to open. */
  readonly trips: number
}

/**
 * The reason why a circuit opened by its own decision, and the input of the {@link Options.openFor} schedule.
 *
 * @since 0.1.0
 * @category models
 */
export type TripCause =
  | Trip.Reason
  /** So many half-open probes failed that the required number of successes had become impossible. */
  | { readonly _tag: "ProbesFailed"; readonly failures: number }
  /** The half-open probes reached no decision in time. */
  | { readonly _tag: "HalfOpenTimedOut" }
  /** No cause: the schedule is being stepped to its progress at the time of the {@link Snapshot}. */
  | { readonly _tag: "Restored" }

/**
 * A state transition. From open to open means that the deadline was extended; from metrics-only to metrics-only means
 * that the circuit would have opened.
 *
 * @since 0.1.0
 * @category models
 */
export interface Transition {
  readonly name: string
  readonly from: State["_tag"]
  readonly to: State["_tag"]
  /** The time of the transition, in milliseconds of the wall clock since the epoch. */
  readonly at: number
  readonly reason:
    | TripCause
    /** A verdict requested it: {@link openUntil} or {@link openFor}. */
    | { readonly _tag: "OpenRequested" }
    /** The open duration was over, and a call arrived or {@link CircuitBreaker.automatic} was in use. */
    | { readonly _tag: "OpenElapsed" }
    | { readonly _tag: "ProbesSucceeded" }
    | { readonly _tag: "Isolated" }
    | { readonly _tag: "Released" }
    | { readonly _tag: "ForcedOpen" }
    | { readonly _tag: "Disabled" }
    | { readonly _tag: "MetricsOnly" }
    | { readonly _tag: "Enabled" }
    | { readonly _tag: "Reset" }
}

/**
 * The stored state of a circuit: what an operator or a server has requested, and what a new process would otherwise
 * have to learn from new failures.
 *
 * Times are stored as remaining durations instead of instants, so that clock changes and clock differences do not
 * matter; the time for which a snapshot is stored does not count. A window is not stored: a closed circuit starts with
 * an empty one. A half-open circuit is stored as one that is due to be probed, because its probes belong to the old
 * process. An isolated circuit is stored as the state it would return to, because its holders do too.
 *
 * @since 0.1.0
 * @category models
 */
export type Snapshot = typeof Snapshot.Type

/**
 * The schema of a {@link Snapshot}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Snapshot = Schema.Union(
  Schema.TaggedStruct("Closed", {}),
  Schema.TaggedStruct("Open", {
    /** Zero if a call would be admitted; infinite if only `reset` helps. */
    remaining: Schema.Duration,
    /**
     * The number of times the schedule of open durations has been stepped since the circuit was last closed, at most
     * 1000.
     */
    steps: Schema.Int.pipe(Schema.between(0, maxSteps))
  }),
  Schema.TaggedStruct("Disabled", {}),
  Schema.TaggedStruct("MetricsOnly", {})
)

/**
 * The verdict on a finished call: what it says about the health of the service.
 *
 * An ignored call is not counted and returns its probe permit. `OpenUntil` and `OpenFor` open the circuit immediately,
 * whatever the window contains. They extend an earlier deadline and never shorten one, and are ignored when their time
 * has passed or the circuit is isolated or disabled.
 *
 * @since 0.1.0
 * @category models
 */
export type Verdict =
  | "success"
  | "failure"
  | "ignore"
  | { readonly _tag: "OpenUntil"; readonly epochMillis: number }
  | { readonly _tag: "OpenFor"; readonly duration: Duration.DurationInput }

/**
 * The options of {@link make}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<in E> {
  /** The name of the protected service. Use a small number of distinct names, because names label metrics. */
  readonly name: string
  /**
   * The rule for opening. By default the circuit opens after 5 failures in a row, or at 50 % failures among the last
   * 100 calls once there are at least 20.
   */
  readonly trip?: Trip.Trip | undefined
  /**
   * The schedule of open durations. It is stepped once per trip, with the cause; its delay is not slept but becomes the
   * deadline. It restarts after the circuit has closed. When it is exhausted, the circuit stays open until `reset`.
   * Openings requested by a verdict do not step it. If it dies, the defect is logged and the circuit opens for 60
   * seconds.
   *
   * Defaults to 1 second, doubled each time up to 60 seconds, of which `Random` chooses 50 to 100 %, so that the
   * processes of a fleet do not probe in step.
   */
  readonly openFor?: Schedule.Schedule<unknown, TripCause> | undefined
  /** The options of the half-open state. */
  readonly halfOpen?: {
    /**
     * The number of probes that may count towards a decision, and so the number that may run concurrently. Defaults to
     * `1`.
     */
    readonly permits?: number | undefined
    /** The number of probes that must succeed to close the circuit, at most `permits`. Defaults to `permits`. */
    readonly successes?: number | undefined
    /**
     * The time after which probes without a decision open the circuit again, as of that instant. Time without a probe
     * in flight does not count. Defaults to 10 seconds.
     */
    readonly timeout?: Duration.DurationInput | undefined
    /**
     * What happens to calls for which there is no permit. `"fail"` refuses them. With `"wait"` they wait, in order of
     * arrival, for a permit that is returned, or for the decision, which admits or refuses all of them. They wait at
     * most until the timeout, which must be finite, or until the current `Deadline`, and a call never waits twice.
     * Defaults to `"fail"`.
     */
    readonly excess?: "fail" | "wait" | undefined
    /** The maximum number of waiting calls with `"wait"`; further calls are refused. Defaults to `1000`. */
    readonly maxQueue?: number | undefined
  } | undefined
  /**
   * Judges each finished call. It never receives a pure interruption, which is always ignored. If it throws, the defect
   * is logged and {@link defaultClassify} judges the call instead. Defaults to {@link defaultClassify}.
   */
  readonly classify?: ((exit: Exit.Exit<unknown, E>) => Verdict) | undefined
  /** Whether the circuit starts in the state `MetricsOnly`. Defaults to `false`. */
  readonly metricsOnly?: boolean | undefined
}

/**
 * The circuit refused a call: nothing was run and nothing was sent. It has no stack trace, so that refusing is cheap.
 *
 * `retryAfter` is the time after which another attempt makes sense. Open: until a probe will be admitted. HalfOpen:
 * until the probes will have been decided at the latest. Isolated, or open with an exhausted schedule: infinite,
 * because only an operator can end it.
 *
 * @since 0.1.0
 * @category errors
 */
export class CircuitOpen
  extends Schema.TaggedError<CircuitOpen>("@effect-exchange/resilience/internal/circuitBreakerModel/CircuitOpen")(
    "CircuitOpen",
    {
      name: Schema.String,
      state: Schema.Literal("Open", "HalfOpen", "Isolated"),
      retryAfter: Schema.Duration
    }
  )
{
  /**
   * Marks the error as a local refusal, which other breakers ignore.
   *
   * @since 0.1.0
   */
  readonly [RejectionTypeId] = RejectionTypeId

  override get message(): string {
    switch (this.state) {
      case "Open":
        return Duration.isFinite(this.retryAfter)
          ? `Circuit "${this.name}" is open: the call was not made. Try again in ${Duration.format(this.retryAfter)}.`
          : `Circuit "${this.name}" is open until it is reset: the call was not made. Fix the cause, then reset the circuit.`
      case "HalfOpen":
        return `Circuit "${this.name}" is half-open: the call was not made. Try again when its probes have ended, ${
          Duration.format(this.retryAfter)
        } from now at the latest.`
      case "Isolated":
        return `Circuit "${this.name}" was isolated manually: the call was not made. Try again after it is released.`
    }
  }
}
