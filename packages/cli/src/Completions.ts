/**
 * Adds the values of options and arguments to the completion scripts of `@effect/cli`, which only complete names.
 *
 * @since 0.1.0
 */
import * as Candle from "@effect-exchange/core/model/Candle"
import * as Market from "@effect-exchange/core/model/Market"
import * as Order from "@effect-exchange/core/model/Order"
import { methods } from "./CallOptions.js"
import { formats } from "./CandleOptions.js"
import { environments, faultNames } from "./Options.js"

/** The values that an option accepts. `several` means a comma-separated list. */
interface Values {
  readonly words: ReadonlyArray<string>
  readonly several?: boolean
}

/** Matches the commands that take exactly one exchange. */
const single = /^(?:book|trades|candles|order(?: [\w-]+)?|call)$/

/** Returns the values of an option of a command such as `order place`, or `undefined` if any value is accepted. */
type ValuesOf = (command: string, option: string) => Values | undefined

const valuesFor = (ids: ReadonlyArray<string>): ValuesOf => (command, option) => {
  switch (option) {
    case "--exchange":
      return { words: ids, several: !single.test(command) }
    case "--environment":
      return { words: environments }
    case "--faults":
      return { words: faultNames }
    case "--format":
      return { words: formats }
    case "--interval":
      return command === "candles" ? { words: Candle.Interval.literals } : undefined
    case "--kind":
      return { words: Market.Kind.literals }
    case "--time-in-force":
      return { words: Order.TimeInForce.literals }
    default:
      return undefined
  }
}

/** The values of the first argument, by command. */
const firstArgument: { readonly [command: string]: ReadonlyArray<string> } = {
  "order place": ["buy", "sell"],
  call: methods
}

/**
 * Returns `true` if a text is a completion script printed by `@effect/cli`.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isScript = (text: string): boolean =>
  /^(?:function _exchange_bash_completions|#compdef exchange|complete -c exchange )/.test(text)

/**
 * Adds values to a completion script. `ids` are those of the exchanges of the command.
 *
 * @since 0.1.0
 * @category formatting
 */
export const complete = (script: string, ids: ReadonlyArray<string>): string => {
  const valuesOf = valuesFor(ids)
  if (script.startsWith("#compdef")) return zsh(script, valuesOf)
  return script.startsWith("function") ? bash(script, valuesOf) : fish(script, valuesOf)
}

const bash = (script: string, valuesOf: ValuesOf): string => {
  let command = ""
  let values: Values | undefined
  return script.split("\n").flatMap((line) => {
    // The script of `@effect/cli` looks up nested commands under a name that the enclosing command never sets, and
    // writes a hyphen as two underscores.
    const nested = /^( +)exchange,(\w+),(\w+)\)$/.exec(line)
    if (nested !== null) return [`${nested[1]}exchange__${nested[2]},${nested[3]?.replaceAll("__", "-")})`]
    const section = /^ {8}exchange(?:__(\w+))?\)$/.exec(line)
    if (section !== null) command = (section[1] ?? "").replace("__", " ").replaceAll("__", "-")
    const option = /^ +(?:-\w\|)?(--[\w-]+)\)$/.exec(line)
    if (option !== null) values = valuesOf(command, option[1] ?? "")
    if (values !== undefined && line.includes("COMPREPLY=( $(compgen -f")) {
      const indent = line.slice(0, line.indexOf("COMPREPLY"))
      const words = values.words.join(" ")
      // Keeps the text before the last comma as a prefix and completes only the rest.
      return values.several === true
        ? [
          `${indent}local given=""`,
          `${indent}if [[ "\${cur}" == *,* ]] ; then given="\${cur%,*}," ; fi`,
          `${indent}COMPREPLY=( $(compgen -P "\${given}" -W "${words}" -- "\${cur##*,}") )`
        ]
        : [`${indent}COMPREPLY=( $(compgen -W "${words}" -- "\${cur}") )`]
    }
    const first = firstArgument[command]
    const opening = /^( +)if \[\[ \$\{cur\} == -\* \|\| \$\{COMP_CWORD\} -eq (\d+) \]\] ; then$/.exec(line)
    if (first !== undefined && opening !== null) {
      const [, indent = "", position = ""] = opening
      return [
        `${indent}if [[ \${cur} != -* && \${COMP_CWORD} -eq ${position} ]] ; then`,
        `${indent}    COMPREPLY=( $(compgen -W "${first.join(" ")}" -- "\${cur}") )`,
        `${indent}    return 0`,
        `${indent}fi`,
        line
      ]
    }
    return [line]
  }).join("\n")
}

const fish = (script: string, valuesOf: ValuesOf): string =>
  script.split("\n").flatMap((line) => {
    const command = [...line.matchAll(/(?<!not )__fish_seen_subcommand_from ([\w-]+)/g)].map(([, name]) => name).join(
      " "
    )
    const values = valuesOf(command, `--${/ -l ([\w-]+) -r /.exec(line)?.[1] ?? ""}`)
    if (values !== undefined) {
      const words = values.several === true
        ? `(__fish_append , ${values.words.join(" ")})`
        : values.words.join(" ")
      return [line.replace(" -r -f ", ` -r -f -a "${words}" `)]
    }
    const first = firstArgument[command]
    return first !== undefined && / -l completions /.test(line)
      ? [line, `${/^complete -c exchange -n "[^"]*"/.exec(line)?.[0] ?? ""} -f -a "${first.join(" ")}"`]
      : [line]
  }).join("\n")

const zsh = (script: string, valuesOf: ValuesOf): string => {
  let command: ReadonlyArray<string> = []
  return script.split("\n").flatMap((line) => {
    const section = /^( *)\(([a-z-]+)\)$/.exec(line)
    // Nested commands are indented further.
    if (section !== null) {
      const [, indent = "", name = ""] = section
      command = indent.length > 12 ? [...command.slice(0, 1), name] : [name]
    }
    const words = command.join(" ")
    const option = /^ +'(?:-\w|(--[\w-]+))\[/.exec(line)
    const values = valuesOf(words, option?.[1] ?? (line.includes("'-e[") ? "--exchange" : ""))
    if (option !== null && values !== undefined) {
      const action = values.several === true
        ? `_values -s , value ${values.words.join(" ")}`
        : `(${values.words.join(" ")})`
      return [line.replace(/\]' \\$/, `]:value:${action}' \\`)]
    }
    const first = firstArgument[words]
    return first !== undefined && /^ +'--completions\[/.test(line)
      ? [line, `${line.slice(0, line.indexOf("'"))}':value:(${first.join(" ")})' \\`]
      : [line]
  }).join("\n")
}
