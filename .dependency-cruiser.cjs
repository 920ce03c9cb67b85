/**
 * The arrows between packages: cli -> server -> exchanges -> each exchange -> core -> resilience, and secrets ->
 * core -> resilience. Tests may look anywhere.
 */
const src = (...names) => `^packages/(${names.join("|")})/src/`
const exchanges = Object.keys(require("./exchanges.json"))

/** A package whose sources may import only these other packages. */
const only = (name, ...allowed) => ({
  name: `${name}-imports-only-${allowed.join("-") || "no-package"}`,
  severity: "error",
  from: { path: src(name) },
  to: { path: "^packages/", pathNot: src(name, ...allowed) }
})

const portable = src("resilience", "core", "exchanges", "testing", "server", "secrets", ...exchanges)
const nodeModules = "^packages/core/src/(node|engine/NodeExchange|engine/NodeConfig|(engine|model)/internal/node\\w+)\\.ts$"

/** The rooms of core, from the ground up: each may use itself and those below. */
const rooms = ["model", "ports", "engine", "trading", "feed", "adapter"]

module.exports = {
  forbidden: [
    ...rooms.map((room, floor) => ({
      name: `core-${room}-uses-nothing-above`,
      severity: "error",
      from: { path: `^packages/core/src/${room}/` },
      to: { path: "^packages/core/src/", pathNot: `^packages/core/src/(${rooms.slice(0, floor + 1).join("|")})/` }
    })),
    {
      name: "core-feed-knows-no-order",
      severity: "error",
      from: { path: "^packages/core/src/feed/" },
      to: { path: "^packages/core/src/trading/" }
    },
    {
      name: "simulator-engine-knows-no-exchange",
      severity: "error",
      from: { path: "^packages/simulator/src/engine/" },
      to: { path: "^packages/simulator/src/", pathNot: "^packages/simulator/src/engine/" }
    },
    {
      name: "simulated-exchanges-know-no-other",
      severity: "error",
      from: { path: "^packages/simulator/src/exchanges/([^/]+)/" },
      to: { path: "^packages/simulator/src/exchanges/", pathNot: "^packages/simulator/src/exchanges/$1/" }
    },
    only("resilience"),
    only("core", "resilience"),
    ...exchanges.map((exchange) => only(exchange, "core", "resilience")),
    only("exchanges", "resilience", "core", ...exchanges),
    only("simulator"),
    only("testing", "core", "resilience"),
    only("secrets", "core", "resilience"),
    only("server", "resilience", "core", "exchanges"),
    only("cli", "resilience", "core", "exchanges", "simulator", "testing", "secrets", "server"),
    {
      name: "resilience-needs-effect-only",
      severity: "error",
      from: { path: src("resilience") },
      to: { path: "node_modules/", pathNot: "node_modules/effect/" }
    },
    {
      name: "no-node-libraries-in-portable-packages",
      severity: "error",
      from: { path: portable, pathNot: nodeModules },
      to: { path: "node_modules/(@effect/platform-node|undici|ws)/" }
    },
    {
      name: "no-node-builtins-in-portable-packages",
      severity: "error",
      from: { path: portable, pathNot: nodeModules },
      to: { dependencyTypes: ["core"] }
    },
    {
      name: "node-modules-stay-behind-core-node",
      severity: "error",
      from: { path: portable, pathNot: nodeModules },
      // What the `imports` of a manifest choose on Node has another elsewhere.
      to: { path: nodeModules, dependencyTypesNot: ["aliased-subpath-import"] }
    },
    {
      name: "opentelemetry-stands-in-one-room",
      severity: "error",
      from: { path: src("[a-z]+"), pathNot: "^packages/(cli/src/internal/otlp\\.ts|benchmarks/.*)$" },
      to: { path: "node_modules/@(effect/)?opentelemetry/" }
    },
    // A command without telemetry starts as fast as if there were none.
    {
      name: "opentelemetry-is-loaded-where-it-is-asked-for",
      severity: "error",
      from: { path: src("[a-z]+") },
      to: { path: "^packages/cli/src/internal/otlp\\.ts$", dynamic: false }
    },
    {
      name: "no-internals-of-another-package",
      severity: "error",
      from: { path: "^packages/([^/]+)/" },
      to: {
        path: ["^packages/[^/]+/src/internal/", "^packages/[^/]+/src/[a-z]+/internal/"],
        pathNot: "^packages/$1/"
      }
    },
    {
      name: "no-cycles-types-included",
      severity: "error",
      from: { path: "/src/" },
      to: { circular: true }
    },
    { name: "no-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "no-undeclared-dependency",
      severity: "error",
      from: { path: "/src/" },
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"], dependencyTypesNot: ["npm", "npm-peer"] }
    }
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "/dist/" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      extensions: [".ts", ".js", ".mjs", ".json"]
    }
  }
}
