/**
 * The modules for authors of dialects: routes, readers of parameters, meters, keys, markets, and the channels of
 * sockets.
 *
 * @since 0.1.0
 */
import "./internal/needs-effect-3.22-and-not-4.js"

/**
 * @since 0.1.0
 */
export * as Bars from "./engine/internal/bars.js"
/**
 * @since 0.1.0
 */
export * as Decimal from "./engine/internal/decimal.js"
/**
 * @since 0.1.0
 */
export * as Channels from "./internal/channels.js"
/**
 * @since 0.1.0
 */
export * as Executions from "./internal/executions.js"
/**
 * @since 0.1.0
 */
export * as Fields from "./internal/fields.js"
/**
 * @since 0.1.0
 */
export * as Inputs from "./internal/inputs.js"
/**
 * @since 0.1.0
 */
export * as Json from "./internal/json.js"
/**
 * @since 0.1.0
 */
export * as Keys from "./internal/keys.js"
/**
 * @since 0.1.0
 */
export * as Listed from "./internal/listed.js"
/**
 * @since 0.1.0
 */
export * as Meters from "./internal/meters.js"
/**
 * @since 0.1.0
 */
export * as Methods from "./internal/methods.js"
/**
 * @since 0.1.0
 */
export * as Rest from "./internal/rest.js"
/**
 * @since 0.1.0
 */
export * as Table from "./internal/table.js"
/**
 * @since 0.1.0
 */
export * as Topics from "./internal/topics.js"
/**
 * @since 0.1.0
 */
export * as Trading from "./internal/trading.js"
/**
 * @since 0.1.0
 */
export * as Watch from "./internal/watch.js"
/**
 * @since 0.1.0
 */
export * as Streaming from "./Streaming.js"
