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
import type { AtOnce, OfBreaker } from "./atOnce.js"

/**
 * How many steps of a schedule are remembered: to get back to where it was it is stepped as often again.
 *
 * @internal
 */
export const maxSteps = 1000

/**
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: TypeId = "~@effect-exchange/resilience/CircuitBreaker"

/**
 * @since 0.1.0
 * @category type ids
 */
export type TypeId = "~@effect-exchange/resilience/CircuitBreaker"

/**
 * A gate in front of something that can fail: it lets calls through while they succeed, and refuses them for a while
 * once they keep failing.
 *
 * All callers of one dependency must share one breaker; a breaker made per call never opens.
 *
 * - **Closed**: every call passes and is counted. The {@link Options.trip} rule may open the circuit.
 * - **Open**: every call is refused until a deadline on the monotonic clock. No timer runs: the first call after it
 *   turns the circuit half-open.
 * - **HalfOpen**: a few calls pass as probes and all others are refused, or wait if {@link Options.halfOpen} says so.
 *   Enough successes close the circuit; as soon as enough successes have become impossible it opens again, as it does
 *   when the probes take too long.
 * - **Isolated**: held open by hand, for as long as a scope.
 * - **Disabled**: every call passes, nothing is counted and nothing opens it.
 * - **MetricsOnly**: every call passes and is counted, and what would have opened it is told of as a transition from this
 *   state to itself, which begins a new window. For trying a rule out before it may refuse anybody.
 *
 * A call counts only in the state it began under. A result that arrives after the circuit has moved on goes to its
 * caller unchanged, is counted as late, and changes nothing. (But a server's demand to stay away is obeyed, unless the
 * circuit is isolated or disabled.) What began while the circuit was disabled is not looked at when it ends.
 *
 * @since 0.1.0
 * @category models
 */
export interface CircuitBreaker<in E = unknown> extends Inspectable.Inspectable, Pipeable.Pipeable {
  readonly [TypeId]: TypeId
  /** @internal */
  readonly [AtOnce]?: OfBreaker<E>
  /** What {@link CircuitOpen}, transitions and metrics are labelled with. */
  readonly name: string
  /**
   * Runs the effect if the circuit permits it; otherwise fails with `CircuitOpen` without running it. Keeps the brand of
   * an `Idempotent` effect.
   */
  readonly protect: <A, E1 extends E, R, I = never>(
    self: Idempotent.Input<A, E1, R, I>
  ) => Idempotent.Output<A, E1 | CircuitOpen, R, I>
  /**
   * Fails with `CircuitOpen` if a call would be refused now; one that would wait is not. Takes no permit and leaves the
   * circuit as it is, so a call that follows may still be refused. A failure counts as `rejected`.
   */
  readonly check: Effect.Effect<void, CircuitOpen>
  /** The state now. */
  readonly state: Effect.Effect<State>
  /** What has been counted up to now. */
  readonly metrics: Effect.Effect<Metrics>
  /**
   * The transitions from the moment of subscription on, in order, each after it has happened. A subscriber that falls
   * behind loses the oldest of more than 64 and never holds up a call.
   */
  readonly changes: Stream.Stream<Transition>
  /** The state as something to be kept and given to {@link restore}, perhaps by another process. */
  readonly snapshot: Effect.Effect<Snapshot>
  /**
   * Until the scope closes, changes that are otherwise made when somebody calls or looks are made on time: the circuit
   * turns half-open when its time is over, and opens again when its probes take too long. For those who watch
   * `changes` or the gauge. A fiber sleeps while there is such an instant to wait for, and only then.
   */
  readonly automatic: Effect.Effect<void, never, Scope.Scope>
  /**
   * Refuses every call until the scope closes. Several holders may overlap; when the last one lets go the circuit
   * closes with nothing remembered, unless it was disabled, or open until `reset`, before: then it is so again. Results
   * that arrive meanwhile are late.
   */
  readonly isolate: Effect.Effect<void, never, Scope.Scope>
  /**
   * Opens the circuit until an instant in milliseconds since the epoch, as when another call learnt that the server
   * refuses everybody until then. Extends an earlier deadline and never shortens one; does nothing for an instant that
   * has passed, nor while the circuit is isolated or disabled.
   */
  readonly openUntil: (epochMillis: number) => Effect.Effect<void>
  /** Opens the circuit from any state, isolation included, until `reset`. */
  readonly forceOpen: Effect.Effect<void>
  /**
   * Lets every call pass from now on, isolation or not, until `enable` or `reset`. Nothing is counted, and even a
   * server's demand to stay away is not obeyed.
   */
  readonly disable: Effect.Effect<void>
  /**
   * Lets every call pass from now on, isolation or not, until `enable` or `reset`, but counts them and tells what would
   * have opened the circuit. Not even a server's demand to stay away is obeyed.
   */
  readonly metricsOnly: Effect.Effect<void>
  /**
   * Ends `disable` and `metricsOnly`: closes the circuit with nothing remembered, or lets an isolation that came after it
   * end so. Does nothing to a circuit in any other state.
   */
  readonly enable: Effect.Effect<void>
  /** Closes the circuit from any state, isolation included, with nothing remembered. */
  readonly reset: Effect.Effect<void>
}

/**
 * The state of a circuit, as others may see it.
 *
 * `Open.retryAfter` is the time until a call will be let through: zero when the next one will be, infinite when only
 * `reset` helps.
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
 * What a breaker has counted.
 *
 * `rejected`, `late` and `trips` count from the making of the breaker. The others describe the present state and start
 * at zero with each one: the window of the trip rule while closed (see {@link Trip.Window}), the finished probes while
 * half-open, zeros otherwise.
 *
 * @since 0.1.0
 * @category models
 */
export interface Metrics {
  /** Calls that ended as a success or a failure. */
  readonly calls: number
  /** How many of `calls` failed. */
  readonly failures: number
  /** `failures / calls`; 0 when there are no calls. */
  readonly failureRate: number
  /**
   * Calls that took as long as a rule for slow calls says or longer, those among them that are still in flight included;
   * 0 without such a rule, and in any state but closed.
   */
  readonly slowCalls: number
  /** `slowCalls` as a share of the finished calls in the window of that rule and its slow ones in flight. */
  readonly slowCallRate: number
  /**
   * Calls under way that began under the present state. None if nobody follows them: while closed without a rule for
   * slow calls, where following would cost a call more than all the rest does, and while disabled.
   */
  readonly inFlight: Option.Option<number>
  /** Callers that wait for the probes. */
  readonly waiting: number
  /** Calls refused with `CircuitOpen`, by `protect` or by `check`. */
  readonly rejected: number
  /** Calls that ended after the state they began under was gone; ignored calls are not among them. */
  readonly late: number
  /** How often the circuit went from another state to open. */
  readonly trips: number
}

/**
 * Why a circuit opened by its own judgement; what the {@link Options.openFor} schedule is stepped with.
 *
 * @since 0.1.0
 * @category models
 */
export type TripCause =
  | Trip.Reason
  /** So many half-open probes failed that the needed successes had become impossible. */
  | { readonly _tag: "ProbesFailed"; readonly failures: number }
  /** The half-open probes did not decide in time. */
  | { readonly _tag: "HalfOpenTimedOut" }
  /** No cause: the schedule is being brought back to where it was when the {@link Snapshot} was taken. */
  | { readonly _tag: "Restored" }

/**
 * One change of state. From open to open means that the deadline was moved out, from metrics-only to metrics-only that the
 * circuit would have opened.
 *
 * @since 0.1.0
 * @category models
 */
export interface Transition {
  readonly name: string
  readonly from: State["_tag"]
  readonly to: State["_tag"]
  /** When, in milliseconds of the wall clock since the epoch. */
  readonly at: number
  readonly reason:
    | TripCause
    /** A verdict asked for it: {@link openUntil} or {@link openFor}. */
    | { readonly _tag: "OpenRequested" }
    /** The open duration was over and a call came, or {@link CircuitBreaker.automatic} was at work. */
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
 * What is kept of a circuit: what an operator or a server has said, and what a new process would otherwise have to find
 * out by failing again.
 *
 * Times are what remains of them, not instants, so that neither a clock that is set nor one that differs matters; the
 * time for which a snapshot is put by does not count. A window is not kept: a closed circuit starts afresh. A half-open
 * circuit is kept as one that is due to be probed, since its probes run elsewhere, and an isolated one as what it would
 * go back to, since its holders do.
 *
 * @since 0.1.0
 * @category models
 */
export type Snapshot = typeof Snapshot.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const Snapshot = Schema.Union(
  Schema.TaggedStruct("Closed", {}),
  Schema.TaggedStruct("Open", {
    /** Zero if a call would be let through; infinite if only `reset` helps. */
    remaining: Schema.Duration,
    /** How often the schedule of open durations has been stepped since the circuit was last closed, at most 1000. */
    steps: Schema.Int.pipe(Schema.between(0, maxSteps))
  }),
  Schema.TaggedStruct("Disabled", {}),
  Schema.TaggedStruct("MetricsOnly", {})
)

/**
 * What a finished call says about the health of what was called.
 *
 * An ignored call counts nowhere and gives its probe's permit back. `OpenUntil` and `OpenFor` open the circuit at once,
 * whatever the window holds; they extend an earlier deadline and never shorten one, and are ignored when their time has
 * passed or the circuit is isolated or disabled.
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
 * What {@link make} takes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<in E> {
  /** What is protected; keep the number of distinct names small, as it labels metrics. */
  readonly name: string
  /** When to open. Defaults to 5 failures in a row, or 50 % failures among the last 100 calls once there are 20. */
  readonly trip?: Trip.Trip | undefined
  /**
   * For how long to open. The schedule is stepped once per trip, with the cause, and its delay is not slept but becomes
   * the deadline; it starts again after the circuit has closed. When it is exhausted the circuit stays open until
   * `reset`. Openings asked for by a verdict do not step it. If it dies, that is logged, and the circuit opens for 60
   * seconds. Defaults to 1 second, doubled each time up to 60 seconds,
   * of which `Random` chooses 50 to 100 %, so that a fleet does not probe in step.
   */
  readonly openFor?: Schedule.Schedule<unknown, TripCause> | undefined
  /** How to probe. */
  readonly halfOpen?: {
    /** How many probes may count towards a decision, and so how many may run at once. Defaults to `1`. */
    readonly permits?: number | undefined
    /** How many of them must succeed to close the circuit, at most `permits`. Defaults to `permits`. */
    readonly successes?: number | undefined
    /**
     * If probes are under way for so long without a decision, the circuit opens again, as from that instant. Time in
     * which there is none does not count. Defaults to 10 seconds.
     */
    readonly timeout?: Duration.DurationInput | undefined
    /**
     * What becomes of calls for which there is no permit. `"fail"`: they are refused. `"wait"`: they wait, first come,
     * first served, for a permit that is given back, or for the decision, which lets them all pass or refuses them all.
     * Nobody waits longer than until the timeout, which must be finite, or the current `Deadline`, and nobody waits
     * twice. Defaults to `"fail"`.
     */
    readonly excess?: "fail" | "wait" | undefined
    /** How many calls may wait if they are to; further ones are refused. Defaults to `1000`. */
    readonly maxQueue?: number | undefined
  } | undefined
  /**
   * Judges each finished call that was not merely interrupted: interruption never reaches it and is always ignored. If it
   * throws, that is logged, and {@link defaultClassify} judges instead. Defaults to that.
   */
  readonly classify?: ((exit: Exit.Exit<unknown, E>) => Verdict) | undefined
  /** Begins in the state `MetricsOnly`. Defaults to `false`. */
  readonly metricsOnly?: boolean | undefined
}

/**
 * The circuit refused a call; nothing was run and nothing was sent. Carries no stack, so that refusing is cheap.
 *
 * `retryAfter` says when asking again makes sense. Open: when a probe will be let through. HalfOpen: when the probes
 * will have been decided at the latest. Isolated, or open with an exhausted schedule: infinite, as only a person can
 * end it.
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
   * Marks it as a local refusal, which other breakers ignore.
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
